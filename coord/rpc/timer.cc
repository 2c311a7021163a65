#include "coord/rpc/timer.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace quorate::rpc {

Timer::Timer() : thread_([this] { Run(); }) {}

Timer::~Timer() { Stop(); }

void Timer::After(int64_t delay_ms, Task task) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return;
  tasks_.emplace(Clock::now() + std::chrono::milliseconds(delay_ms),
                 std::move(task));
  changed_.Signal();
}

void Timer::Stop() {
  std::multimap<Clock::time_point, Task> dropped;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    dropped.swap(tasks_);  // destroyed without the lock
    changed_.Signal();
  }
  if (thread_.joinable()) thread_.join();
}

void Timer::Run() {
  for (;;) {
    Task task;
    {
      absl::MutexLock lock(&mutex_);
      while (!stopping_ &&
             (tasks_.empty() || tasks_.begin()->first > Clock::now())) {
        if (tasks_.empty()) {
          changed_.Wait(&mutex_);
        } else {
          changed_.WaitWithTimeout(
              &mutex_, absl::FromChrono(tasks_.begin()->first - Clock::now()));
        }
      }
      if (stopping_) return;
      task = std::move(tasks_.begin()->second);
      tasks_.erase(tasks_.begin());
    }
    task();
  }
}

}  // namespace quorate::rpc
