// Interrupt: waiting for Ctrl-C (SIGINT, SIGTERM) in place of dying from it.
//
// As long as one lives, the signals only make its file descriptor readable;
// afterwards they are what they were before. At most one at a time; made on the
// main thread.

#ifndef QUORATE_TOOLS_QUORATE_INTERRUPT_H_
#define QUORATE_TOOLS_QUORATE_INTERRUPT_H_

#include <csignal>

#include "absl/time/time.h"

namespace quorate::tools {

class Interrupt {
 public:
  Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt();

  // Readable once a signal has come.
  int fd() const { return read_end_; }
  bool HasCome() const { return Wait(absl::ZeroDuration()); }
  // True as soon as a signal has come, false after `timeout`.
  bool Wait(absl::Duration timeout) const;

 private:
  int read_end_ = -1;
  struct sigaction before_int_ = {};
  struct sigaction before_term_ = {};
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_INTERRUPT_H_
