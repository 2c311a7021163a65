#include "tests/simulation/checks/admission_pace.h"

#include <cstdint>
#include <string>
#include <vector>

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
using testing::HasSubstr;
using testing::IsEmpty;

class WhyTooQuickTest : public testing::Test {
 protected:
  WhyTooQuickTest() {
    for (uint64_t id : {1, 2, 3}) {
      facts_.members[{id}] = {0, true, true, false, 0, false};
    }
    facts_.members[{4}] = {0, true, false, true, 10'000, false};
    facts_.since_promotion_ms = 10'000;
  }

  std::string Promote() const {
    return WhyTooQuick(before_, Joint(before_, {4}, {}), facts_);
  }
  std::string Remove(uint64_t id) const {
    return WhyTooQuick(before_, Joint(before_, {}, {id}), facts_);
  }

  const Configuration before_ = WithLearners(Founding({1, 2, 3}), {4});
  PaceFacts facts_;
};

TEST_F(WhyTooQuickTest, AcceptsAProvenLearner) {
  EXPECT_THAT(Promote(), IsEmpty());
}

TEST_F(WhyTooQuickTest, RejectsAnUnprovenLearner) {
  facts_.members[{4}].proven = false;
  EXPECT_THAT(Promote(), HasSubstr("rule 12"));
}

TEST_F(WhyTooQuickTest, RejectsALearnerThatIsNotStableYet) {
  facts_.members[{4}].proven_ms = 9'000;
  EXPECT_THAT(Promote(), HasSubstr("rule 13"));
}

TEST_F(WhyTooQuickTest, RejectsPromotionsThatFollowTooQuickly) {
  facts_.since_promotion_ms = 9'000;
  EXPECT_THAT(Promote(), HasSubstr("rule 14"));
}

TEST_F(WhyTooQuickTest, RejectsAnUnseasonedMajority) {
  // Three seasoned voters of four; with two, newcomers could be the majority.
  facts_.members[{3}].seasoned = false;
  EXPECT_THAT(Promote(), HasSubstr("rule 14"));
  facts_.members[{3}].seasoned = true;
  facts_.members[{2}].seasoned = false;
  EXPECT_THAT(Promote(), HasSubstr("rule 14"));
}

TEST_F(WhyTooQuickTest, RejectsAQuorumThatHangsOnTheNewcomer) {
  facts_.members[{3}].in_contact = false;
  EXPECT_THAT(Promote(), HasSubstr("rule 15"));
}

TEST_F(WhyTooQuickTest, AcceptsTheRemovalOfADeadVoterBySeasonedOnesOrNot) {
  facts_.members[{3}] = {3'000, false, false, false, 0, false};
  facts_.members[{2}].seasoned = false;
  EXPECT_THAT(Remove(3), IsEmpty());
}

TEST_F(WhyTooQuickTest, RejectsTheRemovalOfALiveVoterByUnseasonedOnes) {
  facts_.members[{2}].seasoned = false;
  facts_.members[{1}].seasoned = false;
  EXPECT_THAT(Remove(3), HasSubstr("rule 14"));
}

TEST_F(WhyTooQuickTest, AcceptsOneToTwo) {
  const Configuration one = WithLearners(Founding({1}), {4});
  EXPECT_THAT(WhyTooQuick(one, Joint(one, {4}, {}), facts_), IsEmpty());
}

class WhyTooBoldTest : public testing::Test {
 protected:
  WhyTooBoldTest() {
    limits_.auto_remove_dead = true;
    limits_.dead_ms = limits_.stabilisation_ms;
    for (uint64_t id : {1, 2, 3, 4, 5}) {
      facts_.members[{id}] = {0, true, true, false, 0, false};
    }
    facts_.members[{5}] = {10'000, false, false, false, 0, false};
    facts_.since_auto_removal_ms = 10'000;
  }

  std::string Remove(const std::vector<uint64_t>& voters,
                     const std::vector<uint64_t>& gone) const {
    Configuration::Parts parts = Founding(voters).parts();
    parts.limits = limits_;
    const Configuration before = *Configuration::FromParts(parts);
    return WhyTooBold(before, Joint(before, {}, gone), facts_);
  }

  consensus::Limits limits_;
  PaceFacts facts_;
};

TEST_F(WhyTooBoldTest, AcceptsOneDeadVoterOfFive) {
  EXPECT_THAT(Remove({1, 2, 3, 4, 5}, {5}), IsEmpty());
}

TEST_F(WhyTooBoldTest, RejectsWhatRule17Forbids) {
  EXPECT_THAT(Remove({1, 2, 3, 4, 5}, {4}), HasSubstr("is not dead"));
  EXPECT_THAT(Remove({1, 2, 3, 5}, {5}), HasSubstr("fewer voters"));
  facts_.members[{4}] = facts_.members[{5}];
  EXPECT_THAT(Remove({1, 2, 3, 4, 5, 6, 7}, {4, 5}),
              testing::AnyOf(HasSubstr("several"), HasSubstr("fewer")));
  facts_.since_auto_removal_ms = 9'000;
  EXPECT_THAT(Remove({1, 2, 3, 4, 5}, {5}), HasSubstr("too quickly"));
  limits_.auto_remove_dead = false;
  EXPECT_THAT(Remove({1, 2, 3, 4, 5}, {5}), HasSubstr("nobody asked"));
}

TEST(AdmissionPace, RejectsALearnerThatTheLeaderNeverHeard) {
  const auto leader = StartLeader(DiskOf(1, Founding({1})));
  AdmissionPace check;
  check.OnStart(View(0, *leader), DiskOf(1, Founding({1})));
  const Configuration learner = WithLearners(Founding({1}), {2});
  consensus::MembershipChange change;
  change.change_id = 1;
  change.expected_version = 1;
  change.add_learners = {MakeMember(2)};
  ASSERT_EQ(leader->ChangeMembership(change).outcome,
            consensus::AdmissionDecision::Outcome::kAccepted);
  consensus::Output output = leader->TakeOutput();
  check.OnOutput(View(0, *leader), output);
  EXPECT_TRUE(check.violations().empty());
  // The core would refuse; an output that promotes at once is made by hand.
  const consensus::Zxid next = leader->log().last();
  output = {};
  output.append = {ConfigurationRecord(next, Joint(learner, {2}, {}))};
  check.OnOutput(View(0, *leader), output);
  EXPECT_EQ(check.violations().size(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
