// SyncThread: makes durable what was appended; all logs that have grown since
// its last round in the next one (group commit).

#ifndef QUORATE_BROKER_DATA_SYNC_THREAD_H_
#define QUORATE_BROKER_DATA_SYNC_THREAD_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "broker/data/replica.h"

namespace quorate::broker {

// Thread-safe.
class SyncThread {
 public:
  SyncThread();
  ~SyncThread();  // stops
  SyncThread(const SyncThread&) = delete;
  SyncThread& operator=(const SyncThread&) = delete;

  void Add(std::shared_ptr<Replica> replica);
  // Does all that was added, and ends. May be called again.
  void Stop();

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable wanted_;
  std::vector<std::shared_ptr<Replica>> grown_;  // guarded by mutex_
  bool stopping_ = false;                        // guarded by mutex_
  std::thread thread_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DATA_SYNC_THREAD_H_
