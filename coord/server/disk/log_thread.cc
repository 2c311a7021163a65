#include "coord/server/disk/log_thread.h"

#include <chrono>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "coord/server/disk/log_worker.h"
#include "coord/server/monotonic_clock.h"
#include "coord/server/timings.h"
#include "coord/storage/member_storage.h"

namespace quorate::server {
namespace {

constexpr std::chrono::milliseconds kDiskFullPause(200);

}  // namespace

LogThread::LogThread(storage::MemberStorage& storage, LogReport& report,
                     Timings& timings)
    : worker_(storage, report, timings, MonotonicUs),
      thread_([this] { Run(); }) {}

LogThread::~LogThread() { Stop().IgnoreError(); }

void LogThread::Post(std::vector<LogJob> jobs) {
  const std::scoped_lock lock(mutex_);
  if (stopping_) return;
  if (jobs_.empty()) {
    jobs_ = std::move(jobs);
    wanted_.notify_one();
    return;
  }
  jobs_.insert(jobs_.end(), std::make_move_iterator(jobs.begin()),
               std::make_move_iterator(jobs.end()));
}

absl::Status LogThread::Stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wanted_.notify_one();
  if (thread_.joinable()) thread_.join();
  return settled_;
}

bool LogThread::Take(std::vector<LogJob>* jobs) {
  std::unique_lock lock(mutex_);
  if (worker_.state() == LogWorker::State::kDiskFull) {
    wanted_.wait_for(lock, kDiskFullPause, [this] { return stopping_; });
  } else {
    wanted_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
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
