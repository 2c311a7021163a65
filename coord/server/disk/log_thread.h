// LogThread: the thread that writes a member's log; see log_worker.h for what
// it does. While the disk is full it tries again five times a second.

#ifndef QUORATE_COORD_SERVER_DISK_LOG_THREAD_H_
#define QUORATE_COORD_SERVER_DISK_LOG_THREAD_H_

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "coord/server/disk/log_worker.h"
#include "coord/server/timings.h"
#include "coord/storage/member_storage.h"

namespace quorate::server {

class LogThread {
 public:
  // Starts the thread. From now on only it writes to `storage`. `report` is
  // told on the thread. All must outlive this.
  LogThread(storage::MemberStorage& storage, LogReport& report,
            Timings& timings);
  // Stops.
  ~LogThread();
  LogThread(const LogThread&) = delete;
  LogThread& operator=(const LogThread&) = delete;

  // Thread-safe, does not block. After Stop() jobs are dropped.
  void Post(std::vector<LogJob> jobs);

  // Does all that was posted (unless the disk is full or has failed), settles
  // the log and ends the thread. Returns what came of settling. Call once.
  absl::Status Stop();

 private:
  void Run();
  // Waits for something to do; true: to stop afterwards.
  bool Take(std::vector<LogJob>* jobs);

  LogWorker worker_;  // the thread's
  absl::Status settled_;
  // Not Abseil's, whose timed waits go by the wall clock.
  std::mutex mutex_;
  std::condition_variable wanted_;
  std::vector<LogJob> jobs_;  // guarded by mutex_
  bool stopping_ = false;     // guarded by mutex_
  std::thread thread_;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_DISK_LOG_THREAD_H_
