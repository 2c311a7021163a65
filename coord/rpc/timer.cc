#include "coord/rpc/timer.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

namespace quorate::rpc {

Timer::Timer() : thread_([this] { Run(); }) {}

Timer::~Timer() { Stop(); }

void Timer::After(int64_t delay_ms, Task task) {
  const std::scoped_lock lock(mutex_);
  if (stopping_) return;
  tasks_.emplace(Clock::now() + std::chrono::milliseconds(delay_ms),
                 std::move(task));
  changed_.notify_one();
}

void Timer::Stop() {
  std::multimap<Clock::time_point, Task> dropped;
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    dropped.swap(tasks_);  // destroyed without the lock
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Timer::Run() {
  for (;;) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      while (!stopping_ &&
             (tasks_.empty() || tasks_.begin()->first > Clock::now())) {
        if (tasks_.empty()) {
          changed_.wait(lock);
        } else {
          // By value: the task may go while this waits.
          const Clock::time_point until = tasks_.begin()->first;
          changed_.wait_until(lock, until);
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
