#include "tests/simulation/checks/leader_stickiness.h"

#include <memory>

#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

// A follower of member 2 in epoch 3.
class LeaderStickinessTest : public testing::Test {
 protected:
  LeaderStickinessTest() {
    check_.OnStart(View(0, *core_), DiskOf(1, Founding({1, 2, 3})));
    Deliver(Message(2, 1, consensus::Heartbeat{3, {}, 0, 0}));
    core_->TakeOutput();
  }

  void Deliver(const consensus::Envelope& envelope) {
    check_.OnMessage(View(0, *core_), envelope);
    core_->Step(envelope);
    check_.OnMessageDone(View(0, *core_), envelope);
  }
  // What a core that does not hold to its leader would answer.
  void Grant() {
    check_.OnOutput(View(0, *core_),
                    Sends(Message(1, 3, consensus::PreVoteReply{4, true, 3})));
  }
  size_t Violations() const { return check_.violations().size(); }

  std::unique_ptr<consensus::Core> core_ =
      Start(DiskOf(1, Founding({1, 2, 3})));
  LeaderStickiness check_;
};

TEST_F(LeaderStickinessTest, AcceptsARefusal) {
  Deliver(Message(3, 1, consensus::PreVote{4, {9, 9}}));
  Deliver(Message(3, 1, consensus::Vote{4, {9, 9}, 0}));
  check_.OnOutput(View(0, *core_), core_->TakeOutput());
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(LeaderStickinessTest, AcceptsAVoteThatTheLeaderAskedFor) {
  Deliver(Message(3, 1, consensus::Vote{4, {9, 9}, 3}));
  ASSERT_EQ(core_->epoch(), 4u);
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(LeaderStickinessTest, AcceptsAPreVoteWhenTheLeaderIsSilent) {
  core_->Tick(500);
  Deliver(Message(3, 1, consensus::PreVote{4, {9, 9}}));
  Grant();
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(LeaderStickinessTest, DoesNotCountLateMessagesOfAnEarlierReign) {
  Deliver(Message(2, 1, consensus::Heartbeat{4, {}, 0, 0}));
  core_->Tick(500);
  Deliver(Message(2, 1, consensus::Heartbeat{3, {}, 0, 0}));
  Deliver(Message(3, 1, consensus::PreVote{5, {9, 9}}));
  check_.OnOutput(View(0, *core_),
                  Sends(Message(1, 3, consensus::PreVoteReply{5, true, 4})));
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(LeaderStickinessTest, AcceptsARightfulGrantThatLeavesLate) {
  core_->Tick(500);
  Deliver(Message(3, 1, consensus::PreVote{4, {9, 9}}));  // rightly granted
  Deliver(Message(2, 1, consensus::Heartbeat{3, {}, 0, 0}));
  Deliver(Message(3, 1, consensus::PreVote{5, {9, 9}}));
  Deliver(Message(3, 1, consensus::PreVote{4, {9, 9}}));  // a straggler
  Grant();
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(LeaderStickinessTest, RejectsAPreVoteWhileTheLeaderIsHeard) {
  Deliver(Message(3, 1, consensus::PreVote{4, {9, 9}}));
  Grant();
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(LeaderStickinessTest, RejectsAVoteWhileTheLeaderIsHeard) {
  const consensus::Envelope vote = Message(3, 1, consensus::Vote{4, {9, 9}, 0});
  check_.OnMessage(View(0, *core_), vote);
  // The core is made to grant by what the check does not know of.
  core_->Tick(500);
  core_->Step(vote);
  ASSERT_EQ(core_->epoch(), 4u);
  check_.OnMessageDone(View(0, *core_), vote);
  EXPECT_EQ(Violations(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
