#include "tools/quorate/bench/process_usage.h"

#include <unistd.h>

#include <optional>

#include "gtest/gtest.h"

namespace quorate::tools {
namespace {

constexpr char kStat[] =
    "4711 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 250 150 13 14 15 16 17 18 19 20";

TEST(ProcessUsageTest, ReadsWhatTheKernelWrites) {
  const std::optional<ProcessUsage> usage =
      ParseUsage(kStat, "900 20 3 4 5 6 7\n", 100, 4096);
  ASSERT_TRUE(usage.has_value());
  EXPECT_DOUBLE_EQ(usage->cpu_seconds, 4.0);
  EXPECT_EQ(usage->rss_bytes, 20 * 4096);
}

TEST(ProcessUsageTest, MalformedTextsAreNothing) {
  EXPECT_EQ(ParseUsage("", "", 100, 4096), std::nullopt);
  EXPECT_EQ(ParseUsage("1 (x) S 1 2", "1 2", 100, 4096), std::nullopt);
  EXPECT_EQ(ParseUsage(kStat, "900", 100, 4096), std::nullopt);
  EXPECT_EQ(ParseUsage(kStat, "900 x", 100, 4096), std::nullopt);
}

TEST(ProcessUsageTest, KnowsThisProcess) {
  const std::optional<ProcessUsage> usage = UsageOf(getpid());
  ASSERT_TRUE(usage.has_value());
  EXPECT_GT(usage->rss_bytes, 0);
  EXPECT_EQ(UsageOf(0), std::nullopt);
}

}  // namespace
}  // namespace quorate::tools
