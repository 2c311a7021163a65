#include "tests/simulation/checks/configuration_chain.h"

#include <functional>
#include <string>

#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

using consensus::Configuration;
using consensus::Zxid;
using testing::HasSubstr;
using testing::IsEmpty;

// `configuration` with something wrong in it.
Configuration But(const Configuration& configuration,
                  const std::function<void(Configuration::Parts&)>& change) {
  Configuration::Parts parts = configuration.parts();
  change(parts);
  auto changed = Configuration::FromParts(std::move(parts));
  EXPECT_TRUE(changed.ok()) << changed.status();
  return *changed;
}

TEST(WhyNotAfter, AcceptsEachStepOfOrderlyChanges) {
  const Configuration first = Founding({1, 2, 3});
  const Configuration learner = WithLearners(first, {4});
  EXPECT_THAT(WhyNotAfter(first, learner), IsEmpty());
  const Configuration joint = Joint(learner, {4}, {2});
  EXPECT_THAT(WhyNotAfter(learner, joint), IsEmpty());
  EXPECT_THAT(WhyNotAfter(joint, joint.LeaveJoint()), IsEmpty());
}

TEST(WhyNotAfter, RejectsAVersionLeftOut) {
  const Configuration first = Founding({1, 2, 3});
  const Configuration wrong =
      But(WithLearners(first, {4}), [](auto& parts) { ++parts.version; });
  EXPECT_THAT(WhyNotAfter(first, wrong), HasSubstr("version"));
}

TEST(WhyNotAfter, RejectsAChangeOfVotersThatIsNotJoint) {
  const Configuration learner = WithLearners(Founding({1, 2, 3}), {4});
  const Configuration wrong = But(learner, [](auto& parts) {
    ++parts.version;
    parts.members.back().voter = true;
  });
  EXPECT_THAT(WhyNotAfter(learner, wrong), HasSubstr("rule 9"));
}

TEST(WhyNotAfter, RejectsANewcomerThatVotesAtOnce) {
  const Configuration first = Founding({1, 2, 3});
  const Configuration wrong =
      But(Joint(WithLearners(first, {4}), {4}, {}),
          [](auto& parts) { parts.version = 2, parts.changes.clear(); });
  EXPECT_THAT(WhyNotAfter(first, wrong), HasSubstr("rule 12"));
}

TEST(WhyNotAfter, RejectsTwoPromotionsAtOnce) {
  const Configuration learners = WithLearners(Founding({1, 2, 3}), {4, 5});
  EXPECT_THAT(WhyNotAfter(learners, Joint(learners, {4, 5}, {})),
              HasSubstr("rule 14"));
}

TEST(WhyNotAfter, RejectsJointBehindJoint) {
  const Configuration joint =
      Joint(WithLearners(Founding({1, 2, 3}), {4}), {4}, {});
  const Configuration wrong = But(joint, [](auto& parts) { ++parts.version; });
  EXPECT_THAT(WhyNotAfter(joint, wrong), HasSubstr("joint"));
}

TEST(WhyNotAfter, RejectsLeavingForElsewhere) {
  const Configuration joint =
      Joint(WithLearners(Founding({1, 2, 3}), {4}), {4}, {});
  const Configuration wrong = But(joint.LeaveJoint(), [](auto& parts) {
    parts.members.back().voter = false;
  });
  EXPECT_THAT(WhyNotAfter(joint, wrong), HasSubstr("where the joint one"));
}

TEST(WhyNotAfter, RejectsForgettingTheRemoved) {
  const Configuration joint = Joint(Founding({1, 2, 3}), {}, {3});
  const Configuration wrong =
      But(joint.LeaveJoint(), [](auto& parts) { parts.removed.clear(); });
  EXPECT_THAT(WhyNotAfter(joint, wrong), HasSubstr("remembered"));
  const Configuration removed = joint.LeaveJoint();
  const Configuration forgot = But(WithLearners(removed, {4}),
                                   [](auto& parts) { parts.removed.clear(); });
  EXPECT_THAT(WhyNotAfter(removed, forgot), HasSubstr("forgotten"));
}

TEST(WhyNotAfter, RejectsTheRemovedComingBack) {
  const Configuration removed =
      Joint(Founding({1, 2, 3}), {}, {3}).LeaveJoint();
  const Configuration wrong = But(removed, [](auto& parts) {
    ++parts.version;
    parts.removed.clear();
    parts.members.push_back(MakeMember(3));
  });
  EXPECT_THAT(WhyNotAfter(removed, wrong), HasSubstr("removed id"));
}

TEST(WhyNotAfter, RejectsAnotherIncarnationUnderTheSameId) {
  const Configuration first = Founding({1, 2, 3});
  const Configuration wrong = But(WithLearners(first, {4}), [](auto& parts) {
    parts.members[1].incarnation = {999};
  });
  EXPECT_THAT(WhyNotAfter(first, wrong), HasSubstr("changed hands"));
}

TEST(WhyNotAfter, RejectsGoingBelowTheFloor) {
  consensus::Limits limits;
  limits.min_voters = 3;
  const Configuration first = Founding({1, 2, 3}, limits);
  EXPECT_THAT(WhyNotAfter(first, Joint(first, {}, {3})), HasSubstr("rule 17"));
}

TEST(WhyNotAfter, RejectsTooManyLearners) {
  consensus::Limits limits;
  limits.max_learners = 1;
  const Configuration first = Founding({1, 2, 3}, limits);
  EXPECT_THAT(WhyNotAfter(first, WithLearners(first, {4})), IsEmpty());
  EXPECT_THAT(WhyNotAfter(first, WithLearners(first, {4, 5})),
              HasSubstr("rule 16"));
}

class ConfigurationChainTest : public testing::Test {
 protected:
  void Append(const consensus::Core& leader, Zxid zxid,
              const Configuration& configuration) {
    consensus::Output output;
    output.append = {ConfigurationRecord(zxid, configuration)};
    check_.OnOutput(View(0, leader), output);
  }

  const consensus::DurableState disk_ = DiskOf(1, Founding({1}));
  const Configuration second_ = WithLearners(Founding({1}), {2});
  ConfigurationChain check_;
};

TEST_F(ConfigurationChainTest, RejectsAChangeBehindAnUncommittedOne) {
  const auto leader = StartLeader(disk_);
  check_.OnStart(View(0, *leader), disk_);
  const Zxid next = leader->commit().Next();
  Append(*leader, next, second_);
  EXPECT_THAT(check_.violations(), IsEmpty());
  Append(*leader, next.Next(), WithLearners(second_, {3}));
  ASSERT_EQ(check_.violations().size(), 1u);
  EXPECT_THAT(check_.violations()[0].text, HasSubstr("rule 7"));
}

TEST_F(ConfigurationChainTest, LeavesFollowersAlone) {
  const auto follower = Start(disk_);
  check_.OnStart(View(0, *follower), disk_);
  Append(*follower, Zxid(1, 1), WithLearners(second_, {3}));
  EXPECT_THAT(check_.violations(), IsEmpty());
}

}  // namespace
}  // namespace quorate::simulation
