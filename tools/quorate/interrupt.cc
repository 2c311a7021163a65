#include "tools/quorate/interrupt.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"
#include "coord/base/check.h"

namespace quorate::tools {
namespace {

// Where the handler writes to; -1: nobody waits.
std::atomic<int> write_end = -1;

void HandleSignal(int) {
  const int error = errno;
  const int fd = write_end.load();
  // If the pipe is full, it is readable already.
  if (fd >= 0 && write(fd, "!", 1) < 0) {
  }
  errno = error;
}

}  // namespace

Interrupt::Interrupt() {
  int ends[2];
  QUORATE_CHECK(write_end.load() < 0);
  QUORATE_CHECK(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  read_end_ = ends[0];
  write_end = ends[1];
  struct sigaction action = {};
  action.sa_handler = HandleSignal;
  sigaction(SIGINT, &action, &before_int_);
  sigaction(SIGTERM, &action, &before_term_);
}

Interrupt::~Interrupt() {
  sigaction(SIGINT, &before_int_, nullptr);
  sigaction(SIGTERM, &before_term_, nullptr);
  close(write_end.exchange(-1));
  close(read_end_);
}

bool Interrupt::Wait(absl::Duration timeout) const {
  const int64_t ms = std::clamp<int64_t>(absl::ToInt64Milliseconds(timeout), 0,
                                         std::numeric_limits<int>::max());
  pollfd waited = {.fd = read_end_, .events = POLLIN, .revents = 0};
  return poll(&waited, 1, static_cast<int>(ms)) != 0;
}

}  // namespace quorate::tools
