#include "coord/server/disk/housekeeping_thread.h"

#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/status/status.h"
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
  const std::scoped_lock lock(mutex_);
  if (!stopping_) works_.push_back(std::move(work));
  wanted_.notify_one();
}

void HousekeepingThread::PrepareSegment() {
  const std::scoped_lock lock(mutex_);
  is_preparing_ = true;
  wanted_.notify_one();
}

void HousekeepingThread::Stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    works_.clear();
  }
  wanted_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void HousekeepingThread::Run() {
  EnterBackground();
  for (;;) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      wanted_.wait(lock, [this] {
        return stopping_ || is_preparing_ || !works_.empty();
      });
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
  const std::scoped_lock lock(mutex_);
  is_preparing_ = false;
}

}  // namespace quorate::server
