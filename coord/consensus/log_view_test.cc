#include "coord/consensus/log_view.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coord/base/bytes.h"
#include "coord/consensus/message.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

Record RecordAt(Zxid zxid, size_t payload_bytes = 0) {
  Record record;
  record.zxid = zxid;
  record.payload = MakeBytes(std::string(payload_bytes, 'x'));
  return record;
}

// 0:1, 1:0 to 1:3, 4:0 to 4:2; each counts 100 bytes.
LogView ThreeEpochs() {
  LogView log;
  for (Zxid zxid : {Zxid(0, 1), Zxid(1, 0), Zxid(1, 1), Zxid(1, 2), Zxid(1, 3),
                    Zxid(4, 0), Zxid(4, 1), Zxid(4, 2)}) {
    log.Append(RecordAt(zxid, 100 - Record::kOverheadBytes));
  }
  return log;
}

TEST(LogViewTest, EmptyOneHoldsOnlyItsBase) {
  for (Zxid base : {Zxid(), Zxid(3, 7)}) {
    const LogView log(base);
    EXPECT_TRUE(log.empty());
    EXPECT_EQ(log.last(), base);
    EXPECT_TRUE(log.Contains(base));
    EXPECT_EQ(log.After(base), nullptr);
    EXPECT_EQ(log.RecordsAfter(base), 0u);
    EXPECT_TRUE(log.Runs().empty());
  }
}

TEST(LogViewTest, KnowsWhatFollows) {
  LogView log;
  EXPECT_TRUE(log.Follows(kFoundingZxid));
  EXPECT_FALSE(log.Follows(Zxid()));
  EXPECT_FALSE(log.Follows(Zxid(0, 2)));
  log = LogView(Zxid(3, 7));
  EXPECT_TRUE(log.Follows(Zxid(3, 8)));
  EXPECT_TRUE(log.Follows(Zxid(4, 0)));
  EXPECT_TRUE(log.Follows(Zxid(9, 0)));
  EXPECT_FALSE(log.Follows(Zxid(3, 7)));
  EXPECT_FALSE(log.Follows(Zxid(3, 9)));
  EXPECT_FALSE(log.Follows(Zxid(3, 0)));
  EXPECT_FALSE(log.Follows(Zxid(4, 1)));
  EXPECT_FALSE(log.Follows(Zxid(2, 0)));
}

TEST(LogViewTest, HighestCounterHasNoSuccessor) {
  LogView log(Zxid(3, UINT32_MAX));
  EXPECT_FALSE(log.Follows(Zxid(3, 0)));
  EXPECT_TRUE(log.Follows(Zxid(4, 0)));
  log.Append(RecordAt(Zxid(4, 0)));
  EXPECT_EQ(log.RecordsAfter(Zxid(3, UINT32_MAX)), 1u);
}

TEST(LogViewTest, MapsZxidsAcrossEpochs) {
  const LogView log = ThreeEpochs();
  EXPECT_EQ(log.size(), 8u);
  EXPECT_EQ(log.last(), Zxid(4, 2));
  EXPECT_EQ(log.Get(Zxid(1, 3)).zxid, Zxid(1, 3));
  EXPECT_EQ(log.After(Zxid(1, 3))->zxid, Zxid(4, 0));
  EXPECT_EQ(log.After(Zxid())->zxid, Zxid(0, 1));
  EXPECT_EQ(log.After(Zxid(4, 2)), nullptr);
  EXPECT_EQ(log.RecordsAfter(Zxid(1, 2)), 4u);
  EXPECT_EQ(log.BytesAfter(Zxid(1, 2)), 400u);
  EXPECT_EQ(log.BytesAfter(Zxid()), 800u);
  for (Zxid absent : {Zxid(0, 2), Zxid(1, 4), Zxid(2, 0), Zxid(3, 1),
                      Zxid(4, 3), Zxid(5, 0)}) {
    EXPECT_FALSE(log.Contains(absent)) << ToString(absent);
  }
}

TEST(LogViewTest, RunsTellTheEpochs) {
  LogView log = ThreeEpochs();
  EXPECT_EQ(log.Runs(),
            (std::vector<EpochRun>{{0, 1, 1}, {1, 0, 3}, {4, 0, 2}}));
  log.CompactTo(Zxid(1, 1));
  EXPECT_EQ(log.Runs(), (std::vector<EpochRun>{{1, 2, 3}, {4, 0, 2}}));
  log.CompactTo(Zxid(1, 3));
  EXPECT_EQ(log.Runs(), (std::vector<EpochRun>{{4, 0, 2}}));
  log.TruncateAfter(Zxid(4, 0));
  EXPECT_EQ(log.Runs(), (std::vector<EpochRun>{{4, 0, 0}}));
  log.TruncateAfter(Zxid(1, 3));
  EXPECT_TRUE(log.Runs().empty());
  EXPECT_EQ(log.last(), Zxid(1, 3));
  EXPECT_EQ(log.size_bytes(), 0u);
}

