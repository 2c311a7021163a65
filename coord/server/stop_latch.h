// StopLatch: what main waits for: a signal, or that the member has stopped for
// good, whichever comes first.
//
// Thread-safe.

#ifndef QUORATE_COORD_SERVER_STOP_LATCH_H_
#define QUORATE_COORD_SERVER_STOP_LATCH_H_

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace quorate::server {

class StopLatch {
 public:
  void Signal() {
    const absl::MutexLock lock(&mutex_);
    signalled_ = true;
  }
  // `why` is not OK. The first one counts.
  void Stopped(const absl::Status& why) {
    const absl::MutexLock lock(&mutex_);
    if (stop_reason_.ok()) stop_reason_ = why;
  }

  // Waits for either. OK: it was a signal; else why the member has stopped.
  absl::Status Wait() {
    const absl::MutexLock lock(&mutex_);
    const auto is_over = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return signalled_ || !stop_reason_.ok();
    };
    mutex_.Await(absl::Condition(&is_over));
    return stop_reason_;
  }
  // Waits for a signal, at most this long.
  void WaitForSignal(absl::Duration timeout) {
    const absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(&signalled_), timeout);
  }

 private:
  absl::Mutex mutex_;
  bool signalled_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status stop_reason_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_STOP_LATCH_H_
