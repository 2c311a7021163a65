#include "tests/simulation/checks/one_vote.h"

#include <memory>

#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

class OneVoteTest : public testing::Test {
 protected:
  OneVoteTest() { check_.OnStart(View(0, *core_), disk_); }

  void Grant(uint64_t candidate, consensus::Epoch epoch) {
    check_.OnOutput(
        View(0, *core_),
        Sends(Message(1, candidate, consensus::VoteReply{epoch, true, epoch})));
  }
  void Sync(uint64_t candidate, consensus::Epoch epoch) {
    disk_.hard_state.accepted_epoch = epoch;
    disk_.hard_state.voted_for = Key(candidate);
    check_.OnDurable(View(0, *core_), disk_);
  }
  size_t Violations() const { return check_.violations().size(); }

  consensus::DurableState disk_ = DiskOf(1, Founding({1, 2, 3}));
  std::unique_ptr<consensus::Core> core_ = Start(disk_);
  OneVote check_;
};

TEST_F(OneVoteTest, AcceptsOneVoteAnEpochRepeatedAtWill) {
  Sync(2, 1);
  Grant(2, 1);
  Grant(2, 1);
  Sync(3, 2);
  Grant(3, 2);
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(OneVoteTest, RejectsTwoVotesSent) {
  Grant(2, 1);
  Grant(3, 1);
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(OneVoteTest, RejectsAnotherVoteAfterARestart) {
  Sync(2, 1);
  check_.OnStart(View(0, *core_), disk_);
  Sync(3, 1);
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(OneVoteTest, RejectsAVoteForItselfAndForAnother) {
  Sync(1, 4);
  Grant(3, 4);
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(OneVoteTest, DoesNotBlameTheCoreForACopiedBackDisk) {
  Sync(2, 1);
  const consensus::DurableState copy = disk_;
  Sync(2, 5);
  disk_ = copy;
  check_.OnStart(View(0, *core_), disk_);
  Sync(3, 5);
  EXPECT_EQ(Violations(), 0u);
  Grant(3, 1);  // that one the copy remembers
  EXPECT_EQ(Violations(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
