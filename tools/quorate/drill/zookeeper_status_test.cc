#include "tools/quorate/drill/zookeeper_status.h"

#include "gtest/gtest.h"
#include "tools/quorate/drill/record.h"

namespace quorate::tools {
namespace {

TEST(SrvrTest, ShowsALeader) {
  const View view = ParseSrvr(7,
                              "Zookeeper version: 3.8.0, built on 2024-12-29\n"
                              "Latency min/avg/max: 0/0.0/0\n"
                              "Connections: 1\n"
                              "Zxid: 0x300000011\n"
                              "Mode: leader\n"
                              "Node count: 5\n");
  EXPECT_EQ(view.id, 7u);
  EXPECT_TRUE(view.answers);
  EXPECT_TRUE(view.serving);
  EXPECT_TRUE(view.leads());
  EXPECT_EQ(view.epoch, 3u);
}

TEST(SrvrTest, ShowsAFollower) {
  const View view = ParseSrvr(1, "Zxid: 0x0\nMode: follower\n");
  EXPECT_TRUE(view.serving);
  EXPECT_FALSE(view.leads());
  EXPECT_EQ(view.role, "follower");
}

TEST(SrvrTest, ShowsOneThatServesNobody) {
  const View view = ParseSrvr(
      4, "This ZooKeeper instance is not currently serving requests\n");
  EXPECT_TRUE(view.answers);
  EXPECT_FALSE(view.serving);
  EXPECT_EQ(view.role, "looking");
}

TEST(SrvrTest, ShowsNothingOfOtherText) {
  for (const char* text : {"", "Zxid: 0xzz\n",
                           "srvr is not executed because "
                           "it is not in the whitelist.\n"}) {
    const View view = ParseSrvr(1, text);
    EXPECT_FALSE(view.answers) << text;
    EXPECT_FALSE(view.serving) << text;
  }
}

}  // namespace
}  // namespace quorate::tools
