#include "coord/server/disk/log_thread.h"

#include <iterator>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "coord/server/disk/log_worker.h"
#include "coord/server/monotonic_clock.h"
#include "coord/server/timings.h"
#include "coord/storage/member_storage.h"

namespace quorate::server {
namespace {

constexpr absl::Duration kDiskFullPause = absl::Milliseconds(200);

}  // namespace

LogThread::LogThread(storage::MemberStorage& storage, LogReport& report,
                     Timings& timings)
    : worker_(storage, report, timings, MonotonicUs),
      thread_([this] { Run(); }) {}

LogThread::~LogThread() { Stop().IgnoreError(); }

void LogThread::Post(std::vector<LogJob> jobs) {
  const absl::MutexLock lock(&mutex_);
  if (stopping_) return;
  if (jobs_.empty()) {
    jobs_ = std::move(jobs);
    return;
  }
  jobs_.insert(jobs_.end(), std::make_move_iterator(jobs.begin()),
               std::make_move_iterator(jobs.end()));
}

absl::Status LogThread::Stop() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
  return settled_;
}

bool LogThread::Take(std::vector<LogJob>* jobs) {
  const absl::MutexLock lock(&mutex_);
  const auto is_wanted = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !jobs_.empty();
  };
  if (worker_.state() == LogWorker::State::kDiskFull) {
    mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kDiskFullPause);
  } else {
    mutex_.Await(absl::Condition(&is_wanted));
  }
  jobs->swap(jobs_);
  return stopping_;
}

void LogThread::Run() {
  bool stopping = false;
  while (!stopping) {
    std::vector<LogJob> jobs;
    stopping = Take(&jobs);
    worker_.Add(std::move(jobs));
    worker_.Work();
  }
  settled_ = worker_.state() == LogWorker::State::kIdle ? worker_.Settle()
                                                        : absl::OkStatus();
}

}  // namespace quorate::server
