// LogWorker: does the disk's part of WriteBatch, and whatever else must stand
// in one order with it; without threads or clock of its own (log_thread.h has
// them).
//
// Group commit: all batches that wait are written, made durable by one sync,
// and reported together. Work that is not a batch runs when everything before
// it is durable. Disk full stops the worker where it is, until Work() is called
// again and finds room. Any other error is final: it is reported once, and
// nothing more is done (rule 21).
//
// Not thread-safe.

#ifndef QUORATE_COORD_SERVER_DISK_LOG_WORKER_H_
#define QUORATE_COORD_SERVER_DISK_LOG_WORKER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "coord/replica/output.h"
#include "coord/server/disk/fsync_window.h"
#include "coord/server/timings.h"
#include "coord/storage/member_storage.h"

namespace quorate::server {

// What the worker has to tell; called from within its methods.
class LogReport {
 public:
  virtual ~LogReport() = default;
  virtual void Written(uint64_t id) = 0;
  virtual void StorageFailed(const absl::Status& status) = 0;
  virtual void DiskFull(bool full) = 0;
  virtual void Fsync(int64_t slowest_ms) = 0;
  // The next segment is not ready, and somebody else ought to make it so.
  virtual void SegmentWanted() = 0;
};

// Something between two batches. Errors of its own are its own affair; if it
// has broken the storage, the worker reports that.
using LogWork = std::function<void(storage::MemberStorage&)>;

struct LogJob {
  int64_t posted_us = 0;
  std::variant<replica::WriteBatch, LogWork> work;
};

class LogWorker {
 public:
  enum class State : uint8_t { kIdle, kDiskFull, kFailed };

  // Records that are given to the storage at once, in bytes: it wants each
  // batch to fit into one segment of the log.
  static constexpr uint64_t kMaxWriteBytes = 1 << 20;

  // All must outlive the worker. `clock` counts microseconds.
  LogWorker(storage::MemberStorage& storage, LogReport& report,
            Timings& timings, std::function<int64_t()> clock);

  // Takes jobs behind those that wait.
  void Add(std::vector<LogJob> jobs);
  // Goes on until nothing waits, or it cannot.
  State Work();
  State state() const { return state_; }

  // Before the process ends. Nothing may wait, unless the worker has failed.
  absl::Status Settle();

 private:
  // Each returns kDiskFull to be tried again, or what is final.
  absl::Status WriteWaiting();
  absl::Status WriteOne(const storage::Batch& batch);
  absl::Status SyncGroup();
  absl::Status RunWork(const LogWork& work);
  void SetState(State state);

  storage::MemberStorage& storage_;
  LogReport& report_;
  Timings& timings_;
  const std::function<int64_t()> clock_;

  State state_ = State::kIdle;
  std::deque<LogJob> jobs_;
  // Of the first batch that waits, when it is written in parts: so many of its
  // records are written.
  size_t written_records_ = 0;
  // The batches that the next sync makes durable.
  struct Group {
    uint64_t last_id = 0;
    std::vector<int64_t> posted_us;
  };
  Group group_;
  FsyncWindow fsyncs_;
  int64_t reported_fsync_ms_ = -1;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_DISK_LOG_WORKER_H_
