#include "coord/consensus/limits.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;

// Limits in which no bound depends on another one's value.
Limits Base() {
  Limits limits;
  limits.contact_ms = 50;
  limits.dead_ms = kDayMs;
  return limits;
}

// Expects `field` to take exactly the values from `low` to `high`, and the
// error to name it, its range and what was found.
template <typename T>
void ExpectRange(T Limits::*field, const std::string& name, T low, T high) {
  for (T value : {low, high}) {
    Limits limits = Base();
    limits.*field = value;
    EXPECT_TRUE(ValidateLimits(limits).ok()) << name << " " << value;
  }
  for (T value : {static_cast<T>(low - 1), static_cast<T>(high + 1)}) {
    Limits limits = Base();
    limits.*field = value;
    const absl::Status status = ValidateLimits(limits);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    const std::string text(status.message());
    EXPECT_NE(text.find(name + " must be from " + std::to_string(low) + " to " +
                        std::to_string(high) + "; found "),
              std::string::npos)
        << text;
  }
}

TEST(LimitsTest, DefaultsAreValid) {
  EXPECT_TRUE(ValidateLimits(Limits()).ok());
  EXPECT_TRUE(ValidateLimits(Base()).ok());
}

TEST(LimitsTest, EachIsKeptWithinItsRange) {
  ExpectRange<int64_t>(&Limits::stabilisation_ms, "stabilisation_ms", 1'000,
                       kDayMs);
  ExpectRange<int64_t>(&Limits::promotion_distance_ms, "promotion_distance_ms",
                       1'000, kDayMs);
  ExpectRange<int64_t>(&Limits::contact_ms, "contact_ms", 50, 60'000);
  ExpectRange<int64_t>(&Limits::dead_ms, "dead_ms", 500, kDayMs);
  ExpectRange<int64_t>(&Limits::max_fsync_ms, "max_fsync_ms", 1, 60'000);
  ExpectRange<uint32_t>(&Limits::max_learners, "max_learners", 1, kMaxLearners);
  ExpectRange<uint32_t>(&Limits::max_snapshot_transfers,
                        "max_snapshot_transfers", 1, 64);
  ExpectRange<uint32_t>(&Limits::min_voters, "min_voters", 1, kMaxVoters);
}

TEST(LimitsTest, LagMayBeNothingAtAllButNotEverything) {
  Limits limits;
  limits.max_lag_records = 0;
  limits.max_lag_bytes = 0;
  EXPECT_TRUE(ValidateLimits(limits).ok());
  for (uint64_t value : {uint64_t{1'000'001}, UINT64_MAX}) {
    limits = Limits();
    limits.max_lag_records = value;
    EXPECT_FALSE(ValidateLimits(limits).ok()) << value;
  }
  for (uint64_t value : {(uint64_t{1} << 30) + 1, UINT64_MAX}) {
    limits = Limits();
    limits.max_lag_bytes = value;
    EXPECT_FALSE(ValidateLimits(limits).ok()) << value;
  }
}

TEST(LimitsTest, NobodyIsDeadWhileInContact) {
  Limits limits;
  limits.contact_ms = 4'000;
  limits.dead_ms = 4'000;
  EXPECT_TRUE(ValidateLimits(limits).ok());
  limits.dead_ms = 3'999;
  EXPECT_FALSE(ValidateLimits(limits).ok());
}

TEST(LimitsTest, AutomaticRemovalNeedsATimeInWhichOneCanRestart) {
  Limits limits;
  EXPECT_FALSE(limits.auto_promote);
  EXPECT_FALSE(limits.auto_remove_dead);
  limits.auto_promote = true;
  EXPECT_TRUE(ValidateLimits(limits).ok());
  limits.auto_remove_dead = true;
  limits.dead_ms = limits.stabilisation_ms;
  EXPECT_TRUE(ValidateLimits(limits).ok());
  limits.dead_ms = limits.stabilisation_ms - 1;
  const absl::Status status = ValidateLimits(limits);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("dead_ms"), std::string::npos) << status;
}

}  // namespace
}  // namespace quorate::consensus
