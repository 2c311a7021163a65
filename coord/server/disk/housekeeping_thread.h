// HousekeepingThread: what a member's disk needs and no commit waits for: names
// for finished snapshots, the removal of what was given up, the next segment of
// the log made ready. Each can take a file system tens of milliseconds, which
// the log's thread must not spend.
//
// Thread-safe.

#ifndef QUORATE_COORD_SERVER_DISK_HOUSEKEEPING_THREAD_H_
#define QUORATE_COORD_SERVER_DISK_HOUSEKEEPING_THREAD_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "coord/storage/member_storage.h"

namespace quorate::server {

class HousekeepingThread {
 public:
  // `failed` is called, on this thread, with an error that is final. Both must
  // outlive this.
  HousekeepingThread(storage::MemberStorage& storage,
                     std::function<void(const absl::Status&)> failed);
  ~HousekeepingThread();

  // Works run one after the other, in the order of posting.
  using Work = std::function<absl::Status(storage::MemberStorage&)>;
  void Post(Work work);
  // Makes the log's next segment ready, once nothing else is to be done.
  void PrepareSegment();

  // Ends the thread after the work that it is at; what waits is not done, as
  // after a crash.
  void Stop();

 private:
  void Run();
  void Report(const absl::Status& status);
  void PrepareSome();

  storage::MemberStorage& storage_;
  const std::function<void(const absl::Status&)> failed_;

  std::mutex mutex_;
  std::condition_variable wanted_;
  // Guarded by mutex_.
  std::deque<Work> works_;
  bool is_preparing_ = false;
  bool stopping_ = false;

  std::thread thread_;  // last: it uses what is above
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_DISK_HOUSEKEEPING_THREAD_H_
