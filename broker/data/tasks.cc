#include "broker/data/tasks.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace quorate::broker {

Tasks::Tasks(int threads) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Work(); });
  }
}

Tasks::~Tasks() { Stop(); }

void Tasks::Run(Task task) {
  const std::scoped_lock lock(mutex_);
  if (stopping_) return;
  now_.push_back(std::move(task));
  changed_.notify_one();
}

Tasks::Key Tasks::After(int64_t delay_ms, Task task) {
  const std::scoped_lock lock(mutex_);
  const Key key(MonotonicMs() + delay_ms, next_id_++);
  if (stopping_) return key;
  later_.emplace(key, std::move(task));
  if (later_.begin()->first == key) changed_.notify_one();
  return key;
}

void Tasks::Cancel(Key key) {
  Task dropped;  // destroyed without the lock
  const std::scoped_lock lock(mutex_);
  const auto found = later_.find(key);
  if (found == later_.end()) return;
  dropped = std::move(found->second);
  later_.erase(found);
}

void Tasks::Stop() {
  std::deque<Task> now;
  std::map<Key, Task> later;
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    now.swap(now_);
    later.swap(later_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Tasks::Work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    Task task;
    if (!now_.empty()) {
      task = std::move(now_.front());
      now_.pop_front();
    } else if (later_.empty()) {
      changed_.wait(lock);
      continue;
    } else if (const int64_t wait_ms =
                   later_.begin()->first.first - MonotonicMs();
               wait_ms > 0) {
      changed_.wait_for(lock, std::chrono::milliseconds(wait_ms));
      continue;
    } else {
      task = std::move(later_.begin()->second);
      later_.erase(later_.begin());
    }
    // Another thread may see to what is due next.
    if (!now_.empty() || !later_.empty()) changed_.notify_one();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

}  // namespace quorate::broker
