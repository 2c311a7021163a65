// MonotonicUs: the time that this folder measures with, in microseconds.
//
// It goes on while the process is paused, and has no relation to the date.

#ifndef QUORATE_COORD_SERVER_MONOTONIC_CLOCK_H_
#define QUORATE_COORD_SERVER_MONOTONIC_CLOCK_H_

#include <chrono>
#include <cstdint>

namespace quorate::server {

inline int64_t MonotonicUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_MONOTONIC_CLOCK_H_
