// StopLatch: what main waits for: a signal, or that the member has stopped for
// good, whichever comes first.
//
// Thread-safe.

#ifndef QUORATE_COORD_SERVER_STOP_LATCH_H_
#define QUORATE_COORD_SERVER_STOP_LATCH_H_

#include <condition_variable>
#include <mutex>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace quorate::server {

class StopLatch {
 public:
  void Signal() {
    const std::scoped_lock lock(mutex_);
    signalled_ = true;
    changed_.notify_all();
  }
  // `why` is not OK. The first one counts.
  void Stopped(const absl::Status& why) {
    const std::scoped_lock lock(mutex_);
    if (stop_reason_.ok()) stop_reason_ = why;
    changed_.notify_all();
  }

  // Waits for either. OK: it was a signal; else why the member has stopped.
  absl::Status Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return signalled_ || !stop_reason_.ok(); });
    return stop_reason_;
  }
  // Waits for a signal, at most this long.
  void WaitForSignal(absl::Duration timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, absl::ToChronoMilliseconds(timeout),
                      [this] { return signalled_; });
  }

 private:
  // Not Abseil's, whose timed waits go by the wall clock.
  std::mutex mutex_;
  std::condition_variable changed_;
  bool signalled_ = false;    // guarded by mutex_
  absl::Status stop_reason_;  // guarded by mutex_
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_STOP_LATCH_H_
