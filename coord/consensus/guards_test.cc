// Mutations: with a guard switched off, what its rule refuses goes through. So
// the rule is what refused it, and a mutation run that uses this guard tests
// something.

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/client_pin.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/quorum.h"
#include "coord/consensus/record.h"
#include "coord/consensus/rescue.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/test_facts.h"
#include "coord/consensus/test_members.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

using Outcome = AdmissionDecision::Outcome;

class GuardsTest : public testing::Test {
 protected:
  ~GuardsTest() override { SwitchOff(Guard::kNone); }

  // Refused by `rule` with all guards on, accepted with `guard` off.
  static void ExpectGuards(Guard guard, Rule rule,
                           const MembershipChange& change,
                           const AdmissionFacts& facts) {
    SwitchOff(Guard::kNone);
    AdmissionDecision decision = DecideAdmission(change, facts);
    EXPECT_EQ(decision.outcome, Outcome::kRefused);
    EXPECT_EQ(decision.refusal.rule, rule) << Describe(decision.refusal);
    SwitchOff(guard);
    decision = DecideAdmission(change, facts);
    EXPECT_EQ(decision.outcome, Outcome::kAccepted)
        << Describe(decision.refusal) << decision.error;
  }
};

Configuration Ensemble() {
  const Configuration founded = Founded({1, 2, 3});
  return Made(founded, Add(founded, {7, 8}));
}

TEST_F(GuardsTest, Rule5ForgetsTheRemoved) {
  const Configuration before = Ensemble();
  Configuration c = Made(before, Remove(before, {3}));
  ExpectGuards(Guard::kRule5NoResurrection, Rule::kNoResurrection, Add(c, {3}),
               Healthy(c));
  c = Made(before, Remove(before, {3, 8}));  // now with the guard off
  EXPECT_TRUE(c.removed().empty());
}

TEST_F(GuardsTest, Rule7OverlapsChanges) {
  const Configuration c = Ensemble();
  AdmissionFacts facts = Healthy(c);
  facts.configuration_committed = false;
  ExpectGuards(Guard::kRule7OneAtATime, Rule::kOneAtATime, Promote(c, {7}),
               facts);
  SwitchOff(Guard::kNone);
  const Configuration joint = Entered(c, Promote(c, {7}));
  ExpectGuards(Guard::kRule7OneAtATime, Rule::kOneAtATime, Remove(joint, {3}),
               Healthy(joint));
}

TEST_F(GuardsTest, Rule8ActsBeforeTheLeaderHasSettled) {
  const Configuration c = Ensemble();
  AdmissionFacts facts = Healthy(c);
  facts.own_epoch_committed = false;
  ExpectGuards(Guard::kRule8SettledLeader, Rule::kSettledLeader,
               Promote(c, {7}), facts);
}

TEST_F(GuardsTest, Rule9PoolsBothSides) {
  const Configuration founded = Founded({1, 2});
  const Configuration learners = Made(founded, Add(founded, {7, 8, 9}));
  const Configuration joint = Entered(learners, Promote(learners, {7, 8, 9}));
  const auto newcomer = [](MemberId id) { return id.value >= 7; };
  const auto reached = [&](MemberId id) {
    return newcomer(id) ? Zxid(2, 5) : Zxid(1, 1);
  };
  const auto vote = [&](MemberId id) { return std::optional(newcomer(id)); };
  EXPECT_FALSE(joint.HasQuorum(newcomer));
  EXPECT_EQ(joint.QuorumZxid(reached), Zxid(1, 1));
  EXPECT_EQ(joint.Vote(vote), VoteResult::kLost);
  SwitchOff(Guard::kRule9BothMajorities);
  EXPECT_TRUE(joint.HasQuorum(newcomer));
  EXPECT_EQ(joint.QuorumZxid(reached), Zxid(2, 5));
  EXPECT_EQ(
      joint.QuorumNumber([&](MemberId id) { return reached(id).value(); }),
      Zxid(2, 5).value());
  EXPECT_EQ(joint.Vote(vote), VoteResult::kWon);
}

TEST_F(GuardsTest, Rule11AcceptsAnyVersion) {
  const Configuration c = Ensemble();
  MembershipChange change = Promote(c, {7});
  change.expected_version = 99;
  ExpectGuards(Guard::kRule11ExpectedVersion, Rule::kExpectedVersion, change,
               Healthy(c));
}

TEST_F(GuardsTest, Rule12PromotesTheUnproven) {
  const Configuration c = Ensemble();
  AdmissionFacts facts = Healthy(c);
  FactsOf(facts, 7).lag_records = 1'000'000;
  ExpectGuards(Guard::kRule12ProvenLearner, Rule::kProvenLearner,
               Promote(c, {7}), facts);
}

