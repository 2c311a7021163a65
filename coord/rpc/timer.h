// Timer: a thread that runs small tasks later.

#ifndef QUORATE_COORD_RPC_TIMER_H_
#define QUORATE_COORD_RPC_TIMER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace quorate::rpc {

// Thread-safe.
class Timer {
 public:
  using Task = std::function<void()>;

  Timer();
  ~Timer();  // stops
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Runs `task`, which must be short and must not block, `delay_ms` from now on
  // a monotonic clock, or soon after. After Stop(), tasks are destroyed without
  // having run.
  void After(int64_t delay_ms, Task task) ABSL_LOCKS_EXCLUDED(mutex_);

  // Drops what has not run yet. May be called again; not from a task.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Clock = std::chrono::steady_clock;

  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::multimap<Clock::time_point, Task> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_TIMER_H_
