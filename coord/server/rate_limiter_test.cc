#include "coord/server/rate_limiter.h"

#include <cstdint>
#include <optional>

#include "gtest/gtest.h"

namespace quorate::server {
namespace {

TEST(RateLimiterTest, OneAPeriodAndAKind) {
  RateLimiter limiter(100);
  EXPECT_EQ(limiter.Admit(1, 1000), std::optional<uint64_t>(0));
  EXPECT_EQ(limiter.Admit(1, 1050), std::nullopt);
  EXPECT_EQ(limiter.Admit(2, 1050), std::optional<uint64_t>(0));
  EXPECT_EQ(limiter.Admit(1, 1099), std::nullopt);
  EXPECT_EQ(limiter.Admit(1, 1100), std::optional<uint64_t>(2));
  EXPECT_EQ(limiter.Admit(1, 1300), std::optional<uint64_t>(0));
}

TEST(RateLimiterTest, ManyKindsShareOnePlace) {
  RateLimiter limiter(100);
  uint64_t admitted = 0;
  for (uint64_t key = 0; key < 100'000; ++key) {
    if (limiter.Admit(key, 1000).has_value()) ++admitted;
  }
  EXPECT_EQ(admitted, RateLimiter::kMaxKeys + 1);
  // A period later there are places again.
  EXPECT_EQ(limiter.Admit(77'777, 1100), std::optional<uint64_t>(0));
}

}  // namespace
}  // namespace quorate::server
