#include "tests/simulation/disk.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {
namespace {

using consensus::DurableState;
using consensus::HardState;
using consensus::Record;
using consensus::SnapshotMeta;
using consensus::Zxid;

// The first record of `log` above `zxid`.
std::vector<Record>::iterator Above(std::vector<Record>& log, Zxid zxid) {
  return std::upper_bound(
      log.begin(), log.end(), zxid,
      [](Zxid value, const Record& record) { return value < record.zxid; });
}

}  // namespace

void Disk::Format(MemberId id, Incarnation incarnation) {
  QUORATE_CHECK(IsEmpty());
  durable_.hard_state.member = id;
  durable_.hard_state.incarnation = incarnation;
}

void Disk::Write(consensus::Output& output) {
  if (output.hard_state.has_value()) {
    unsynced_.emplace_back(std::move(*output.hard_state));
  }
  for (const consensus::SnapshotChunk& chunk : output.snapshot_chunks) {
    WriteChunk(chunk);
  }
  if (output.install_snapshot.has_value()) {
    unsynced_.emplace_back(
        Install{std::move(*output.install_snapshot),
                MakeBytes(std::exchange(incoming_, std::string()))});
  }
  if (output.truncate_after.has_value()) {
    unsynced_.emplace_back(Truncate{*output.truncate_after});
  }
  for (Record& record : output.append) {
    unsynced_.emplace_back(std::move(record));
  }
}

void Disk::Rewrite(DurableState state) {
  DropUnsynced();
  if (state.snapshot.has_value()) {
    snapshots_.at(state.snapshot->zxid).meta = *state.snapshot;
  }
  durable_ = std::move(state);
}

// A file that does what it is told: if the core mixes up the pieces, the
// content is wrong and is found out when it is read.
void Disk::WriteChunk(const consensus::SnapshotChunk& chunk) {
  if (chunk.offset == 0) incoming_.clear();
  incoming_.resize(std::max<size_t>(incoming_.size(), chunk.offset));
  if (chunk.data == nullptr) return;
  incoming_.replace(chunk.offset, chunk.data->size(), *chunk.data);
}

void Disk::Sync(uint64_t mark) {
  QUORATE_CHECK(mark <= written());
  for (; synced_ < mark; ++synced_) {
    Perform(unsynced_.front());
    unsynced_.pop_front();
  }
}

void Disk::Perform(Operation& operation) {
  std::vector<Record>& log = durable_.log;
  if (auto* hard_state = std::get_if<HardState>(&operation)) {
    durable_.hard_state = *hard_state;
    damaged_hard_state_ = false;
  } else if (auto* record = std::get_if<Record>(&operation)) {
    log.push_back(std::move(*record));
    if (misdirect_) Misdirect();
  } else if (auto* install = std::get_if<Install>(&operation)) {
    const Zxid zxid = install->meta.zxid;
    durable_.snapshot = install->meta;
    durable_.log_base = zxid;
    log.clear();
    damaged_records_.clear();
    snapshots_[zxid] = {std::move(install->meta), std::move(install->content)};
  } else {
    const Zxid after = std::get<Truncate>(operation).zxid;
    log.erase(Above(log, after), log.end());
    damaged_records_.erase(damaged_records_.upper_bound(after),
                           damaged_records_.end());
  }
}

void Disk::Misdirect() {
  const std::vector<Record>& log = durable_.log;
  misdirect_ = false;
  damaged_records_.insert(log.back().zxid);
  // The one in the middle is as good a victim as any.
  damaged_records_.insert(log[log.size() / 2].zxid);
}

bool Disk::Crash(SeededRandom& random) {
  Sync(synced_ + random.Below(unsynced_.size() + 1));
  torn_tail_ = !unsynced_.empty() &&
               std::holds_alternative<Record>(unsynced_.front()) &&
               random.Chance(500'000);
  DropUnsynced();
  return torn_tail_;
}

void Disk::DropUnsynced() {
  unsynced_.clear();
  incoming_.clear();
}

void Disk::StoreSnapshot(const SnapshotMeta& meta, Bytes content) {
  snapshots_[meta.zxid] = {meta, std::move(content)};
  durable_.snapshot = meta;
}

void Disk::DropLogUpTo(Zxid base) {
  std::vector<Record>& log = durable_.log;
  if (base <= durable_.log_base) return;
  const auto keep = Above(log, base);
  // What the core dropped is durable, unless an installed snapshot stands
  // between, and then there is nothing to drop.
  if (keep == log.begin() || std::prev(keep)->zxid != base) return;
  log.erase(log.begin(), keep);
  durable_.log_base = base;
  damaged_records_.erase(damaged_records_.begin(),
                         damaged_records_.upper_bound(base));
}

void Disk::DropSnapshots(const std::set<Zxid>& used) {
  std::erase_if(snapshots_, [&](const auto& entry) {
    return entry.first != durable_.snapshot->zxid &&
           !used.contains(entry.first);
  });
}

Bytes Disk::ReadSnapshot(Zxid zxid) const {
  for (auto it = unsynced_.rbegin(); it != unsynced_.rend(); ++it) {
    const auto* install = std::get_if<Install>(&*it);
    if (install != nullptr && install->meta.zxid == zxid) {
      return install->content;
    }
  }
  const auto found = snapshots_.find(zxid);
  if (found == snapshots_.end() || found->second.damaged) return nullptr;
  return found->second.content;
}

Bytes Disk::NewestSnapshot() const {
  if (!durable_.snapshot.has_value()) return nullptr;
  return ReadSnapshot(durable_.snapshot->zxid);
}

std::optional<DurableState> Disk::Recover() {
  torn_tail_ = false;
  if (IsDamaged()) return std::nullopt;
  return durable_;
}

bool Disk::IsDamaged() const {
  if (damaged_hard_state_ || !damaged_records_.empty()) return true;
  if (!durable_.snapshot.has_value()) return false;
  return snapshots_.at(durable_.snapshot->zxid).damaged;
}

bool Disk::Rot(SeededRandom& random) {
  const uint64_t choice = random.Below(8);
  if (choice == 0) return RotHardState();
  if (choice == 1 && RotSnapshot()) return true;
  const std::vector<Record>& log = durable_.log;
  if (log.empty()) return RotSnapshot();
  return RotRecord(log[random.Below(log.size())].zxid);
}

bool Disk::RotRecord(Zxid zxid) {
  const auto above = Above(durable_.log, zxid);
  if (above == durable_.log.begin() || std::prev(above)->zxid != zxid) {
    return false;
  }
  damaged_records_.insert(zxid);
  return true;
}

bool Disk::RotSnapshot() {
  if (!durable_.snapshot.has_value()) return false;
  snapshots_.at(durable_.snapshot->zxid).damaged = true;
  return true;
}

bool Disk::RotHardState() {
  if (IsEmpty()) return false;
  damaged_hard_state_ = true;
  return true;
}

}  // namespace quorate::simulation