TEST(LogViewTest, TruncatedPartMayBeWrittenAnew) {
  LogView log = ThreeEpochs();
  log.TruncateAfter(Zxid(1, 1));
  EXPECT_FALSE(log.Contains(Zxid(1, 2)));
  log.Append(RecordAt(Zxid(5, 0)));
  EXPECT_EQ(log.After(Zxid(1, 1))->zxid, Zxid(5, 0));
  EXPECT_EQ(log.Runs(),
            (std::vector<EpochRun>{{0, 1, 1}, {1, 0, 1}, {5, 0, 0}}));
}

TEST(LogViewTest, CompactionChangesNoAnswerAboveIt) {
  LogView log = ThreeEpochs();
  log.CompactTo(Zxid(1, 2));
  EXPECT_EQ(log.base(), Zxid(1, 2));
  EXPECT_EQ(log.size(), 4u);
  EXPECT_EQ(log.size_bytes(), 400u);
  EXPECT_TRUE(log.Contains(Zxid(1, 2)));
  EXPECT_FALSE(log.Contains(Zxid(1, 1)));
  EXPECT_EQ(log.After(Zxid(1, 2))->zxid, Zxid(1, 3));
  EXPECT_EQ(log.BytesAfter(Zxid(4, 0)), 200u);
  log.CompactTo(Zxid(1, 2));  // again: nothing
  EXPECT_EQ(log.size(), 4u);
  log.CompactTo(Zxid(4, 2));
  EXPECT_TRUE(log.empty());
  log.Append(RecordAt(Zxid(4, 3)));
  EXPECT_EQ(log.Runs(), (std::vector<EpochRun>{{4, 3, 3}}));
}

TEST(LogViewTest, ResetForgetsAll) {
  LogView log = ThreeEpochs();
  log.Reset(Zxid(9, 5));
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(log.base(), Zxid(9, 5));
  EXPECT_FALSE(log.Contains(Zxid(4, 2)));
  EXPECT_TRUE(log.Follows(Zxid(9, 6)));
}

TEST(LogViewTest, CopiesUpToABoundButAtLeastOne) {
  const LogView log = ThreeEpochs();
  std::vector<Record> out;
  EXPECT_EQ(log.CopyAfter(Zxid(1, 2), 300, out), 300u);
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out[0].zxid, Zxid(1, 3));
  EXPECT_EQ(out[2].zxid, Zxid(4, 1));
  out.clear();
  EXPECT_EQ(log.CopyAfter(Zxid(1, 2), 299, out), 200u);
  out.clear();
  EXPECT_EQ(log.CopyAfter(Zxid(1, 2), 0, out), 100u);
  EXPECT_EQ(out.size(), 1u);
  EXPECT_EQ(log.CopyAfter(Zxid(4, 2), 1'000, out), 0u);
  EXPECT_EQ(log.CopyAfter(Zxid(4, 1), 1'000, out), 100u);
  EXPECT_EQ(out.size(), 2u);  // appended to what was there
}

TEST(LogViewTest, PayloadsAreShared) {
  const LogView log = ThreeEpochs();
  std::vector<Record> out;
  log.CopyAfter(Zxid(4, 1), 1'000, out);
  EXPECT_EQ(out[0].payload.get(), log.Get(Zxid(4, 2)).payload.get());
}

TEST(LogViewTest, CompactionPointKeepsEnough) {
  const LogView log = ThreeEpochs();
  const Zxid end(4, 2);
  EXPECT_EQ(log.CompactionPoint(end, 0), Zxid(4, 2));
  EXPECT_EQ(log.CompactionPoint(end, 1), Zxid(4, 1));
  EXPECT_EQ(log.CompactionPoint(end, 100), Zxid(4, 1));
  EXPECT_EQ(log.CompactionPoint(end, 101), Zxid(4, 0));
  EXPECT_EQ(log.CompactionPoint(end, 700), Zxid(0, 1));
  EXPECT_EQ(log.CompactionPoint(end, 701), Zxid());
  EXPECT_EQ(log.CompactionPoint(Zxid(1, 2), 0), Zxid(1, 2));
  EXPECT_EQ(log.CompactionPoint(Zxid(2, 9), 0), Zxid(1, 3));
  EXPECT_EQ(log.CompactionPoint(Zxid(), 0), Zxid());
}

TEST(LogViewTest, NoRunHoldsTheEmptyHistory) {
  EXPECT_EQ(LogView().LastCommon(Zxid(), {}), Zxid());
  // A broken message: 0:0 is no record.
  EXPECT_EQ(LogView().LastCommon(Zxid(9, 9), {{0, 0, 3}}), std::nullopt);
}

TEST(LogViewDeathTest, RefusesWhatItDoesNotHold) {
  LogView log = ThreeEpochs();
  EXPECT_DEATH(log.Append(RecordAt(Zxid(4, 4))), "Follows");
  EXPECT_DEATH(log.TruncateAfter(Zxid(2, 0)), "check failed");
  EXPECT_DEATH(log.CompactTo(Zxid(1, 4)), "check failed");
  EXPECT_DEATH(log.Get(Zxid()), "check failed");
  EXPECT_DEATH(log.After(Zxid(3, 0)), "check failed");
}

}  // namespace
}  // namespace quorate::consensus
