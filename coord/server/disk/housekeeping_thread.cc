#include "coord/server/disk/housekeeping_thread.h"

#include <cstdint>
#include <functional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "coord/server/disk/background.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/storage_error.h"

namespace quorate::server {
namespace {

// Of the next segment, prepared at once: the log waits for no more than that
// if it needs the segment in the middle of it.
constexpr uint64_t kPrepareBytes = 1 << 20;

}  // namespace

HousekeepingThread::HousekeepingThread(
    storage::MemberStorage& storage,
    std::function<void(const absl::Status&)> failed)
    : storage_(storage),
      failed_(std::move(failed)),
      thread_([this] { Run(); }) {}

HousekeepingThread::~HousekeepingThread() { Stop(); }

void HousekeepingThread::Post(Work work) {
  const absl::MutexLock lock(&mutex_);
  if (!stopping_) works_.push_back(std::move(work));
}

void HousekeepingThread::PrepareSegment() {
  const absl::MutexLock lock(&mutex_);
  is_preparing_ = true;
}

void HousekeepingThread::Stop() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
    works_.clear();
  }
  if (thread_.joinable()) thread_.join();
}

void HousekeepingThread::Run() {
  EnterBackground();
  const auto is_wanted = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || is_preparing_ || !works_.empty();
  };
  for (;;) {
    Work work;
    {
      const absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&is_wanted));
      if (stopping_) return;
      if (!works_.empty()) {
        work = std::move(works_.front());
        works_.pop_front();
      }
    }
    if (work) {
      Report(work(storage_));
    } else {
      PrepareSome();
    }
  }
}

// Only the first error of a storage is its own: the others repeat it, and so
// does the replica's stop.
void HousekeepingThread::Report(const absl::Status& status) {
  if (!status.ok() && !storage::IsDiskFull(status)) failed_(status);
}

void HousekeepingThread::PrepareSome() {
  const absl::Status status = storage_.Prepare(kPrepareBytes);
  Report(status);
  if (status.ok() && !storage_.IsPrepared()) return;
  // If there is no room, the log says so when it needs the segment, and asks
  // again when it has written something.
  const absl::MutexLock lock(&mutex_);
  is_preparing_ = false;
}

}  // namespace quorate::server
