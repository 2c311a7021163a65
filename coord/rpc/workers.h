// Workers: a few threads that run small tasks.
//
// The replica's thread hands them what takes a while: encoding, writing to a
// socket, reading from a disk. Thread-safe.

#ifndef QUORATE_COORD_RPC_WORKERS_H_
#define QUORATE_COORD_RPC_WORKERS_H_

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace quorate::rpc {

class Workers {
 public:
  using Task = std::function<void()>;

  // REQUIRES: threads > 0. With one thread, tasks run in their order.
  explicit Workers(int threads);
  ~Workers();  // stops
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // After Stop(), tasks are destroyed without having run. Does not block.
  void Add(Task task) ABSL_LOCKS_EXCLUDED(mutex_);
  void Add(std::vector<Task> tasks) ABSL_LOCKS_EXCLUDED(mutex_);

  // Runs what was added before, then ends the threads. May be called again; not
  // from a task.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !tasks_.empty();
  }

  absl::Mutex mutex_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_WORKERS_H_
