#include "tests/simulation/checks/pre_vote_first.h"

#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

consensus::Output Campaign(consensus::Epoch epoch) {
  consensus::Output output;
  output.events.push_back({consensus::EventKind::kCampaign,
                           MemberId(),
                           consensus::Rule::kNone,
                           epoch,
                           {}});
  return output;
}

class PreVoteFirstTest : public testing::Test {
 protected:
  PreVoteFirstTest() { check_.OnStart(View(0, *core_), disk_); }

  size_t Violations() const { return check_.violations().size(); }

  const consensus::DurableState disk_ = DiskOf(1, Founding({1, 2, 3}));
  std::unique_ptr<consensus::Core> core_ = Start(disk_);
  PreVoteFirst check_;
};

TEST_F(PreVoteFirstTest, AcceptsACampaignThatAMajorityWouldSupport) {
  check_.OnMessage(View(0, *core_),
                   Message(3, 1, consensus::PreVoteReply{5, true, 0}));
  check_.OnOutput(View(0, *core_), Campaign(5));
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(PreVoteFirstTest, AcceptsACampaignThatALeaderOrdered) {
  check_.OnMessage(View(0, *core_), Message(3, 1, consensus::TransferNow{0}));
  check_.OnOutput(View(0, *core_), Campaign(5));
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(PreVoteFirstTest, RejectsACampaignOutOfTheBlue) {
  check_.OnOutput(View(0, *core_), Campaign(5));
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(PreVoteFirstTest, RejectsRefusedAndOldPreVotes) {
  check_.OnMessage(View(0, *core_),
                   Message(3, 1, consensus::PreVoteReply{5, false, 0}));
  check_.OnOutput(View(0, *core_), Campaign(5));
  EXPECT_EQ(Violations(), 1u);
  check_.OnMessage(View(0, *core_),
                   Message(3, 1, consensus::PreVoteReply{5, true, 0}));
  check_.OnOutput(View(0, *core_), Campaign(6));
  EXPECT_EQ(Violations(), 2u);
}

TEST_F(PreVoteFirstTest, AcceptsAGrantThatIsContradictedBeforeTheOutput) {
  check_.OnMessage(View(0, *core_),
                   Message(3, 1, consensus::PreVoteReply{5, true, 0}));
  check_.OnMessage(View(0, *core_),
                   Message(3, 1, consensus::PreVoteReply{5, false, 0}));
  check_.OnMessage(View(0, *core_),
                   Message(2, 1, consensus::PreVoteReply{6, false, 5}));
  check_.OnOutput(View(0, *core_), Campaign(5));
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(PreVoteFirstTest, CountsEachSideOfAJointConfiguration) {
  const auto joint = Joint(WithLearners(Founding({1, 2, 3}), {4}), {4}, {2, 3});
  EXPECT_FALSE(PreVoteFirst::MayCampaign(joint, Key(1), {Key(4)}));
  EXPECT_TRUE(PreVoteFirst::MayCampaign(joint, Key(1), {Key(4), Key(2)}));
}

}  // namespace
}  // namespace quorate::simulation