TEST_F(GuardsTest, Rule13PromotesAtOnce) {
  const Configuration c = Ensemble();
  AdmissionFacts facts = Healthy(c);
  FactsOf(facts, 7).proven_since_ms = kTestNowMs;
  ExpectGuards(Guard::kRule13ObservedStability, Rule::kObservedStability,
               Promote(c, {7}), facts);
}

TEST_F(GuardsTest, Rule14AddsVotersTooQuickly) {
  const Configuration c = Ensemble();
  AdmissionFacts facts = Healthy(c);
  ExpectGuards(Guard::kRule14SeasonedMajority, Rule::kSeasonedMajority,
               Promote(c, {7, 8}), facts);
  facts.last_promotion_ms = kTestNowMs;
  ExpectGuards(Guard::kRule14SeasonedMajority, Rule::kSeasonedMajority,
               Promote(c, {7}), facts);
  facts = Healthy(c);
  VoterFor(facts, 3, 0);
  ExpectGuards(Guard::kRule14SeasonedMajority, Rule::kSeasonedMajority,
               Promote(c, {7}), facts);
}

TEST_F(GuardsTest, Rule15ChangesWithoutALiveQuorum) {
  const Configuration c = Ensemble();
  AdmissionFacts facts = Healthy(c);
  Silence(facts, 2, c.limits().dead_ms);
  Silence(facts, 3, c.limits().dead_ms);
  ExpectGuards(Guard::kRule15LiveQuorum, Rule::kLiveQuorum, Remove(c, {3}),
               facts);
}

// Rule 14 is stricter, and hides this while it is on.
TEST_F(GuardsTest, Rule15CountsNewcomersAsDown) {
  SwitchOff(Guard::kRule14SeasonedMajority);
  const Configuration three = Ensemble();
  AdmissionFacts facts = Healthy(three);
  Silence(facts, 3, 1'000);
  AdmissionDecision decision = DecideAdmission(Promote(three, {7}), facts);
  EXPECT_EQ(decision.refusal.rule, Rule::kLiveQuorum);
  // One voter may become two, but not two others.
  const Configuration founded = Founded({1});
  const Configuration one = Made(founded, Add(founded, {7, 8}));
  decision = DecideAdmission(Replace(one, {7, 8}, {1}), Healthy(one));
  EXPECT_EQ(decision.refusal.rule, Rule::kLiveQuorum);
}

TEST_F(GuardsTest, Rule16LetsEverybodyJoin) {
  const Configuration c = Ensemble();
  ExpectGuards(Guard::kRule16BoundedJoining, Rule::kBoundedJoining,
               Add(c, {10, 11, 12}), Healthy(c));
}

TEST_F(GuardsTest, Rule17GoesBelowTheFloor) {
  Configuration c = Ensemble();
  Limits limits;
  limits.min_voters = 3;
  c = Made(c, SetLimits(c, limits));
  ExpectGuards(Guard::kRule17CarefulRemoval, Rule::kCarefulRemoval,
               Remove(c, {3}), Healthy(c));
}

TEST_F(GuardsTest, Rule22AcceptsAnyEnsemble) {
  const ClientPin pin = {{1, 2}, Zxid(2, 5)};
  EXPECT_TRUE(CheckPin(pin, {1, 3}, Zxid(1, 0)).has_value());
  SwitchOff(Guard::kRule22ClientsRemember);
  EXPECT_FALSE(CheckPin(pin, {1, 3}, Zxid(1, 0)).has_value());
}

TEST_F(GuardsTest, Rule23KeepsTheEnsembleId) {
  DurableState stopped;
  stopped.hard_state.ensemble = kTestEnsemble;
  stopped.hard_state.member = {2};
  stopped.hard_state.incarnation = {102};
  stopped.log = {{kFoundingZxid, RecordKind::kFounding, nullptr,
                  std::make_shared<const Configuration>(Ensemble())}};
  SwitchOff(Guard::kRule23RescueMints);
  const absl::StatusOr<DurableState> rescued = RescueMember(stopped, {7, 8});
  ASSERT_TRUE(rescued.ok()) << rescued.status();
  EXPECT_EQ(rescued->hard_state.ensemble, kTestEnsemble);
  EXPECT_EQ(rescued->log.back().configuration->ensemble(), kTestEnsemble);
  EXPECT_TRUE(rescued->log.back().configuration->parent().IsNone());
}

}  // namespace
}  // namespace quorate::consensus
