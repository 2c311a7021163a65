// SnapshotThread: the thread on which snapshots are written and loaded; see
// snapshot_worker.h for what it does.

#ifndef QUORATE_COORD_SERVER_DISK_SNAPSHOT_THREAD_H_
#define QUORATE_COORD_SERVER_DISK_SNAPSHOT_THREAD_H_

#include <deque>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
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
  absl::Mutex mutex_;
  std::deque<SnapshotJob> jobs_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_DISK_SNAPSHOT_THREAD_H_
