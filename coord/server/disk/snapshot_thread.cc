#include "coord/server/disk/snapshot_thread.h"

#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "coord/server/disk/background.h"
#include "coord/server/disk/snapshot_worker.h"
#include "coord/server/monotonic_clock.h"
#include "coord/server/timings.h"
#include "coord/storage/member_storage.h"

namespace quorate::server {

SnapshotThread::SnapshotThread(const storage::MemberStorage& storage,
                               SnapshotReport& report, Timings& timings,
                               SnapshotWorker::Threads threads)
    : worker_(storage, report, timings, MonotonicUs, std::move(threads)),
      thread_([this] { Run(); }) {}

SnapshotThread::~SnapshotThread() { Stop(); }

void SnapshotThread::Post(SnapshotJob job) {
  const absl::MutexLock lock(&mutex_);
  if (!stopping_) jobs_.push_back(std::move(job));
}

void SnapshotThread::Stop() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
    jobs_.clear();
  }
  if (thread_.joinable()) thread_.join();
}

void SnapshotThread::Run() {
  EnterBackground();
  const auto is_wanted = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !jobs_.empty();
  };
  for (;;) {
    SnapshotJob job;
    {
      const absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&is_wanted));
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    worker_.Do(job);
  }
}

}  // namespace quorate::server
