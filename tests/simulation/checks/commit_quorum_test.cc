#include "tests/simulation/checks/commit_quorum.h"

#include <memory>

#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

using consensus::Configuration;
using consensus::DurableState;
using consensus::Zxid;

class CommitQuorumTest : public testing::Test {
 protected:
  // Member `id` starts with NEWLEADER of epoch 1 and `txns` txns on its disk.
  void Add(uint64_t id, uint32_t txns) {
    DurableState disk = DiskOf(id, Founding({1, 2, 3}));
    disk.log.push_back(NewLeader(1));
    for (uint32_t i = 1; i <= txns; ++i) disk.log.push_back(Txn(Zxid(1, i)));
    const auto core = Start(disk);
    check_.OnStart(View(static_cast<int>(id), *core), disk);
  }
  size_t Violations() const { return check_.violations().size(); }

  CommitQuorum check_;
};

TEST_F(CommitQuorumTest, CountsDisks) {
  Add(1, 5);
  Add(2, 3);
  Add(3, 1);
  EXPECT_TRUE(check_.IsOnQuorum(Founding({1, 2, 3}), Zxid(1, 3)));
  EXPECT_FALSE(check_.IsOnQuorum(Founding({1, 2, 3}), Zxid(1, 4)));
  EXPECT_FALSE(check_.IsOnQuorum(Founding({1, 2, 3}), Zxid(2, 0)));
}

TEST_F(CommitQuorumTest, CountsEachSideOfAJointConfiguration) {
  Add(1, 5);
  Add(2, 1);
  Add(3, 1);
  Add(4, 5);
  // {1 4} <- {1 2 3}: all of the new side, one of three of the old.
  const Configuration joint =
      Joint(WithLearners(Founding({1, 2, 3}), {4}), {4}, {2, 3});
  EXPECT_TRUE(check_.IsOnQuorum(joint, Zxid(1, 1)));
  EXPECT_FALSE(check_.IsOnQuorum(joint, Zxid(1, 5)));
}

TEST_F(CommitQuorumTest, CountsWhatWasOnADiskBeforeItWasCopiedBack) {
  Add(1, 5);
  Add(2, 5);
  Add(3, 0);
  Add(2, 1);
  EXPECT_TRUE(check_.IsOnQuorum(Founding({1, 2, 3}), Zxid(1, 5)));
}

TEST_F(CommitQuorumTest, RejectsALeaderThatCommitsWhatIsNotOnItsDisk) {
  const DurableState disk = DiskOf(1, Founding({1}));
  const auto before = Start(disk);
  const auto leader = StartLeader(disk);
  ASSERT_EQ(leader->commit().epoch(), leader->epoch());
  check_.OnStart(View(1, *before), disk);
  check_.OnOutput(View(1, *leader), {});
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(CommitQuorumTest, AcceptsALeaderThatCommitsWhatIsOnItsDisk) {
  DurableState disk = DiskOf(1, Founding({1}));
  const auto before = Start(disk);
  const auto leader = StartLeader(disk);
  check_.OnStart(View(1, *before), disk);
  disk.log.push_back(NewLeader(leader->epoch()));
  disk.log.push_back(Txn(leader->commit()));
  check_.OnDurable(View(1, *leader), disk);
  check_.OnOutput(View(1, *leader), {});
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(CommitQuorumTest, RejectsAFollowerAheadOfAllLeaders) {
  DurableState disk = DiskOf(1, Founding({1, 2, 3}));
  const auto before = Start(disk);
  check_.OnStart(View(1, *before), disk);
  disk.snapshot = consensus::SnapshotMeta{
      Zxid(0, 1), disk.log.front().configuration, Zxid(0, 1), 1};
  const auto after = Start(disk);
  ASSERT_GT(after->commit(), before->commit());
  check_.OnOutput(View(1, *after), {});
  EXPECT_EQ(Violations(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
