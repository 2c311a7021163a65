#include "tests/simulation/checks/history.h"

#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

using consensus::DurableState;
using consensus::Zxid;

TEST(History, HoldsWhatWasAppended) {
  History history;
  EXPECT_TRUE(history.Contains(Zxid()));
  EXPECT_FALSE(history.Contains(Zxid(1, 0)));
  for (Zxid zxid : {Zxid(1, 0), Zxid(1, 1), Zxid(3, 0)}) history.Append(zxid);
  EXPECT_TRUE(history.Contains(Zxid(1, 1)));
  EXPECT_FALSE(history.Contains(Zxid(1, 2)));
  EXPECT_FALSE(history.Contains(Zxid(2, 0)));
  EXPECT_TRUE(history.Contains(Zxid(3, 0)));
  EXPECT_EQ(history.last(), Zxid(3, 0));
  EXPECT_EQ(history.runs().size(), 2u);
}

TEST(History, TruncatesWithinARunAndAcrossRuns) {
  History history;
  for (uint32_t i = 0; i < 5; ++i) history.Append(Zxid(1, i));
  for (uint32_t i = 0; i < 5; ++i) history.Append(Zxid(2, i));
  history.TruncateAfter(Zxid(2, 1));
  EXPECT_EQ(history.last(), Zxid(2, 1));
  history.TruncateAfter(Zxid(1, 3));
  EXPECT_EQ(history.last(), Zxid(1, 3));
  EXPECT_FALSE(history.Contains(Zxid(1, 4)));
}

TEST(History, CountsWhatASnapshotCovers) {
  History history;
  history.Reset(Zxid(2, 7));
  EXPECT_TRUE(history.Contains(Zxid(1, 3)));
  EXPECT_EQ(history.last(), Zxid(2, 7));
  history.Append(Zxid(2, 8));
  EXPECT_EQ(history.last(), Zxid(2, 8));
}

TEST(History, FollowsADisk) {
  DurableState disk;
  History history;
  EXPECT_EQ(history.FollowDisk(disk), 0u);
  disk.log = {Txn(Zxid(1, 1)), Txn(Zxid(1, 2))};
  EXPECT_EQ(history.FollowDisk(disk), 0u);
  disk.log.push_back(Txn(Zxid(1, 3)));
  EXPECT_EQ(history.FollowDisk(disk), 2u);
  // Cut, and a later epoch's records put there, in one sync.
  disk.log = {Txn(Zxid(1, 1)), NewLeader(2), Txn(Zxid(2, 1))};
  EXPECT_EQ(history.FollowDisk(disk), 1u);
  EXPECT_FALSE(history.Contains(Zxid(1, 2)));
  EXPECT_TRUE(history.Contains(Zxid(2, 1)));
  // Compacted.
  disk.log_base = Zxid(2, 0);
  disk.log = {Txn(Zxid(2, 1))};
  EXPECT_EQ(history.FollowDisk(disk), 1u);
  EXPECT_EQ(history.base(), Zxid(2, 0));
  // Replaced by a snapshot further on.
  disk.log_base = Zxid(4, 4);
  disk.log.clear();
  EXPECT_EQ(history.FollowDisk(disk), 0u);
  EXPECT_EQ(history.last(), Zxid(4, 4));
}

TEST(History, FollowsADiskThatEndsLowerThanBefore) {
  // One sync cut off what another leader had written, and appended less.
  DurableState disk;
  History history;
  disk.log = {NewLeader(1), Txn(Zxid(1, 1)), NewLeader(3), Txn(Zxid(3, 1))};
  history.FollowDisk(disk);
  disk.log = {NewLeader(1), Txn(Zxid(1, 1)), Txn(Zxid(1, 2))};
  EXPECT_EQ(history.FollowDisk(disk), 2u);
  EXPECT_EQ(history.last(), Zxid(1, 2));
  EXPECT_FALSE(history.Contains(Zxid(3, 0)));
}

TEST(History, FollowsALog) {
  History history;
  consensus::Output output;
  output.append = {Txn(Zxid(1, 1)), Txn(Zxid(1, 2))};
  history.FollowLog(output);
  output.truncate_after = Zxid(1, 1);
  output.append = {NewLeader(2)};
  history.FollowLog(output);
  EXPECT_TRUE(history.Contains(Zxid(1, 1)));
  EXPECT_FALSE(history.Contains(Zxid(1, 2)));
  EXPECT_EQ(history.last(), Zxid(2, 0));
}

}  // namespace
}  // namespace quorate::simulation
