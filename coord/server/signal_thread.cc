#include "coord/server/signal_thread.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <functional>
#include <thread>
#include <utility>

#include "coord/base/check.h"

namespace quorate::server {

SignalThread::SignalThread(std::function<void(int)> handle) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  QUORATE_CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  // A peer or a reader of the log that goes away is no reason to die.
  signal(SIGPIPE, SIG_IGN);
  thread_ = std::thread([this, signals, handle = std::move(handle)] {
    for (;;) {
      int number = 0;
      if (sigwait(&signals, &number) != 0) continue;
      if (stopping_.load()) return;
      handle(number);
    }
  });
}

SignalThread::~SignalThread() {
  stopping_.store(true);
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
}

}  // namespace quorate::server
