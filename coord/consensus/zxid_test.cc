#include "coord/consensus/zxid.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

TEST(ZxidTest, EpochStandsAboveTheCounter) {
  const Zxid zxid(3, 17);
  EXPECT_EQ(zxid.value(), (uint64_t{3} << 32) + 17);
  EXPECT_EQ(zxid.epoch(), 3u);
  EXPECT_EQ(zxid.counter(), 17u);
  EXPECT_EQ(Zxid::FromValue(zxid.value()), zxid);
  EXPECT_EQ(ToString(zxid), "3:17");
}

TEST(ZxidTest, RanksByEpochThenCounter) {
  EXPECT_LT(Zxid(3, 17), Zxid(3, 18));
  EXPECT_LT(Zxid(3, UINT32_MAX), Zxid(4, 0));
  EXPECT_LT(Zxid(), kFoundingZxid);
  EXPECT_LT(kFoundingZxid, Zxid(1, 0));
}

TEST(ZxidTest, ExtremesSurviveTheRoundTrip) {
  const Zxid highest(UINT32_MAX, UINT32_MAX);
  EXPECT_EQ(Zxid::FromValue(UINT64_MAX), highest);
  EXPECT_EQ(highest.value(), UINT64_MAX);
}

TEST(ZxidTest, NextStaysInTheEpoch) {
  EXPECT_EQ(Zxid(3, 17).Next(), Zxid(3, 18));
  EXPECT_EQ(Zxid().Next(), kFoundingZxid);
}

TEST(ZxidTest, NoneIsNoRecord) {
  EXPECT_TRUE(Zxid().IsNone());
  EXPECT_FALSE(kFoundingZxid.IsNone());
  EXPECT_FALSE(Zxid(1, 0).IsNone());
}

}  // namespace
}  // namespace quorate::consensus
