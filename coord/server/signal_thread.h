// SignalThread: takes SIGTERM and SIGINT on a thread that may do more than a
// signal handler may.

#ifndef QUORATE_COORD_SERVER_SIGNAL_THREAD_H_
#define QUORATE_COORD_SERVER_SIGNAL_THREAD_H_

#include <atomic>
#include <functional>
#include <thread>

namespace quorate::server {

class SignalThread {
 public:
  // Blocks the signals in the calling thread and all that it starts later: to
  // be made before any other thread. Also ignores SIGPIPE. `handle` is called
  // on the thread, with the number, for each signal. One at a time in a
  // process.
  explicit SignalThread(std::function<void(int)> handle);
  ~SignalThread();
  SignalThread(const SignalThread&) = delete;
  SignalThread& operator=(const SignalThread&) = delete;

 private:
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_SIGNAL_THREAD_H_
