#include "coord/tree/quota.h"

#include "gtest/gtest.h"

namespace quorate::tree {
namespace {

TEST(QuotaTest, ParsesWhatZooKeeperWrites) {
  EXPECT_EQ(ParseQuotaLimits("count=4,bytes=5=;byteHardLimit=6;"
                             "countHardLimit=7"),
            (QuotaLimits{4, 5, 7, 6}));
  EXPECT_EQ(ParseQuotaLimits("count=4,bytes=-1"), (QuotaLimits{4, -1, -1, -1}));
  EXPECT_EQ(ParseQuotaLimits("count=,other=8"), QuotaLimits());
  EXPECT_EQ(ParseQuotaLimits(""), QuotaLimits());
}

TEST(QuotaTest, RefusesMalformedLimits) {
  for (const char* text : {"count", "count=x", "count=1,bytes", "count=1x",
                           "bytes=99999999999999999999"}) {
    EXPECT_FALSE(ParseQuotaLimits(text).has_value()) << text;
  }
}

TEST(QuotaTest, NamesItsZnodes) {
  EXPECT_EQ(QuotaLimitsPath("/a/b"), "/zookeeper/quota/a/b/zookeeper_limits");
  EXPECT_EQ(PathOfQuotaLimits("/zookeeper/quota/a/b/zookeeper_limits"), "/a/b");
  EXPECT_EQ(PathOfQuotaStats(QuotaStatsPath("/a")), "/a");
  for (const char* path :
       {"/zookeeper/quota/zookeeper_limits", "/zookeeper_limits",
        "/zookeeper/quota/a/zookeeper_stats", "/zookeeper/quota/a",
        "/zookeeper/quota/zookeeper/zookeeper_limits",
        "/zookeeper/quota/zookeeper/quota/zookeeper_limits",
        "/zookeeper/quotas/a/zookeeper_limits", "/zookeeper/quota"}) {
    EXPECT_EQ(PathOfQuotaLimits(path), "") << path;
  }
}

TEST(QuotaTest, JudgesWhatChanges) {
  const QuotaLimits soft = {2, 10, -1, -1};
  const QuotaLimits hard = {1, 1, 2, 10};
  using enum QuotaVerdict;
  const struct {
    QuotaLimits limits;
    QuotaUsage used;
    QuotaUsage change;
    QuotaVerdict verdict;
  } cases[] = {
      {{}, {100, 100}, {1, 1}, kWithin},
      {soft, {1, 9}, {1, 1}, kWithin},
      {soft, {2, 9}, {1, 1}, kOverSoft},
      {soft, {1, 10}, {1, 1}, kOverSoft},
      {soft, {9, 99}, {0, 0}, kWithin},
      {hard, {1, 9}, {1, 1}, kWithin},  // the soft limit does not count
      {hard, {2, 0}, {1, 0}, kOverHard},
      {hard, {0, 10}, {0, 1}, kOverHard},
      {hard, {9, 9}, {0, 1}, kWithin},
      {hard, {0, 20}, {0, -5}, kOverHard},  // still too much, as ZooKeeper
      {{-1, -1, 0, -1}, {0, 0}, {1, 0}, kOverHard},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(JudgeQuota(each.limits, each.used, each.change), each.verdict)
        << &each - cases;
  }
}

}  // namespace
}  // namespace quorate::tree
