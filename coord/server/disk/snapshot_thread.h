// SnapshotThread: the thread on which snapshots are written and loaded; see
// snapshot_worker.h for what it does.

#ifndef QUORATE_COORD_SERVER_DISK_SNAPSHOT_THREAD_H_
#define QUORATE_COORD_SERVER_DISK_SNAPSHOT_THREAD_H_

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "coord/server/disk/snapshot_worker.h"
#include "coord/server/timings.h"
#include "coord/storage/member_storage.h"

namespace quorate::server {

class SnapshotThread {
 public:
  // Starts the thread. All must outlive this; see SnapshotWorker.
  SnapshotThread(const storage::MemberStorage& storage, SnapshotReport& report,
                 Timings& timings, SnapshotWorker::Threads threads);
  // Stops.
  ~SnapshotThread();
  SnapshotThread(const SnapshotThread&) = delete;
  SnapshotThread& operator=(const SnapshotThread&) = delete;

  // Thread-safe, does not block. After Stop() jobs are dropped. What waits is
  // bounded by the replica, which gives one piece after the other.
  void Post(SnapshotJob job);

  // Ends the thread behind the job that it does; what waits is dropped.
  void Stop();

 private:
  void Run();

  SnapshotWorker worker_;  // the thread's
  std::mutex mutex_;
  std::condition_variable wanted_;
  std::deque<SnapshotJob> jobs_;  // guarded by mutex_
  bool stopping_ = false;         // guarded by mutex_
  std::thread thread_;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_DISK_SNAPSHOT_THREAD_H_
