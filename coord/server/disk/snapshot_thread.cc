#include "coord/server/disk/snapshot_thread.h"

#include <mutex>
#include <thread>
#include <utility>

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
  const std::scoped_lock lock(mutex_);
  if (!stopping_) jobs_.push_back(std::move(job));
  wanted_.notify_one();
}

void SnapshotThread::Stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    jobs_.clear();
  }
  wanted_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SnapshotThread::Run() {
  EnterBackground();
  for (;;) {
    SnapshotJob job;
    {
      std::unique_lock lock(mutex_);
      wanted_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    worker_.Do(job);
  }
}

}  // namespace quorate::server
