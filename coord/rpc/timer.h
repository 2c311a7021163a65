// Timer: a thread that runs small tasks later.

#ifndef QUORATE_COORD_RPC_TIMER_H_
#define QUORATE_COORD_RPC_TIMER_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

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
  void After(int64_t delay_ms, Task task);

  // Drops what has not run yet. May be called again; not from a task.
  void Stop();

 private:
  using Clock = std::chrono::steady_clock;

  void Run();

  // Not Abseil's, whose timed waits go by the wall clock.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Clock::time_point, Task> tasks_;  // guarded by mutex_
  bool stopping_ = false;                         // guarded by mutex_
  std::thread thread_;
};

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_TIMER_H_
