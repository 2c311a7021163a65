// RateLimiter: lets one event of a kind through a period, and counts the rest;
// so that a peer that floods us does not flood the log.
//
// Bounded: beyond kMaxKeys kinds in one period all others share one place. Not
// thread-safe.

#ifndef QUORATE_COORD_SERVER_RATE_LIMITER_H_
#define QUORATE_COORD_SERVER_RATE_LIMITER_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/container/flat_hash_map.h"

namespace quorate::server {

class RateLimiter {
 public:
  static constexpr size_t kMaxKeys = 256;

  explicit RateLimiter(int64_t period_us) : period_us_(period_us) {}

  // Nothing: this event is one too many. Else how many of its kind were left
  // out since the last that was let through.
  std::optional<uint64_t> Admit(uint64_t key, int64_t now_us);

 private:
  struct Place {
    int64_t admitted_us = 0;
    uint64_t left_out = 0;
  };

  const int64_t period_us_;
  absl::flat_hash_map<uint64_t, Place> places_;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_RATE_LIMITER_H_
