// The two clocks of a client. Deadlines and pauses go by the first, what is
// told to people by the second.

#ifndef QUORATE_BROKER_CLIENT_CLOCK_H_
#define QUORATE_BROKER_CLIENT_CLOCK_H_

#include <chrono>
#include <cstdint>

namespace quorate::broker {

// Never goes back; its zero means nothing.
inline int64_t MonotonicMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Since 1970, as this machine has it.
inline int64_t WallMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_CLOCK_H_
