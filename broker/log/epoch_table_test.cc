#include "broker/log/epoch_table.h"

#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

using End = EpochTable::End;

EpochTable Some() {
  EpochTable table;
  table.Add(2, 0);
  table.Add(2, 5);
  table.Add(5, 10);
  table.Add(6, 20);
  return table;
}

TEST(EpochTableTest, FindsWhereAnEpochEnds) {
  const EpochTable table = Some();
  EXPECT_EQ(table.last_epoch(), 6);
  EXPECT_EQ(table.EndFor(1, 30), (End{-1, 0}));
  EXPECT_EQ(table.EndFor(2, 30), (End{2, 10}));
  EXPECT_EQ(table.EndFor(4, 30), (End{2, 10}));
  EXPECT_EQ(table.EndFor(5, 30), (End{5, 20}));
  EXPECT_EQ(table.EndFor(9, 30), (End{6, 30}));
  EXPECT_EQ(EpochTable().EndFor(9, 7), (End{-1, 7}));
  EXPECT_EQ(EpochTable().last_epoch(), -1);
}

TEST(EpochTableTest, ForgetsWhatIsCut) {
  EpochTable table = Some();
  table.TruncateTo(20);
  EXPECT_EQ(table.last_epoch(), 5);
  table.TruncateTo(11);
  EXPECT_EQ(table.last_epoch(), 5);
  table.TruncateTo(0);
  EXPECT_EQ(table.last_epoch(), -1);
}

TEST(EpochTableTest, KeepsTheEpochWhereTheLogBegins) {
  EpochTable table = Some();
  table.AdvanceStart(15);
  EXPECT_EQ(table.EndFor(2, 30), (End{-1, 15}));
  EXPECT_EQ(table.EndFor(5, 30), (End{5, 20}));
  table.AdvanceStart(40);
  EXPECT_EQ(table.EndFor(6, 40), (End{6, 40}));
}

}  // namespace
}  // namespace quorate::broker
