#include "broker/log/partition_log.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/log/checkpoint_file.h"
#include "broker/log/read_plan.h"
#include "broker/log/segment.h"
#include "broker/record/record_batch.h"
#include "coord/base/check.h"
#include "coord/storage/file_system.h"
#include "coord/storage/storage_error.h"

namespace quorate::broker {
namespace {

using storage::File;
using storage::OpenMode;

// A batch that the follower's log takes.
struct Taken {
  BatchHeader header;
  size_t at = 0;
};

// The batches of `batches` from `end_offset` on. InvalidArgument: they are not
// good, or there is a gap.
absl::StatusOr<std::vector<Taken>> TakeFrom(absl::string_view batches,
                                            int64_t end_offset, int32_t epoch) {
  std::vector<Taken> taken;
  size_t at = 0;
  while (at < batches.size()) {
    absl::StatusOr<BatchHeader> header = ReadBatchHeader(batches.substr(at));
    if (header.ok()) {
      header = VerifyBatch(batches.substr(at, header->size_bytes));
    }
    if (!header.ok()) {
      return absl::InvalidArgumentError(header.status().message());
    }
    const size_t next = at + header->size_bytes;
    if (header->next_offset() > end_offset) {
      if (header->base_offset != end_offset || header->leader_epoch < epoch) {
        return absl::InvalidArgumentError(
            absl::StrCat("a batch of offset ", header->base_offset,
                         " and epoch ", header->leader_epoch, " cannot follow ",
                         end_offset, " and ", epoch));
      }
      taken.push_back({*header, at});
      end_offset = header->next_offset();
      epoch = header->leader_epoch;
    }
    at = next;
  }
  return taken;
}

}  // namespace

PartitionLog::PartitionLog(storage::FileSystem& files,
                           absl::string_view directory, absl::string_view name)
    : files_(files), directory_(storage::JoinPath(directory, name)) {}

int64_t PartitionLog::size_bytes() const {
  uint64_t size = 0;
  for (const Segment& segment : segments_) size += segment.size_bytes;
  return static_cast<int64_t>(size);
}

absl::Status PartitionLog::Stop(const absl::Status& cause) {
  if (failed_.ok()) failed_ = storage::AsFinal(cause);
  return failed_;
}

// --- Writing ----------------------------------------------------------------

absl::Status PartitionLog::OpenActive(OpenMode mode) {
  const std::string& path = segments_.back().path;
  absl::StatusOr<std::unique_ptr<File>> active = files_.Open(path, mode);
  if (!active.ok()) return active.status();
  // Of its own, so that nobody waits for a sync.
  absl::StatusOr<std::unique_ptr<File>> syncer =
      files_.Open(path, OpenMode::kReadWrite);
  if (!syncer.ok()) {
    if (mode == OpenMode::kCreate) files_.Remove(path).IgnoreError();
    return syncer.status();
  }
  active_ = *std::move(active);
  syncer_ = *std::move(syncer);
  return absl::OkStatus();
}

absl::Status PartitionLog::StartSegment(int64_t base_offset) {
  Segment segment;
  segment.base_offset = segment.end_offset = base_offset;
  segment.path = storage::JoinPath(directory_, SegmentName(base_offset));
  segments_.push_back(std::move(segment));
  absl::Status opened = OpenActive(OpenMode::kCreate);
  if (!opened.ok()) {
    segments_.pop_back();
    return opened;
  }
  is_tail_dirty_ = false;
  absl::Status synced = files_.SyncDirectory(directory_);
  return synced.ok() ? synced : Stop(synced);
}

// Whatever stands before the last segment is durable: recovery relies on it.
absl::Status PartitionLog::RollFor(size_t bytes) {
  const Segment& last = segments_.back();
  if (last.size_bytes == 0 ||
      last.size_bytes + bytes <= static_cast<uint64_t>(segment_bytes_)) {
    return absl::OkStatus();
  }
  absl::Status clean = CleanTail();
  if (!clean.ok()) return clean;
  absl::Status synced = active_->SyncData();
  if (!synced.ok()) return Stop(synced);
  durable_end_ = end_offset();
  is_checkpoint_durable_ = false;
  return StartSegment(end_offset());
}

// Puts zeros where a failed write may have left something: behind what is
// written there next, it might look like part of the log.
absl::Status PartitionLog::CleanTail() {
  if (!is_tail_dirty_) return absl::OkStatus();
  const uint64_t end = segments_.back().size_bytes;
  absl::Status cleaned = ZeroFrom(*active_, end);
  if (storage::IsDiskFull(cleaned)) return cleaned;
  if (!cleaned.ok()) return Stop(cleaned);
  durable_end_ = end_offset();
  is_checkpoint_durable_ = false;
  is_tail_dirty_ = false;
  return absl::OkStatus();
}

absl::Status PartitionLog::Write(absl::string_view bytes) {
  if (!failed_.ok()) return failed_;
  absl::Status ready = CleanTail();
  if (ready.ok()) ready = RollFor(bytes.size());
  if (!ready.ok()) return ready;
  const uint64_t end = segments_.back().size_bytes;
  absl::Status written = active_->Write(end, bytes);
  if (written.ok()) return written;
  is_tail_dirty_ = true;
  return storage::IsDiskFull(written) ? written : Stop(written);
}

absl::Status PartitionLog::AppendAsLeader(std::string* batch,
                                          int32_t leader_epoch) {
  QUORATE_CHECK(leader_epoch >= epochs_.last_epoch());
  StampBatch(batch, end_offset(), leader_epoch);
  const absl::StatusOr<BatchHeader> header = ReadBatchHeader(*batch);
  QUORATE_CHECK(header.ok() && header->size_bytes == batch->size());
  absl::Status written = Write(*batch);
  if (!written.ok()) return written;
  epochs_.Add(leader_epoch, header->base_offset);
  segments_.back().Add(*header);
  return absl::OkStatus();
}

absl::Status PartitionLog::AppendAsFollower(absl::string_view batches,
                                            Visitor each) {
  const absl::StatusOr<std::vector<Taken>> taken =
      TakeFrom(batches, end_offset(), epochs_.last_epoch());
  if (!taken.ok()) return taken.status();
  size_t first = 0;
  while (first < taken->size()) {
    // As many as go into one segment.
    const size_t at = (*taken)[first].at;
    const uint64_t base = segments_.back().size_bytes;
    size_t bytes = (*taken)[first].header.size_bytes;
    size_t next = first + 1;
    for (; next < taken->size(); ++next) {
      const size_t more = bytes + (*taken)[next].header.size_bytes;
      if (base + more > static_cast<uint64_t>(segment_bytes_)) break;
      bytes = more;
    }
    absl::Status written = Write(batches.substr(at, bytes));
    if (!written.ok()) return written;
    for (; first < next; ++first) {
      const BatchHeader& header = (*taken)[first].header;
      epochs_.Add(header.leader_epoch, header.base_offset);
      segments_.back().Add(header);
      each(header);
    }
  }
  return absl::OkStatus();
}

std::optional<PartitionLog::SyncPoint> PartitionLog::BeginSync() const {
  if (!failed_.ok() || durable_end_ == end_offset()) return std::nullopt;
  return SyncPoint{syncer_, end_offset(), segments_.back().size_bytes, cuts_};
}

void PartitionLog::FinishSync(const SyncPoint& point,
                              const absl::Status& synced) {
  if (!synced.ok()) {
    Stop(synced).IgnoreError();
    return;
  }
  if (!failed_.ok() || point.cuts != cuts_) return;
  durable_end_ = std::max(durable_end_, point.end_offset);
  is_checkpoint_durable_ = false;
  // Without a sync of its own: it only has to tell, and may tell less.
  absl::Status written = checkpoint_->Write(CheckpointNow());
  if (!written.ok()) Stop(written).IgnoreError();
}

// --- The checkpoint ---------------------------------------------------------

Checkpoint PartitionLog::CheckpointNow() const {
  return {checkpoint_->value().topic_id, high_watermark_, durable_end_};
}

void PartitionLog::SetHighWatermark(int64_t high_watermark) {
  QUORATE_CHECK(high_watermark <= durable_end_);
  if (high_watermark == high_watermark_) return;
  high_watermark_ = high_watermark;
  is_checkpoint_durable_ = false;
}

std::shared_ptr<File> PartitionLog::BeginCheckpoint() {
  if (!failed_.ok() || is_checkpoint_durable_) return nullptr;
  absl::Status written = checkpoint_->Write(CheckpointNow());
  if (!written.ok()) {
    Stop(written).IgnoreError();
    return nullptr;
  }
  is_checkpoint_durable_ = true;
  return checkpoint_->ForSync();
}

void PartitionLog::FinishCheckpoint(const absl::Status& synced) {
  if (!synced.ok()) Stop(synced).IgnoreError();
}

// --- Taking back ------------------------------------------------------------

absl::Status PartitionLog::LowerCheckpoint(int64_t end) {
  durable_end_ = std::min(durable_end_, end);
  high_watermark_ = std::min(high_watermark_, end);
  return checkpoint_->WriteDurably(CheckpointNow());
}

// One after the other and each durably, so that no gap can come of a crash.
absl::Status PartitionLog::DropSegment(size_t index) {
  absl::Status removed = files_.Remove(segments_[index].path);
  if (removed.ok()) removed = files_.SyncDirectory(directory_);
  if (!removed.ok()) return removed;
  segments_.erase(segments_.begin() + static_cast<ptrdiff_t>(index));
  return removed;
}

absl::Status PartitionLog::TruncateTo(int64_t offset) {
  if (!failed_.ok()) return failed_;
  if (offset < start_offset() || offset < high_watermark_) {
    return absl::InvalidArgumentError(absl::StrCat(
        directory_, " cannot be cut to ", offset, ": it begins at ",
        start_offset(), ", its high watermark is ", high_watermark_));
  }
  if (offset >= end_offset()) return absl::OkStatus();
  const absl::StatusOr<Boundary> keep = BoundaryBelow(offset);
  if (!keep.ok()) return Stop(keep.status());
  ++cuts_;
  absl::Status done = LowerCheckpoint(keep->offset);
  while (done.ok() && segments_.size() > keep->segment + 1) {
    done = DropSegment(segments_.size() - 1);
  }
  if (done.ok()) done = CutLast(keep->position);
  return done.ok() ? done : Stop(done);
}

// Where the last batch ends that ends at or below `offset`.
absl::StatusOr<PartitionLog::Boundary> PartitionLog::BoundaryBelow(
    int64_t offset) const {
  size_t at = segments_.size() - 1;
  while (at > 0 && segments_[at].base_offset >= offset) --at;
  const Segment& segment = segments_[at];
  const absl::StatusOr<std::unique_ptr<File>> file =
      files_.Open(segment.path, OpenMode::kRead);
  if (!file.ok()) return file.status();
  const IndexEntry floor = segment.Floor(offset);
  Boundary boundary{at, floor.position, floor.offset};
  while (boundary.position < segment.size_bytes) {
    const absl::StatusOr<BatchHeader> header =
        HeaderAt(**file, segment.path, boundary.position);
    if (!header.ok()) return header.status();
    if (header->next_offset() > offset) break;
    boundary.position += header->size_bytes;
    boundary.offset = header->next_offset();
  }
  return boundary;
}

// Zeros from there to the end of the file.
absl::Status PartitionLog::CutLast(uint64_t position) {
  absl::Status done = OpenActive(OpenMode::kReadWrite);
  if (done.ok()) done = ZeroFrom(*active_, position);
  if (!done.ok()) return done;
  is_tail_dirty_ = false;
  const Segment& last = segments_.back();
  Segment again{.base_offset = last.base_offset, .path = last.path};
  int32_t epoch = -1;
  const absl::StatusOr<ScanEnd> scan =
      ScanSegment(*active_, &again, &epoch, [](const BatchHeader&) {});
  if (!scan.ok()) return scan.status();
  if (!scan->problem.empty() || again.size_bytes != position) {
    return storage::DamagedError(again.path, again.size_bytes, scan->problem);
  }
  segments_.back() = std::move(again);
  epochs_.TruncateTo(end_offset());
  durable_end_ = end_offset();
  return absl::OkStatus();
}

absl::Status PartitionLog::ResetTo(int64_t offset) {
  if (!failed_.ok()) return failed_;
  ++cuts_;
  absl::Status done = LowerCheckpoint(0);
  while (done.ok() && !segments_.empty()) {
    // The last one stays in memory until there is another: never empty.
    if (segments_.size() == 1) {
      done = files_.Remove(segments_.front().path);
      if (done.ok()) done = files_.SyncDirectory(directory_);
      break;
    }
    done = DropSegment(segments_.size() - 1);
  }
  if (done.ok()) done = StartSegment(offset);
  if (!done.ok()) return Stop(done);
  segments_.erase(segments_.begin());
  epochs_.Clear();
  durable_end_ = high_watermark_ = offset;
  done = checkpoint_->WriteDurably(CheckpointNow());
  return done.ok() ? done : Stop(done);
}

absl::Status PartitionLog::RemoveOld(int64_t now_ms, int64_t retention_ms,
                                     int64_t retention_bytes) {
  if (!failed_.ok()) return failed_;
  const auto is_too_old = [&](const Segment& segment) {
    return retention_ms > 0 && segment.size_bytes > 0 &&
           segment.max_timestamp_ms < now_ms - retention_ms;
  };
  // The last one goes, too, when it is old: a new one takes its place.
  if (is_too_old(segments_.back()) && end_offset() <= high_watermark_) {
    absl::Status clean = CleanTail();
    if (clean.ok()) clean = StartSegment(end_offset());
    // Without room for another file it can at least remove the rest.
    if (!clean.ok() && !storage::IsDiskFull(clean)) return Stop(clean);
  }
  int64_t size = size_bytes();
  bool removed = false;
  while (segments_.size() > 1) {
    const Segment& first = segments_.front();
    const auto bytes = static_cast<int64_t>(first.size_bytes);
    const bool is_too_much =
        retention_bytes > 0 && size - bytes >= retention_bytes;
    if (first.end_offset > high_watermark_ ||
        !(is_too_old(first) || is_too_much)) {
      break;
    }
    absl::Status dropped = DropSegment(0);
    if (!dropped.ok()) return Stop(dropped);
    size -= bytes;
    removed = true;
  }
  if (removed) epochs_.AdvanceStart(start_offset());
  return absl::OkStatus();
}

// --- Reading ----------------------------------------------------------------

absl::StatusOr<ReadPlan> PartitionLog::PlanRead(int64_t offset,
                                                int64_t limit_offset,
                                                size_t max_bytes) const {
  if (!failed_.ok()) return failed_;
  if (offset < start_offset() || offset > end_offset()) {
    return absl::OutOfRangeError(
        absl::StrCat("offset ", offset, " is not within the log, which has ",
                     start_offset(), " to ", end_offset()));
  }
  ReadPlan plan;
  plan.cuts = cuts_;
  if (offset >= limit_offset || offset == end_offset()) return plan;
  const auto above =
      std::upper_bound(segments_.begin(), segments_.end(), offset,
                       [](int64_t value, const Segment& segment) {
                         return value < segment.base_offset;
                       });
  const Segment& segment = *(above - 1);
  plan.path = segment.path;
  plan.position = segment.Floor(offset).position;
  plan.end_bytes = segment.size_bytes;
  plan.offset = offset;
  plan.limit_offset = limit_offset;
  plan.max_bytes = max_bytes;
  return plan;
}

absl::StatusOr<int64_t> PartitionLog::FindByTime(int64_t timestamp_ms,
                                                 int64_t limit_offset) const {
  if (!failed_.ok()) return failed_;
  for (const Segment& segment : segments_) {
    if (segment.size_bytes == 0 || segment.max_timestamp_ms < timestamp_ms) {
      continue;
    }
    const absl::StatusOr<std::unique_ptr<File>> file =
        files_.Open(segment.path, OpenMode::kRead);
    if (!file.ok()) return file.status();
    uint64_t position = segment.FloorOfTime(timestamp_ms).position;
    while (position < segment.size_bytes) {
      const absl::StatusOr<BatchHeader> header =
          HeaderAt(**file, segment.path, position);
      if (!header.ok()) return header.status();
      if (header->next_offset() > limit_offset) return limit_offset;
      if (header->max_timestamp_ms >= timestamp_ms) return header->base_offset;
      position += header->size_bytes;
    }
  }
  return limit_offset;
}

}  // namespace quorate::broker
