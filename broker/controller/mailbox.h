// Mailbox: what one thread is to do, in order.
//
// Thread-safe; Take() is for the one thread.

#ifndef QUORATE_BROKER_CONTROLLER_MAILBOX_H_
#define QUORATE_BROKER_CONTROLLER_MAILBOX_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

namespace quorate::broker {

class Mailbox {
 public:
  using Task = std::function<void()>;

  // More requests than `max_requests` are refused.
  explicit Mailbox(size_t max_requests) : max_requests_(max_requests) {}

  // Something of our own, of which there is never much. Dropped once closed.
  void Post(Task task) {
    const std::scoped_lock lock(mutex_);
    if (closed_) return;
    tasks_.push_back(std::move(task));
    changed_.notify_one();
  }
  // Something that others ask for. False: there is too much already, or it is
  // closed; `task` was not taken.
  bool PostRequest(Task task) {
    const std::scoped_lock lock(mutex_);
    if (closed_ || tasks_.size() >= max_requests_) return false;
    tasks_.push_back(std::move(task));
    changed_.notify_one();
    return true;
  }

  // All that is there; waits for at most so long if there is nothing.
  std::deque<Task> Take(int64_t timeout_ms) {
    // The library waits by the monotonic clock, Abseil's by that of the wall.
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                      [this] { return !tasks_.empty(); });
    return std::exchange(tasks_, {});
  }
  // Takes nothing any more; returns what is there.
  std::deque<Task> Close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    return std::exchange(tasks_, {});
  }

 private:
  const size_t max_requests_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;  // guarded by mutex_
  bool closed_ = false;     // guarded by mutex_
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CONTROLLER_MAILBOX_H_
