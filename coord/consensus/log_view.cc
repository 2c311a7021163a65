#include "coord/consensus/log_view.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "coord/base/check.h"
#include "coord/consensus/message.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

LogView::LogView(Zxid base) : base_(base) {}

bool LogView::Follows(Zxid zxid) const {
  const Zxid newest = last();
  if (zxid.epoch() != newest.epoch()) {
    return zxid.epoch() > newest.epoch() && zxid.counter() == 0;
  }
  // Compared as differences, so that the highest counter has no successor.
  return zxid > newest && zxid.counter() - newest.counter() == 1;
}

void LogView::Append(Record record) {
  QUORATE_CHECK(Follows(record.zxid));
  const Zxid zxid = record.zxid;
  end_bytes_ += record.SizeBytes();
  records_.push_back({std::move(record), end_bytes_});
  if (runs_.empty() || runs_.back().epoch != zxid.epoch()) {
    runs_.push_back(
        {zxid.epoch(), zxid.counter(), base_position_ + records_.size()});
  }
}

void LogView::TruncateAfter(Zxid zxid) {
  const std::optional<uint64_t> position = PositionOf(zxid);
  QUORATE_CHECK(position.has_value());
  records_.resize(*position - base_position_);
  end_bytes_ = records_.empty() ? base_bytes_ : records_.back().end_bytes;
  while (!runs_.empty() && runs_.back().position > *position) runs_.pop_back();
}

void LogView::CompactTo(Zxid zxid) {
  const std::optional<uint64_t> position = PositionOf(zxid);
  QUORATE_CHECK(position.has_value());
  if (zxid == base_) return;
  runs_.erase(runs_.begin(),
              std::find_if(runs_.begin(), runs_.end(), [&](const Run& run) {
                return LastCounter(run) - run.first + run.position > *position;
              }));
  if (!runs_.empty() && runs_.front().position <= *position) {
    Run& cut = runs_.front();
    cut.first += static_cast<uint32_t>(*position + 1 - cut.position);
    cut.position = *position + 1;
  }
  base_bytes_ = EndBytes(*position);
  records_.erase(records_.begin(),
                 records_.begin() +
                     static_cast<std::ptrdiff_t>(*position - base_position_));
  base_ = zxid;
  base_position_ = *position;
}

void LogView::Reset(Zxid base) { *this = LogView(base); }

Zxid LogView::last() const {
  return records_.empty() ? base_ : records_.back().record.zxid;
}

bool LogView::Contains(Zxid zxid) const { return PositionOf(zxid).has_value(); }

const Record& LogView::Get(Zxid zxid) const {
  const std::optional<uint64_t> position = PositionOf(zxid);
  QUORATE_CHECK(position.has_value() && zxid != base_);
  return EntryAt(*position).record;
}

const Record* LogView::After(Zxid zxid) const {
  const std::optional<uint64_t> position = PositionOf(zxid);
  QUORATE_CHECK(position.has_value());
  if (zxid == last()) return nullptr;
  return &EntryAt(*position + 1).record;
}

uint64_t LogView::RecordsAfter(Zxid zxid) const {
  const std::optional<uint64_t> position = PositionOf(zxid);
  QUORATE_CHECK(position.has_value());
  return base_position_ + records_.size() - *position;
}

uint64_t LogView::BytesAfter(Zxid zxid) const {
  const std::optional<uint64_t> position = PositionOf(zxid);
  QUORATE_CHECK(position.has_value());
  return end_bytes_ - EndBytes(*position);
}

uint64_t LogView::CopyAfter(Zxid zxid, uint64_t max_bytes,
                            std::vector<Record>& out) const {
  const std::optional<uint64_t> position = PositionOf(zxid);
  QUORATE_CHECK(position.has_value());
  const uint64_t begin_bytes = EndBytes(*position);
  const uint64_t end_position = base_position_ + records_.size();
  uint64_t copied = 0;
  for (uint64_t next = *position + 1; next <= end_position; ++next) {
    const Entry& entry = EntryAt(next);
    if (copied > 0 && entry.end_bytes - begin_bytes > max_bytes) break;
    out.push_back(entry.record);
    copied = entry.end_bytes - begin_bytes;
  }
  return copied;
}

Zxid LogView::CompactionPoint(Zxid limit, uint64_t keep_bytes) const {
  const auto reached = std::partition_point(
      records_.begin(), records_.end(), [&](const Entry& entry) {
        return entry.record.zxid <= limit &&
               end_bytes_ - entry.end_bytes >= keep_bytes;
      });
  return reached == records_.begin() ? base_ : std::prev(reached)->record.zxid;
}

std::vector<EpochRun> LogView::Runs() const {
  std::vector<EpochRun> runs;
  for (const Run& run : runs_) {
    runs.push_back({run.epoch, run.first, LastCounter(run)});
  }
  return runs;
}

// Two histories that share a zxid share everything before it, so the answer is
// the highest zxid that both name. If they name none in common, they part below
// one of the bases, where nothing can be compared.
std::optional<Zxid> LogView::LastCommon(
    Zxid other_base, const std::vector<EpochRun>& runs) const {
  std::optional<Zxid> common;
  if (Contains(other_base)) common = other_base;
  for (const EpochRun& other : runs) {
    if (base_.epoch() == other.epoch && base_.counter() >= other.first &&
        base_.counter() <= other.last && !base_.IsNone()) {
      common = std::max(common.value_or(base_), base_);
    }
    const auto ours = std::lower_bound(
        runs_.begin(), runs_.end(), other.epoch,
        [](const Run& run, Epoch epoch) { return run.epoch < epoch; });
    if (ours == runs_.end() || ours->epoch != other.epoch) continue;
    const uint32_t last = std::min(LastCounter(*ours), other.last);
    if (last < std::max(ours->first, other.first)) continue;
    const Zxid shared(other.epoch, last);
    common = std::max(common.value_or(shared), shared);
  }
  return common;
}

std::optional<uint64_t> LogView::PositionOf(Zxid zxid) const {
  if (zxid == base_) return base_position_;
  const auto after = std::upper_bound(
      runs_.begin(), runs_.end(), zxid, [](Zxid wanted, const Run& run) {
        return wanted < Zxid(run.epoch, run.first);
      });
  if (after == runs_.begin()) return std::nullopt;
  const Run& run = *std::prev(after);
  if (run.epoch != zxid.epoch() || zxid.counter() > LastCounter(run)) {
    return std::nullopt;
  }
  return run.position + (zxid.counter() - run.first);
}

uint32_t LogView::LastCounter(const Run& run) const {
  const uint64_t end_position = &run == &runs_.back()
                                    ? base_position_ + records_.size() + 1
                                    : (&run + 1)->position;
  return run.first + static_cast<uint32_t>(end_position - run.position - 1);
}

const LogView::Entry& LogView::EntryAt(uint64_t position) const {
  return records_[position - base_position_ - 1];
}

uint64_t LogView::EndBytes(uint64_t position) const {
  return position == base_position_ ? base_bytes_ : EntryAt(position).end_bytes;
}

}  // namespace quorate::consensus
