#include "tests/simulation/ensemble/disk_worker.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/replica/output.h"
#include "coord/replica/recovery.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/storage/storage_error.h"

namespace quorate::simulation {

using replica::WriteBatch;

Micros DiskWorker::Duration() {
  return times_.slowness *
         world_.random.Between(times_.min_sync, times_.max_sync);
}

bool DiskWorker::HasPower() {
  if (!disk_.crashed()) return true;
  stopped_ = true;
  listener_.PowerLost();
  return false;
}

void DiskWorker::Add(replica::Job job) {
  if (stopped_) return;
  if (auto* batch = std::get_if<WriteBatch>(&job)) {
    ++batches_added_;
    log_jobs_.emplace_back(std::move(*batch));
  } else if (auto* compact = std::get_if<replica::Compact>(&job)) {
    log_jobs_.emplace_back(std::move(*compact));
  } else if (auto* begin = std::get_if<replica::SnapshotBegin>(&job)) {
    snapshot_jobs_.emplace_back(*begin);
  } else if (auto* piece = std::get_if<replica::SnapshotPiece>(&job)) {
    snapshot_jobs_.emplace_back(std::move(*piece));
  } else if (auto* finish = std::get_if<replica::SnapshotFinish>(&job)) {
    snapshot_jobs_.emplace_back(std::move(*finish));
  } else if (auto* abandon = std::get_if<replica::SnapshotAbandon>(&job)) {
    snapshot_jobs_.emplace_back(*abandon);
  } else if (auto* load = std::get_if<replica::LoadSnapshot>(&job)) {
    snapshot_jobs_.emplace_back(WaitingLoad{load->zxid, batches_added_});
  }
  StartLog();
  StartSnapshot();
}

// --- The log ----------------------------------------------------------------

void DiskWorker::StartLog() {
  if (stopped_ || group_ > 0 || log_jobs_.empty()) return;
  group_ = 1;
  if (std::holds_alternative<WriteBatch>(log_jobs_.front())) {
    while (group_ < log_jobs_.size() &&
           std::holds_alternative<WriteBatch>(log_jobs_[group_]) &&
           !world_.OneIn(6)) {
      ++group_;
    }
    if (world_.sabotage == Sabotage::kAckBeforeSync) {
      // Not on the caller's stack: it is handing out jobs.
      listener_.Later(0, [this] {
        acknowledged_ = true;
        ++world_.sabotaged;
        AcknowledgeGroup();
      });
    }
  }
  const Micros duration = Duration();
  // What is written early is lost if the power goes before the sync.
  if (world_.OneIn(2)) {
    listener_.Later(world_.random.Between(0, duration / 2),
                    [this] { WriteEarly(); });
  }
  listener_.Later(duration, [this] { FinishLog(); });
}

void DiskWorker::WriteEarly() {
  if (stopped_) return;
  const absl::Status status = WriteGroup(group_);
  if (!HasPower()) return;
  if (!status.ok() && !storage::IsDiskFull(status)) OnLogError(status);
}

absl::Status DiskWorker::WriteGroup(size_t count) {
  while (written_ < count) {
    const auto* batch = std::get_if<WriteBatch>(&log_jobs_[written_]);
    if (batch == nullptr) return absl::OkStatus();
    const absl::Status status = storage_.Write(batch->batch);
    if (!status.ok()) return status;
    ++written_;
  }
  return absl::OkStatus();
}

void DiskWorker::FinishLog() {
  if (stopped_) return;
  const LogJob& front = log_jobs_.front();
  absl::Status status;
  if (const auto* check = std::get_if<Check>(&front)) {
    status = DoCheck(*check);
  } else if (const auto* publish = std::get_if<Publish>(&front)) {
    DoPublish(*publish);
  } else if (const auto* compact = std::get_if<replica::Compact>(&front)) {
    status = DoCompact(*compact);
  } else {
    status = WriteGroup(group_);
    if (status.ok()) status = storage_.Sync();
  }
  if (!HasPower()) return;
  if (storage::IsDiskFull(status)) {
    if (!std::exchange(full_, true)) listener_.DiskFull(true);
    listener_.Later(50 * kMillisecond, [this] { FinishLog(); });
    return;
  }
  if (!status.ok()) return OnLogError(status);
  if (std::exchange(full_, false)) listener_.DiskFull(false);
  if (stopped_) return;
  if (std::holds_alternative<WriteBatch>(front)) {
    batches_done_ += group_;
    if (!acknowledged_) AcknowledgeGroup();
    if (stopped_) return;
  }
  log_jobs_.erase(log_jobs_.begin(),
                  log_jobs_.begin() + static_cast<std::ptrdiff_t>(group_));
  group_ = written_ = 0;
  acknowledged_ = false;
  StartLog();
  StartSnapshot();
}

void DiskWorker::AcknowledgeGroup() {
  const bool each = world_.OneIn(3);
  for (size_t i = 0; i < group_ && !stopped_; ++i) {
    if (!each && i + 1 < group_) continue;
    listener_.Written(std::get<WriteBatch>(log_jobs_[i]).id);
  }
}

absl::Status DiskWorker::DoCheck(const Check& check) {
  if (!IsUnderWay(check.zxid)) return absl::OkStatus();  // given up meanwhile
  const absl::Status status = storage_.CheckSnapshot(*writer_);
  if (!HasPower()) return absl::OkStatus();
  if (!status.ok()) {
    FailSnapshot(status);
    return storage_.status();  // the log may go on, or not
  }
  housekeeping_jobs_.emplace_back(Name{check.zxid});
  StartHousekeeping();
  return absl::OkStatus();
}

void DiskWorker::DoPublish(const Publish& publish) {
  storage_.AddSnapshot(publish.info);
  if (!IsUnderWay(publish.info.zxid)) return;
  ++world_.statistics.outcomes["snapshots published"];
  writer_ = nullptr;
  listener_.SnapshotPublished(publish.info.zxid, publish.info.size_bytes);
}

absl::Status DiskWorker::DoCompact(const replica::Compact& compact) {
  absl::StatusOr<std::vector<std::string>> files =
      storage_.Compact(compact.zxid, compact.snapshots_in_use);
  if (!files.ok()) return files.status();
  if (!files->empty()) {
    housekeeping_jobs_.emplace_back(Remove{*std::move(files)});
    StartHousekeeping();
  }
  return absl::OkStatus();
}

void DiskWorker::OnLogError(const absl::Status& status) {
  stopped_ = true;
  listener_.StorageFailed(status);
}

// --- Snapshots --------------------------------------------------------------

void DiskWorker::StartSnapshot() {
  if (stopped_ || snapshot_busy_ || snapshot_jobs_.empty()) return;
  const auto* load = std::get_if<WaitingLoad>(&snapshot_jobs_.front());
  if (load != nullptr && load->after > batches_done_) return;
  snapshot_busy_ = true;
  listener_.Later(Duration(), [this] { FinishSnapshot(); });
}

void DiskWorker::FinishSnapshot() {
  if (stopped_) return;
  const SnapshotJob job = std::move(snapshot_jobs_.front());
  snapshot_jobs_.pop_front();
  snapshot_busy_ = false;
  std::visit([this](const auto& each) { Do(each); }, job);
  StartSnapshot();
}

void DiskWorker::Do(const replica::SnapshotBegin& begin) {
  auto writer = storage_.BeginSnapshot(begin.zxid);
  if (!HasPower()) return;
  writer_zxid_ = begin.zxid;
  if (!writer.ok()) return FailSnapshot(writer.status());
  writer_ = std::move(*writer);
}

void DiskWorker::Do(const replica::SnapshotPiece& piece) {
  if (writer_ == nullptr || writer_zxid_ != piece.zxid) return;
  const absl::Status status = writer_->Append(piece.data);
  if (!HasPower()) return;
  if (!status.ok()) return FailSnapshot(status);
  listener_.SnapshotPieceWritten();
}

void DiskWorker::Do(const replica::SnapshotFinish& finish) {
  if (writer_ == nullptr || writer_zxid_ != finish.zxid) return;
  const absl::Status status = writer_->Finish(finish.meta);
  if (!HasPower()) return;
  if (!status.ok()) return FailSnapshot(status);
  log_jobs_.emplace_back(Check{finish.zxid});
  StartLog();
}

void DiskWorker::Do(const replica::SnapshotAbandon& abandon) {
  if (writer_ == nullptr || writer_zxid_ != abandon.zxid) return;
  ++world_.statistics.outcomes["snapshots abandoned"];
  writer_->Discard().IgnoreError();
  writer_ = nullptr;
  HasPower();
}

void DiskWorker::Do(const WaitingLoad& load) {
  const auto read =
      [&]() -> absl::StatusOr<std::unique_ptr<tree::StateMachine>> {
    auto reader = storage_.ReadSnapshot(load.zxid);
    if (!reader.ok()) return reader.status();
    return replica::LoadState(**reader, nullptr);
  };
  absl::StatusOr<std::unique_ptr<tree::StateMachine>> state = read();
  if (!HasPower()) return;
  if (state.ok()) ++world_.statistics.outcomes["snapshots installed"];
  listener_.SnapshotLoaded(std::move(state));
}

void DiskWorker::FailSnapshot(const absl::Status& status) {
  ++world_.statistics.outcomes["snapshots failed"];
  if (writer_ != nullptr) writer_->Discard().IgnoreError();
  writer_ = nullptr;
  if (!HasPower()) return;
  listener_.SnapshotFailed(status);
}

// --- Housekeeping -----------------------------------------------------------

void DiskWorker::StartHousekeeping() {
  if (stopped_ || housekeeping_busy_ || housekeeping_jobs_.empty()) return;
  housekeeping_busy_ = true;
  listener_.Later(Duration(), [this] { FinishHousekeeping(); });
}

void DiskWorker::FinishHousekeeping() {
  if (stopped_) return;
  const HousekeepingJob job = std::move(housekeeping_jobs_.front());
  housekeeping_jobs_.pop_front();
  housekeeping_busy_ = false;
  const absl::Status status =
      std::visit([this](const auto& each) { return Do(each); }, job);
  if (stopped_) return;
  if (!status.ok() && !storage::IsDiskFull(status)) return OnLogError(status);
  StartHousekeeping();
}

absl::Status DiskWorker::Do(const Name& name) {
  if (!IsUnderWay(name.zxid)) return absl::OkStatus();
  const absl::Status status = storage_.NameSnapshot(*writer_);
  if (!HasPower()) return absl::OkStatus();
  if (!status.ok()) {
    FailSnapshot(status);
    return status;
  }
  log_jobs_.emplace_back(Publish{writer_->info()});
  StartLog();
  return absl::OkStatus();
}

absl::Status DiskWorker::Do(const Remove& remove) {
  const absl::Status status = storage_.RemoveFiles(remove.files);
  return HasPower() ? status : absl::OkStatus();
}

}  // namespace quorate::simulation
