#include "tools/quorate/bench/driver.h"

#include <chrono>
#include <cstdint>

namespace quorate::tools {

int64_t MonotonicNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace quorate::tools
