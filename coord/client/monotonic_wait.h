// MonotonicCondVar: a condition variable for absl::Mutex whose timed waits go
// by a clock that nobody sets.
//
// Abseil's go by the wall clock: if that is set back by an hour meanwhile, a
// wait of a second takes an hour, and a session is lost for want of pings.

#ifndef QUORATE_COORD_CLIENT_MONOTONIC_WAIT_H_
#define QUORATE_COORD_CLIENT_MONOTONIC_WAIT_H_

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <ctime>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "coord/base/check.h"

namespace quorate::client {

// In milliseconds, of a clock that never goes back, and goes on while the
// machine sleeps.
inline int64_t MonotonicMs() {
  timespec now = {};
  QUORATE_CHECK(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// The time in `timeout_ms` milliseconds; a time that never comes if that is
// longer than any machine runs.
inline int64_t MonotonicIn(int64_t timeout_ms) {
  return MonotonicMs() + std::min(timeout_ms, int64_t{1} << 50);
}

// Thread-safe. A wait may also end for no reason.
class MonotonicCondVar {
 public:
  void SignalAll() { changed_.notify_all(); }

  void Wait(absl::Mutex* mutex) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    Lockable lockable = {*mutex};
    changed_.wait(lockable);
  }

  // For `timeout_ms` at most, from 0 on.
  void WaitFor(absl::Mutex* mutex, int64_t timeout_ms)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    Lockable lockable = {*mutex};
    const std::chrono::milliseconds timeout(
        std::min<int64_t>(timeout_ms, kLongestMs));
    changed_.wait_until(lockable, std::chrono::steady_clock::now() + timeout);
  }

 private:
  // No sum with it overflows.
  static constexpr int64_t kLongestMs = 24 * 3600 * 1000;

  struct Lockable {
    absl::Mutex& mutex;
    // The names are those of the standard library.
    void lock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex.Lock(); }
    void unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex.Unlock(); }
  };

  std::condition_variable_any changed_;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_MONOTONIC_WAIT_H_
