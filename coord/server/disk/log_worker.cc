#include "coord/server/disk/log_worker.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "coord/base/bytes.h"
#include "coord/replica/output.h"
#include "coord/server/timings.h"
#include "coord/storage/log_record.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/storage_error.h"

namespace quorate::server {

LogWorker::LogWorker(storage::MemberStorage& storage, LogReport& report,
                     Timings& timings, std::function<int64_t()> clock)
    : storage_(storage),
      report_(report),
      timings_(timings),
      clock_(std::move(clock)) {}

void LogWorker::Add(std::vector<LogJob> jobs) {
  if (state_ == State::kFailed) return;
  jobs_.insert(jobs_.end(), std::make_move_iterator(jobs.begin()),
               std::make_move_iterator(jobs.end()));
}

LogWorker::State LogWorker::Work() {
  while (state_ != State::kFailed &&
         (!jobs_.empty() || !group_.posted_us.empty())) {
    absl::Status status = WriteWaiting();
    if (status.ok()) status = SyncGroup();
    if (status.ok() && !jobs_.empty()) {
      // It leaves the queue first: it is never run twice.
      const LogJob job = std::move(jobs_.front());
      jobs_.pop_front();
      status = RunWork(std::get<LogWork>(job.work));
    }
    if (storage::IsDiskFull(status)) {
      SetState(State::kDiskFull);
      return state_;
    }
    if (!status.ok()) {
      SetState(State::kFailed);
      report_.StorageFailed(status);
      jobs_.clear();
      return state_;
    }
    SetState(State::kIdle);
  }
  if (state_ == State::kIdle && !storage_.IsPrepared()) report_.SegmentWanted();
  return state_;
}

void LogWorker::SetState(State state) {
  if (state == state_) return;
  const bool was_full = state_ == State::kDiskFull;
  state_ = state;
  if (was_full) report_.DiskFull(false);
  if (state == State::kDiskFull) report_.DiskFull(true);
}

absl::Status LogWorker::WriteWaiting() {
  while (!jobs_.empty()) {
    auto* write = std::get_if<replica::WriteBatch>(&jobs_.front().work);
    if (write == nullptr) break;
    if (absl::Status s = WriteOne(write->batch); !s.ok()) return s;
    written_records_ = 0;
    group_.last_id = write->id;
    group_.posted_us.push_back(jobs_.front().posted_us);
    jobs_.pop_front();
  }
  return absl::OkStatus();
}

absl::Status LogWorker::WriteOne(const storage::Batch& batch) {
  const std::vector<storage::LogRecord>& records = batch.append;
  // The first part also has what comes before the records.
  bool is_first = written_records_ == 0;
  while (is_first || written_records_ < records.size()) {
    size_t end = written_records_;
    uint64_t bytes = 0;
    while (end < records.size() &&
           (end == written_records_ ||
            bytes + SizeOf(records[end].payload) <= kMaxWriteBytes)) {
      bytes += SizeOf(records[end].payload);
      ++end;
    }
    const bool is_whole = is_first && end == records.size();
    absl::Status status;
    if (is_whole) {
      status = storage_.Write(batch);
    } else {
      storage::Batch part;
      if (is_first) {
        part.hard_state = batch.hard_state;
        part.snapshot_pieces = batch.snapshot_pieces;
        part.install_snapshot = batch.install_snapshot;
        part.truncate_after = batch.truncate_after;
      }
      part.append.assign(
          records.begin() + static_cast<ptrdiff_t>(written_records_),
          records.begin() + static_cast<ptrdiff_t>(end));
      status = storage_.Write(part);
    }
    if (!status.ok()) return status;
    written_records_ = end;
    is_first = false;
  }
  return absl::OkStatus();
}

absl::Status LogWorker::SyncGroup() {
  if (group_.posted_us.empty()) return absl::OkStatus();
  const int64_t begin_us = clock_();
  if (absl::Status s = storage_.Sync(); !s.ok()) return s;
  const int64_t end_us = clock_();

  timings_.fsync_us.Observe(static_cast<uint64_t>(end_us - begin_us));
  timings_.group_batches.Observe(group_.posted_us.size());
  for (const int64_t posted_us : group_.posted_us) {
    timings_.log_us.Observe(static_cast<uint64_t>(end_us - posted_us));
  }
  group_.posted_us.clear();
  report_.Written(group_.last_id);

  fsyncs_.Add(end_us, end_us - begin_us);
  const int64_t slowest_ms = fsyncs_.SlowestMs(end_us);
  if (slowest_ms != reported_fsync_ms_) {
    reported_fsync_ms_ = slowest_ms;
    report_.Fsync(slowest_ms);
  }
  return absl::OkStatus();
}

absl::Status LogWorker::RunWork(const LogWork& work) {
  work(storage_);
  return storage_.status();
}

absl::Status LogWorker::Settle() {
  return state_ == State::kFailed ? storage_.status() : storage_.Settle();
}

}  // namespace quorate::server
