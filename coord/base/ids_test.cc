#include "coord/base/ids.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace quorate {
namespace {

TEST(IdsTest, DefaultNamesNobody) {
  EXPECT_TRUE(MemberId().IsNone());
  EXPECT_TRUE(Incarnation().IsNone());
  EXPECT_TRUE(MemberKey().IsNone());
  EXPECT_TRUE(EnsembleId().IsNone());
}

TEST(IdsTest, AnyBitNamesSomebody) {
  EXPECT_FALSE(MemberId{1}.IsNone());
  EXPECT_FALSE(Incarnation{1}.IsNone());
  EXPECT_FALSE((EnsembleId{0, 1}).IsNone());
  EXPECT_FALSE((EnsembleId{1, 0}).IsNone());
}

TEST(IdsTest, IncarnationsOfOneIdDiffer) {
  const MemberKey first = {{3}, {7}};
  const MemberKey second = {{3}, {8}};
  EXPECT_NE(first, second);
  EXPECT_LT(first, second);
  EXPECT_LT(second, (MemberKey{{4}, {0}}));
}

TEST(IdsTest, EnsembleIdsDifferInEitherHalf) {
  const EnsembleId id = {5, 6};
  EXPECT_NE(id, (EnsembleId{5, 7}));
  EXPECT_NE(id, (EnsembleId{4, 6}));
  EXPECT_EQ(id, (EnsembleId{5, 6}));
}

TEST(IdsTest, TextHasAFixedWidthForRandomBits) {
  EXPECT_EQ(ToString(MemberId{3}), "3");
  EXPECT_EQ(ToString(MemberId{UINT64_MAX}), "18446744073709551615");
  EXPECT_EQ(ToString(Incarnation{0xa7}), "00000000000000a7");
  EXPECT_EQ(ToString(MemberKey{{3}, {0xa7}}), "3/00000000000000a7");
  EXPECT_EQ(ToString(EnsembleId{0x12, 0xfe}),
            "000000000000001200000000000000fe");
}

}  // namespace
}  // namespace quorate
