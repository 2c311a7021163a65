#include "coord/server/rate_limiter.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace quorate::server {
namespace {

// Of all kinds that have no place of their own.
constexpr uint64_t kSharedKey = std::numeric_limits<uint64_t>::max();

}  // namespace

std::optional<uint64_t> RateLimiter::Admit(uint64_t key, int64_t now_us) {
  if (places_.size() >= kMaxKeys && !places_.contains(key)) {
    absl::erase_if(places_, [&](const auto& entry) {
      return now_us - entry.second.admitted_us >= period_us_;
    });
    if (places_.size() >= kMaxKeys) key = kSharedKey;
  }
  const auto [place, is_new] = places_.try_emplace(key, Place{now_us, 0});
  if (is_new) return 0;
  if (now_us - place->second.admitted_us < period_us_) {
    ++place->second.left_out;
    return std::nullopt;
  }
  place->second.admitted_us = now_us;
  return std::exchange(place->second.left_out, 0);
}

}  // namespace quorate::server
