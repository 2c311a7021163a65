// Backoff: how long to wait before the next attempt: exponential, with full
// jitter, so that clients that failed together do not come back together.
//
// Pure; chance comes from the caller.

#ifndef QUORATE_BROKER_CLIENT_BACKOFF_H_
#define QUORATE_BROKER_CLIENT_BACKOFF_H_

#include <algorithm>
#include <cstdint>

#include "coord/base/seeded_random.h"

namespace quorate::broker {

// Before attempt number `failures` + 1: between 1 and a bound that doubles with
// each failure, from `min_ms` to `max_ms`. REQUIRES: failures above 0,
// 0 < min_ms <= max_ms.
inline int64_t BackoffMs(int failures, int64_t min_ms, int64_t max_ms,
                         SeededRandom& random) {
  int64_t bound = min_ms;
  for (int i = 1; i < failures && bound < max_ms; ++i) bound *= 2;
  return random.Between(1, std::min(bound, max_ms));
}

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_BACKOFF_H_
