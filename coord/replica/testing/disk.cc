#include "coord/replica/testing/disk.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/record_codec.h"
#include "coord/tree/snapshot.h"

namespace quorate::replica {

MemoryDisk::MemoryDisk(MemberKey member) {
  consensus::HardState state;
  state.member = member.id;
  state.incarnation = member.incarnation;
  hard_state_ = {EnsembleId(), EncodeHardState(state)};
}

Recovered MemoryDisk::Recover() const {
  Recovered recovered;
  const auto hard_state =
      DecodeHardState(hard_state_.ensemble, hard_state_.bytes);
  QUORATE_CHECK(hard_state.ok());
  recovered.durable.hard_state = *hard_state;
  recovered.durable.log_base = log_base_;
  for (const storage::LogRecord& record : log_) {
    absl::StatusOr<consensus::Record> decoded = FromLogRecord(record);
    QUORATE_CHECK(decoded.ok());
    recovered.durable.log.push_back(*std::move(decoded));
  }
  if (snapshots_.empty()) {
    recovered.state = std::make_unique<tree::StateMachine>();
    return recovered;
  }
  const auto& [zxid, file] = *snapshots_.rbegin();
  auto meta = DecodeSnapshotMeta(zxid, file.content.size(), file.meta);
  QUORATE_CHECK(meta.ok());
  recovered.durable.snapshot = *std::move(meta);
  recovered.state = Load(zxid);
  return recovered;
}

void MemoryDisk::Write(const storage::Batch& batch) {
  if (batch.hard_state.has_value()) hard_state_ = *batch.hard_state;
  for (const storage::SnapshotPiece& piece : batch.snapshot_pieces) {
    if (piece.offset == 0) incoming_.content.clear();
    QUORATE_CHECK(piece.offset == incoming_.content.size());
    incoming_.content += *piece.data;
  }
  if (batch.install_snapshot.has_value()) {
    const storage::SnapshotInfo& info = *batch.install_snapshot;
    QUORATE_CHECK(info.size_bytes == incoming_.content.size());
    incoming_.meta = info.meta;
    snapshots_[info.zxid] = std::exchange(incoming_, {});
    log_base_ = info.zxid;
    log_.clear();
  }
  if (batch.truncate_after.has_value()) {
    while (!log_.empty() && log_.back().zxid > *batch.truncate_after) {
      log_.pop_back();
    }
  }
  for (const storage::LogRecord& record : batch.append) {
    QUORATE_CHECK(log_.empty() ? record.zxid > log_base_
                               : record.zxid > log_.back().zxid);
    log_.push_back(record);
  }
}

void MemoryDisk::Begin(const SnapshotBegin&) {
  QUORATE_CHECK(!writing_.has_value());
  writing_.emplace();
}

void MemoryDisk::Append(const SnapshotPiece& piece) {
  QUORATE_CHECK(writing_.has_value());
  writing_->content += piece.data;
}

void MemoryDisk::Finish(const SnapshotFinish& finish) {
  QUORATE_CHECK(writing_.has_value());
  writing_->meta = finish.meta;
}

std::optional<uint64_t> MemoryDisk::Publish(consensus::Zxid zxid) {
  QUORATE_CHECK(writing_.has_value());
  if (!snapshots_.empty() && snapshots_.rbegin()->first >= zxid) {
    writing_.reset();
    return std::nullopt;
  }
  const uint64_t size = writing_->content.size();
  snapshots_[zxid] = *std::move(writing_);
  writing_.reset();
  return size;
}

void MemoryDisk::Drop(const Compact& compact) {
  QUORATE_CHECK(!snapshots_.empty() &&
                compact.zxid <= snapshots_.rbegin()->first);
  while (!log_.empty() && log_.front().zxid <= compact.zxid) {
    log_base_ = log_.front().zxid;
    log_.erase(log_.begin());
  }
  const auto& in_use = compact.snapshots_in_use;
  for (auto file = snapshots_.begin(); std::next(file) != snapshots_.end();) {
    const bool keep =
        std::find(in_use.begin(), in_use.end(), file->first) != in_use.end();
    file = keep ? std::next(file) : snapshots_.erase(file);
  }
}

std::unique_ptr<tree::StateMachine> MemoryDisk::Load(
    consensus::Zxid zxid) const {
  tree::SnapshotLoader loader;
  QUORATE_CHECK(loader.Append(snapshots_.at(zxid).content).ok());
  auto state = loader.Finish();
  QUORATE_CHECK(state.ok());
  return *std::move(state);
}

std::string MemoryDisk::Read(consensus::Zxid zxid, uint64_t offset,
                             uint64_t length) const {
  return snapshots_.at(zxid).content.substr(offset, length);
}

}  // namespace quorate::replica
