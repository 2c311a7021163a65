// Tasks: a few threads that run small tasks, now or later.

#ifndef QUORATE_BROKER_DATA_TASKS_H_
#define QUORATE_BROKER_DATA_TASKS_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace quorate::broker {

// Milliseconds of a monotonic clock.
inline int64_t MonotonicMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Thread-safe. Who posts sees to it that tasks stay few.
class Tasks {
 public:
  using Task = std::function<void()>;
  using Key = std::pair<int64_t, uint64_t>;

  explicit Tasks(int threads);
  ~Tasks();  // stops
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  // After Stop(), tasks are destroyed without having run.
  void Run(Task task);
  Key After(int64_t delay_ms, Task task);
  // It does not run any more, unless it has begun.
  void Cancel(Key key);
  // Waits for what runs, and drops the rest. Not from a task.
  void Stop();

 private:
  void Work();

  // Not Abseil's, whose timed waits go by the wall clock.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> now_;       // guarded by mutex_
  std::map<Key, Task> later_;  // guarded by mutex_
  uint64_t next_id_ = 1;       // guarded by mutex_
  bool stopping_ = false;      // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DATA_TASKS_H_
