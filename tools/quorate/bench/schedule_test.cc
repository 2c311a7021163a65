#include "tools/quorate/bench/schedule.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace quorate::tools {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TEST(ScheduleTest, KeepsItsRateHoweverLateItIsAsked) {
  Schedule schedule(/*start_ns=*/5 * kSecond, /*rate=*/1000, 0, 1);
  for (int64_t i = 0; i < 10'000; ++i) {
    ASSERT_EQ(schedule.Next(), 5 * kSecond + i * kSecond / 1000);
    schedule.Advance();
  }
}

TEST(ScheduleTest, RoundingDoesNotAddUp) {
  Schedule schedule(0, /*rate=*/3, 0, 1);
  for (int i = 0; i < 3 * 3600; ++i) schedule.Advance();
  EXPECT_NEAR(static_cast<double>(schedule.Next()), 3600.0 * kSecond, 1000);
}

TEST(ScheduleTest, ThreadsTakeTurns) {
  std::vector<int64_t> instants;
  for (int64_t index = 0; index < 4; ++index) {
    Schedule schedule(0, 1000, index, 4);
    EXPECT_EQ(schedule.Next(), index * kSecond / 1000);
    schedule.Advance();
    EXPECT_EQ(schedule.Next(), (index + 4) * kSecond / 1000);
  }
}

TEST(ScheduleTest, TellsHowManyAreLeft) {
  for (const double rate : {1.0, 3.0, 1000.0, 33'333.0}) {
    SCOPED_TRACE(rate);
    int64_t all = 0;
    for (int64_t index = 0; index < 3; ++index) {
      Schedule schedule(7, rate, index, 3);
      all += schedule.LeftBefore(7 + 10 * kSecond);
      for (int64_t left = schedule.LeftBefore(7 + 10 * kSecond); left > 0;
           --left) {
        ASSERT_LT(schedule.Next(), 7 + 10 * kSecond);
        schedule.Advance();
      }
      EXPECT_GE(schedule.Next(), 7 + 10 * kSecond);
      EXPECT_EQ(schedule.LeftBefore(7 + 10 * kSecond), 0);
    }
    EXPECT_EQ(all, static_cast<int64_t>(10 * rate));
  }
}

}  // namespace
}  // namespace quorate::tools
