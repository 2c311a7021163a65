// Each rule by itself: what it refuses, by which numbers and until when, and
// the nearest case that it accepts.

#include "coord/consensus/admission.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/test_facts.h"
#include "coord/consensus/test_members.h"
#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

using Outcome = AdmissionDecision::Outcome;

// The learners 7, 8 and 9 beside `voters`; one more may join.
Configuration Ensemble(const std::vector<uint64_t>& voters,
                       Limits limits = Limits()) {
  limits.stabilisation_ms = 10'000;
  limits.promotion_distance_ms = 4'000;
  const Configuration founded = Founded(voters, limits);
  return Made(founded, Add(founded, {7, 8, 9}));
}

void ExpectAccepted(const MembershipChange& change,
                    const AdmissionFacts& facts) {
  const AdmissionDecision decision = DecideAdmission(change, facts);
  EXPECT_EQ(decision.outcome, Outcome::kAccepted)
      << Describe(decision.refusal) << decision.error;
}

Refusal RefusalOf(const MembershipChange& change, const AdmissionFacts& facts) {
  const AdmissionDecision decision = DecideAdmission(change, facts);
  EXPECT_EQ(decision.outcome, Outcome::kRefused) << decision.error;
  EXPECT_FALSE(decision.refusal.reason.empty());
  return decision.refusal;
}

int64_t NumberOf(const Refusal& refusal, const std::string& name) {
  for (const auto& [each, value] : refusal.numbers) {
    if (each == name) return value;
  }
  ADD_FAILURE() << "no number " << name << " in " << Describe(refusal);
  return -1;
}

// Refused by `rule`, and waiting alone does not help.
void ExpectRefusedForGood(const MembershipChange& change,
                          const AdmissionFacts& facts, Rule rule) {
  const Refusal refusal = RefusalOf(change, facts);
  EXPECT_EQ(refusal.rule, rule) << Describe(refusal);
  EXPECT_FALSE(refusal.retry_after_ms.has_value()) << Describe(refusal);
}

// Refused by `rule` for `retry_ms`: one millisecond less is too early, and then
// it is accepted.
void ExpectRefusedFor(int64_t retry_ms, const MembershipChange& change,
                      const AdmissionFacts& facts, Rule rule) {
  const Refusal refusal = RefusalOf(change, facts);
  EXPECT_EQ(refusal.rule, rule) << Describe(refusal);
  EXPECT_EQ(refusal.retry_after_ms, retry_ms) << Describe(refusal);
  const Refusal early = RefusalOf(change, Later(facts, retry_ms - 1));
  EXPECT_EQ(early.retry_after_ms, 1) << Describe(early);
  ExpectAccepted(change, Later(facts, retry_ms));
}

TEST(AdmissionTest, HealthyEnsembleAcceptsEveryKindOfChange) {
  const Configuration c = Ensemble({1, 2, 3});
  Limits limits = c.limits();
  limits.max_learners = 9;
  for (const MembershipChange& change :
       {Add(c, {10}), Promote(c, {7}), Remove(c, {3}), Remove(c, {8}),
        Replace(c, {7}, {1}), SetLimits(c, limits)}) {
    ExpectAccepted(change, Healthy(c));
  }
}

TEST(AdmissionTest, TellsTheConfigurationToAppendAndTheFinalVersion) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionDecision decision = DecideAdmission(Promote(c, {7}), Healthy(c));
  EXPECT_EQ(decision.next, Entered(c, Promote(c, {7})));
  EXPECT_EQ(decision.version, c.version() + 2);
  decision = DecideAdmission(Add(c, {10}), Healthy(c));
  EXPECT_EQ(decision.next, Entered(c, Add(c, {10})));
  EXPECT_EQ(decision.version, c.version() + 1);
}

TEST(AdmissionTest, ResentChangeIsAnsweredAndChangesNothing) {
  const Configuration c = Ensemble({1, 2, 3});
  const MembershipChange change = Promote(c, {7});
  const Configuration joint = Entered(c, change);
  for (const Configuration& now : {joint, joint.LeaveJoint()}) {
    AdmissionFacts facts = Healthy(now);
    facts.configuration_committed = false;
    facts.own_epoch_committed = false;
    const AdmissionDecision decision = DecideAdmission(change, facts);
    EXPECT_EQ(decision.outcome, Outcome::kAlreadyMade);
    EXPECT_EQ(decision.version, c.version() + 2);
  }
}

TEST(AdmissionTest, NonsenseIsAnErrorAndNoRefusal) {
  const Configuration c = Ensemble({1, 2, 3});
  for (const MembershipChange& change :
       {ChangeOf(c), Promote(c, {1}), Promote(c, {99}), Remove(c, {99}),
        Remove(c, {1, 2, 3}), Replace(c, {7}, {7})}) {
    const AdmissionDecision decision = DecideAdmission(change, Healthy(c));
    EXPECT_EQ(decision.outcome, Outcome::kInvalid);
    EXPECT_EQ(decision.error.code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(AdmissionTest, Rule5RefusesIdsAndAddressesThatAreTaken) {
  const Configuration before = Ensemble({1, 2, 3});
  const Configuration c = Made(before, Remove(before, {3}));
  const AdmissionFacts facts = Healthy(c);
  ExpectRefusedForGood(Add(c, {3}), facts, Rule::kNoResurrection);
  ExpectRefusedForGood(Add(c, {2}), facts, Rule::kNoResurrection);
  MembershipChange change = Add(c, {10});
  ExpectAccepted(change, facts);
  change.add_learners[0].address = "host:3";  // free again
  ExpectAccepted(change, facts);
  change.add_learners[0].address = "host:8";
  ExpectRefusedForGood(change, facts, Rule::kNoResurrection);
}

TEST(AdmissionTest, Rule7AllowsOneChangeAtATime) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  facts.configuration_committed = false;
  Refusal refusal = RefusalOf(Add(c, {10}), facts);
  EXPECT_EQ(refusal.rule, Rule::kOneAtATime);
  EXPECT_EQ(NumberOf(refusal, "committed"), 0);
  EXPECT_EQ(refusal.retry_after_ms, c.limits().contact_ms);

  const Configuration joint = Entered(c, Promote(c, {7}));
  refusal = RefusalOf(Add(joint, {10}), Healthy(joint));
  EXPECT_EQ(refusal.rule, Rule::kOneAtATime);
  EXPECT_EQ(NumberOf(refusal, "joint"), 1);
}

TEST(AdmissionTest, Rule8WaitsForTheLeaderToSettle) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  facts.own_epoch_committed = false;
  const Refusal refusal = RefusalOf(Add(c, {10}), facts);
  EXPECT_EQ(refusal.rule, Rule::kSettledLeader);
  EXPECT_EQ(refusal.retry_after_ms, c.limits().contact_ms);
}

TEST(AdmissionTest, Rule11RefusesAnotherVersion) {
  const Configuration c = Ensemble({1, 2, 3});
  MembershipChange change = Add(c, {10});
  for (uint64_t version : {uint64_t{0}, c.version() - 1, c.version() + 1}) {
    change.expected_version = version;
    ExpectRefusedForGood(change, Healthy(c), Rule::kExpectedVersion);
    const Refusal refusal = RefusalOf(change, Healthy(c));
    EXPECT_EQ(NumberOf(refusal, "expected_version"),
              static_cast<int64_t>(version));
    EXPECT_EQ(NumberOf(refusal, "found_version"),
              static_cast<int64_t>(c.version()));
  }
}

TEST(AdmissionTest, Rule12BoundsLagContactAndFsync) {
  const Configuration c = Ensemble({1, 2, 3});
  const Limits& limits = c.limits();
  struct Case {
    std::string number;
    void (*spoil)(MemberFacts&, const Limits&, bool over);
  };
  const std::vector<Case> cases = {
      {"lag_records",
       [](MemberFacts& m, const Limits& l, bool over) {
         m.lag_records = l.max_lag_records + (over ? 1 : 0);
       }},
      {"lag_bytes",
       [](MemberFacts& m, const Limits& l, bool over) {
         m.lag_bytes = l.max_lag_bytes + (over ? 1 : 0);
       }},
      {"fsync_ms",
       [](MemberFacts& m, const Limits& l, bool over) {
         m.fsync_ms = l.max_fsync_ms + (over ? 1 : 0);
       }},
      {"contact_age_ms",
       [](MemberFacts& m, const Limits& l, bool over) {
         m.last_heard_ms = kTestNowMs - l.contact_ms - (over ? 1 : 0);
       }},
  };
  for (const Case& bound : cases) {
    AdmissionFacts facts = Healthy(c);
    bound.spoil(FactsOf(facts, 7), limits, false);
    ExpectAccepted(Promote(c, {7}), facts);
    bound.spoil(FactsOf(facts, 7), limits, true);
    const Refusal refusal = RefusalOf(Promote(c, {7}), facts);
    EXPECT_EQ(refusal.rule, Rule::kProvenLearner) << bound.number;
    EXPECT_EQ(NumberOf(refusal, bound.number),
              NumberOf(refusal, "max_" + bound.number) + 1);
    // It has to be fit for that long before rule 13 agrees.
    EXPECT_EQ(refusal.retry_after_ms, limits.stabilisation_ms);
    ExpectAccepted(Promote(c, {8}), facts);
    ExpectAccepted(Remove(c, {7}), facts);
  }
}

TEST(AdmissionTest, Rule12RefusesWhoWasNeverHeard) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  FactsOf(facts, 7).last_heard_ms.reset();
  EXPECT_EQ(RefusalOf(Promote(c, {7}), facts).rule, Rule::kProvenLearner);
}

TEST(AdmissionTest, Rule13WantsFitnessWithoutAGap) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  FactsOf(facts, 7).proven_since_ms = kTestNowMs - 9'000;
  ExpectRefusedFor(1'000, Promote(c, {7}), facts, Rule::kObservedStability);
  EXPECT_EQ(NumberOf(RefusalOf(Promote(c, {7}), facts), "proven_for_ms"),
            9'000);
  // Fit at this very moment, but no tick has seen it yet.
  FactsOf(facts, 7).proven_since_ms.reset();
  const Refusal refusal = RefusalOf(Promote(c, {7}), facts);
  EXPECT_EQ(refusal.rule, Rule::kObservedStability);
  EXPECT_EQ(refusal.retry_after_ms, 10'000);
}

TEST(AdmissionTest, Rule13CountsOnlyThisReign) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  facts.leader_since_ms = kTestNowMs - 9'999;
  FactsOf(facts, 7).proven_since_ms = 0;
  ExpectRefusedFor(1, Promote(c, {7}), facts, Rule::kObservedStability);
}

TEST(AdmissionTest, Rule14PromotesOneByOne) {
  const Configuration c = Ensemble({1, 2, 3, 4, 5});
  ExpectRefusedForGood(Promote(c, {7, 8}), Healthy(c), Rule::kSeasonedMajority);
  ExpectRefusedForGood(Replace(c, {7, 8}, {1, 2}), Healthy(c),
                       Rule::kSeasonedMajority);
  ExpectAccepted(Replace(c, {7}, {1}), Healthy(c));
}

TEST(AdmissionTest, Rule14KeepsADistanceBetweenPromotions) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  facts.last_promotion_ms = kTestNowMs - 1'500;
  ExpectRefusedFor(2'500, Promote(c, {7}), facts, Rule::kSeasonedMajority);
  EXPECT_EQ(NumberOf(RefusalOf(Promote(c, {7}), facts), "since_promotion_ms"),
            1'500);
  ExpectAccepted(Remove(c, {3}), facts);
}

TEST(AdmissionTest, Rule14CountsTheDistanceFromTheStartOfTheReign) {
  Limits limits;
  Configuration c = Ensemble({1, 2, 3});
  limits = c.limits();
  limits.promotion_distance_ms = 60'000;  // more than rule 13 asks for
  c = Made(c, SetLimits(c, limits));
  AdmissionFacts facts = Healthy(c);
  facts.leader_since_ms = kTestNowMs - 50'000;
  ExpectRefusedFor(10'000, Promote(c, {7}), facts, Rule::kSeasonedMajority);
  facts.last_promotion_ms = 0;  // what an earlier reign did counts no less
  ExpectRefusedFor(10'000, Promote(c, {7}), facts, Rule::kSeasonedMajority);
}

TEST(AdmissionTest, Rule14WantsASeasonedMajorityOfTheResult) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  VoterFor(facts, 3, 4'500);
  // Three of four, and two are seasoned.
  ExpectRefusedFor(5'500, Promote(c, {7}), facts, Rule::kSeasonedMajority);
  const Refusal refusal = RefusalOf(Promote(c, {7}), facts);
  EXPECT_EQ(NumberOf(refusal, "seasoned_voters"), 2);
  EXPECT_EQ(NumberOf(refusal, "needed"), 3);
  EXPECT_EQ(NumberOf(refusal, "resulting_voters"), 4);
  EXPECT_EQ(NumberOf(refusal, "present_seasoned_voters"), 2);
  // Two of three are enough for what needs only that.
  ExpectAccepted(Remove(c, {3}), facts);
  ExpectAccepted(Replace(c, {7}, {3}), facts);
  ExpectRefusedFor(5'500, Replace(c, {7}, {1}), facts, Rule::kSeasonedMajority);
}

TEST(AdmissionTest, Rule14WantsASeasonedMajorityOfThePresentToo) {
  const Configuration c = Ensemble({1, 2, 3, 4});
  AdmissionFacts facts = Healthy(c);
  VoterFor(facts, 4, 9'000);
  VoterFor(facts, 3, 2'000);
  // Two of {1 2}, and two of {1 2 3 4}, which needs three.
  ExpectRefusedFor(1'000, Remove(c, {3, 4}), facts, Rule::kSeasonedMajority);
}

TEST(AdmissionTest, Rule14RetryIsTheTimeOfTheVoterThatMakesTheMajority) {
  const Configuration c = Ensemble({1, 2, 3, 4, 5});
  AdmissionFacts facts = Healthy(c);
  VoterFor(facts, 2, 1'000);
  VoterFor(facts, 3, 2'000);
  VoterFor(facts, 4, 3'000);
  VoterFor(facts, 5, 4'000);
  // Four of six: 1, then 5, 4, and 3 last.
  ExpectRefusedFor(8'000, Promote(c, {7}), facts, Rule::kSeasonedMajority);
  // Three of four: 1, then 5, and 4 last.
  ExpectRefusedFor(7'000, Remove(c, {2}), facts, Rule::kSeasonedMajority);
}

TEST(AdmissionTest, Rule14DoesNotWaitForWhoIsDown) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  Silence(facts, 3, c.limits().contact_ms + 1);
  ExpectRefusedForGood(Promote(c, {7}), facts, Rule::kSeasonedMajority);
  Silence(facts, 3, c.limits().contact_ms);
  ExpectAccepted(Promote(c, {7}), facts);
}

TEST(AdmissionTest, Rule14CountsFromTheLastGap) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  FactsOf(facts, 2).heard_since_ms = kTestNowMs - 7'000;
  ExpectRefusedFor(3'000, Promote(c, {7}), facts, Rule::kSeasonedMajority);
}

TEST(AdmissionTest, Rule14NeverCountsWhoHasNoVote) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  FactsOf(facts, 7).voter_since_ms = 0;  // whatever the leader believes
  VoterFor(facts, 3, 4'500);
  ExpectRefusedFor(5'500, Promote(c, {7}), facts, Rule::kSeasonedMajority);
}

TEST(AdmissionTest, Rule14LetsOneVoterBecomeTwo) {
  const Configuration one = Ensemble({1});
  ExpectAccepted(Promote(one, {7}), Healthy(one));
  AdmissionFacts facts = Healthy(one);
  facts.last_promotion_ms = kTestNowMs - 3'999;
  ExpectRefusedFor(1, Promote(one, {7}), facts, Rule::kSeasonedMajority);
  // But not another one that is all alone.
  ExpectRefusedForGood(Replace(one, {7}, {1}), Healthy(one),
                       Rule::kSeasonedMajority);
}

TEST(AdmissionTest, Rule14LetsTwoVotersBecomeThreeOnceBothAreSeasoned) {
  const Configuration two = Ensemble({1, 2});
  ExpectAccepted(Promote(two, {7}), Healthy(two));
  AdmissionFacts facts = Healthy(two);
  VoterFor(facts, 2, 6'000);
  ExpectRefusedFor(4'000, Promote(two, {7}), facts, Rule::kSeasonedMajority);
}

TEST(AdmissionTest, DeadVoterCanBeRemovedWhoeverIsSeasoned) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  VoterFor(facts, 2, 0);
  Silence(facts, 3, c.limits().dead_ms);
  ExpectAccepted(Remove(c, {3}), facts);
  MembershipChange with_learner = Remove(c, {3, 8});
  with_learner.add_learners = MakeMembers({10});
  ExpectAccepted(with_learner, facts);
  // Not yet dead: until it is, or until voter 2 is seasoned.
  Silence(facts, 3, c.limits().dead_ms - 700);
  ExpectRefusedFor(700, Remove(c, {3}), facts, Rule::kSeasonedMajority);
  // Replacing it promotes, and brings a newcomer in.
  Silence(facts, 3, c.limits().dead_ms);
  ExpectRefusedFor(10'000, Replace(c, {7}, {3}), facts,
                   Rule::kSeasonedMajority);
}

TEST(AdmissionTest, NeverHeardVoterIsDeadByTheReignOfItsLeader) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  facts.leader_since_ms = kTestNowMs - 1'000;
  VoterFor(facts, 1, 1'000);
  VoterFor(facts, 2, 1'000);
  FactsOf(facts, 3).last_heard_ms.reset();
  ExpectRefusedFor(c.limits().dead_ms - 1'000, Remove(c, {3}), facts,
                   Rule::kSeasonedMajority);
}

TEST(AdmissionTest, Rule15WantsAQuorumInContact) {
  const Configuration c = Ensemble({1, 2, 3, 4, 5});
  AdmissionFacts facts = Healthy(c);
  Silence(facts, 4, c.limits().dead_ms);
  Silence(facts, 5, c.limits().dead_ms);
  ExpectAccepted(Remove(c, {5}), facts);
  ExpectAccepted(Remove(c, {4, 5}), facts);
  Silence(facts, 3, c.limits().contact_ms + 1);
  ExpectRefusedForGood(Remove(c, {5}), facts, Rule::kLiveQuorum);
  const Refusal refusal = RefusalOf(Remove(c, {5}), facts);
  EXPECT_EQ(NumberOf(refusal, "present_voters_in_contact"), 2);
  EXPECT_EQ(NumberOf(refusal, "present_needed"), 3);
  EXPECT_EQ(NumberOf(refusal, "voters_in_contact"), 2);
  EXPECT_EQ(NumberOf(refusal, "needed"), 3);
  // Who remains is all there, but was no quorum of those who decide on it.
  Silence(facts, 3, c.limits().dead_ms);
  ExpectRefusedForGood(Remove(c, {3, 4, 5}), facts, Rule::kLiveQuorum);
}

TEST(AdmissionTest, Rule16BoundsLearners) {
  const Configuration c = Ensemble({1, 2, 3});  // three of four
  ExpectAccepted(Add(c, {10}), Healthy(c));
  ExpectRefusedForGood(Add(c, {10, 11}), Healthy(c), Rule::kBoundedJoining);
  const Refusal refusal = RefusalOf(Add(c, {10, 11}), Healthy(c));
  EXPECT_EQ(NumberOf(refusal, "learners"), 5);
  EXPECT_EQ(NumberOf(refusal, "max_learners"), 4);
  // Those that go, or become voters, make room.
  MembershipChange swap = Add(c, {10, 11});
  swap.remove = Ids({8});
  ExpectAccepted(swap, Healthy(c));
  swap.remove.clear();
  swap.promote = Ids({8});
  ExpectAccepted(swap, Healthy(c));
}

TEST(AdmissionTest, Rule16LetsLearnersGoAboveABoundThatWasLowered) {
  Configuration c = Ensemble({1, 2, 3});
  Limits limits = c.limits();
  limits.max_learners = 1;
  c = Made(c, SetLimits(c, limits));
  ExpectAccepted(Promote(c, {7}), Healthy(c));
  ExpectAccepted(Remove(c, {7}), Healthy(c));
  ExpectRefusedForGood(Add(c, {10}), Healthy(c), Rule::kBoundedJoining);
}

TEST(AdmissionTest, Rule17KeepsTheFloor) {
  Limits limits;
  limits.min_voters = 3;
  const Configuration c = Ensemble({1, 2, 3}, limits);
  ExpectRefusedForGood(Remove(c, {3}), Healthy(c), Rule::kCarefulRemoval);
  const Refusal refusal = RefusalOf(Remove(c, {3}), Healthy(c));
  EXPECT_EQ(NumberOf(refusal, "resulting_voters"), 2);
  EXPECT_EQ(NumberOf(refusal, "min_voters"), 3);
  // Not even a dead one; but it can be replaced, and learners may go.
  AdmissionFacts facts = Healthy(c);
  Silence(facts, 3, c.limits().dead_ms);
  ExpectRefusedForGood(Remove(c, {3}), facts, Rule::kCarefulRemoval);
  ExpectAccepted(Replace(c, {7}, {3}), facts);
  ExpectAccepted(Remove(c, {7}), facts);
}

TEST(AdmissionTest, Rule17TakesALowerFloorOnlyOnceItIsInForce) {
  Limits limits;
  limits.min_voters = 3;
  Configuration c = Ensemble({1, 2, 3}, limits);
  limits = c.limits();
  limits.min_voters = 2;
  MembershipChange both = Remove(c, {3});
  both.limits = limits;
  ExpectRefusedForGood(both, Healthy(c), Rule::kCarefulRemoval);
  ExpectAccepted(SetLimits(c, limits), Healthy(c));
  c = Made(c, SetLimits(c, limits));
  ExpectAccepted(Remove(c, {3}), Healthy(c));
}

TEST(AdmissionTest, Rule17RefusesAFloorAboveTheVoters) {
  const Configuration c = Ensemble({1, 2, 3});
  Limits limits = c.limits();
  limits.min_voters = 4;
  ExpectRefusedForGood(SetLimits(c, limits), Healthy(c), Rule::kCarefulRemoval);
  MembershipChange growing = SetLimits(c, limits);
  growing.promote = Ids({7});
  ExpectAccepted(growing, Healthy(c));
}

TEST(AdmissionTest, Rule17LetsAnEnsembleBelowItsFloorGrow) {
  Configuration::Parts parts = Ensemble({1, 2, 3}).parts();
  parts.limits.min_voters = 5;
  const Configuration c = *Configuration::FromParts(parts);
  ExpectAccepted(Promote(c, {7}), Healthy(c));
  ExpectAccepted(Replace(c, {7}, {1}), Healthy(c));
  ExpectRefusedForGood(Remove(c, {3}), Healthy(c), Rule::kCarefulRemoval);
}

TEST(AdmissionTest, ChangesOfLearnersAndLimitsNeedNoSeasonedVoters) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  facts.leader_since_ms = kTestNowMs - 1;
  for (MemberFacts& member : facts.members) {
    member.last_heard_ms.reset();
    member.proven_since_ms.reset();
    member.voter_since_ms.reset();
  }
  Limits limits = c.limits();
  limits.max_learners = 9;
  ExpectAccepted(Add(c, {10}), facts);
  ExpectAccepted(Remove(c, {7}), facts);
  ExpectAccepted(SetLimits(c, limits), facts);
  EXPECT_EQ(RefusalOf(Remove(c, {3}), facts).rule, Rule::kLiveQuorum);
}

TEST(AdmissionTest, LimitsThatAChangeBringsDoNotJudgeIt) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  FactsOf(facts, 7).proven_since_ms = kTestNowMs - 9'000;
  MembershipChange change = Promote(c, {7});
  change.limits = c.limits();
  change.limits->stabilisation_ms = 1'000;
  EXPECT_EQ(RefusalOf(change, facts).rule, Rule::kObservedStability);
}

TEST(AdmissionTest, RetryIsWhenTheLastOfTheRulesAgrees) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  FactsOf(facts, 7).proven_since_ms = kTestNowMs - 9'000;  // 1 s, rule 13
  facts.last_promotion_ms = kTestNowMs - 500;              // 3.5 s, rule 14
  VoterFor(facts, 3, 4'000);                               // 6 s, rule 14
  ExpectRefusedFor(6'000, Promote(c, {7}), facts, Rule::kObservedStability);
  // One that will never agree by itself makes waiting useless.
  Silence(facts, 2, 1'000);
  ExpectRefusedForGood(Promote(c, {7}), facts, Rule::kSeasonedMajority);
}

// "Ask again later" would be the wrong word as long as another rule refuses
// whatever time passes.
TEST(AdmissionTest, ARuleThatNoWaitingHelpsAgainstComesFirst) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  // Rule 12 for a time, and rule 14, as two of three voters are down.
  Silence(facts, 7, 3'000);
  Silence(facts, 2, 3'000);
  Silence(facts, 3, 3'000);
  ExpectRefusedForGood(Promote(c, {7}), facts, Rule::kSeasonedMajority);
  // Rule 13 for a time, and rule 14, as there are two of them.
  facts = Healthy(c);
  FactsOf(facts, 7).proven_since_ms = kTestNowMs - 3'000;
  ExpectRefusedForGood(Promote(c, {7, 8}), facts, Rule::kSeasonedMajority);
}

// So its silence says nothing yet, of rule 15 above all.
TEST(AdmissionTest, ALeaderThatIsNotSettledOnlyAsksForTime) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  facts.own_epoch_committed = false;
  facts.leader_since_ms = kTestNowMs;
  FactsOf(facts, 2).last_heard_ms.reset();
  FactsOf(facts, 3).last_heard_ms.reset();
  const Refusal refusal = RefusalOf(Promote(c, {7}), facts);
  EXPECT_EQ(refusal.rule, Rule::kSettledLeader);
  EXPECT_EQ(refusal.retry_after_ms, c.limits().contact_ms);
}

// The same within rule 14: its distance passes, its quorum does not come.
TEST(AdmissionTest, Rule14SaysSoIfOnlyItsDistancePasses) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  facts.last_promotion_ms = kTestNowMs - 1'000;
  ExpectRefusedFor(3'000, Promote(c, {7}), facts, Rule::kSeasonedMajority);
  Silence(facts, 2, 3'000);
  Silence(facts, 3, 3'000);
  ExpectRefusedForGood(Promote(c, {7}), facts, Rule::kSeasonedMajority);
  const Refusal refusal = RefusalOf(Promote(c, {7}), facts);
  EXPECT_EQ(NumberOf(refusal, "present_seasoned_voters"), 1);
}

TEST(AdmissionTest, WordsOfTheRules) {
  Limits limits;
  MemberFacts member;
  EXPECT_FALSE(IsInContact(member, limits, 0));
  member.last_heard_ms = 1'000;
  EXPECT_TRUE(IsInContact(member, limits, 1'000 + limits.contact_ms));
  EXPECT_FALSE(IsInContact(member, limits, 1'001 + limits.contact_ms));

  member.last_heard_ms = 20'000;
  EXPECT_FALSE(IsSeasoned(member, limits, 20'000));  // no voter
  member.voter_since_ms = 10'000;
  EXPECT_TRUE(IsSeasoned(member, limits, 20'000));
  EXPECT_FALSE(IsSeasoned(member, limits, 19'999));
  member.heard_since_ms = 10'001;
  EXPECT_FALSE(IsSeasoned(member, limits, 20'000));
  EXPECT_TRUE(IsSeasoned(member, limits, 20'001));
  EXPECT_FALSE(IsSeasoned(member, limits, 20'001 + limits.contact_ms));

  AdmissionFacts facts = Healthy(Founded({1}));
  facts.leader_since_ms = 5'000;
  facts.now_ms = 20'000 + limits.dead_ms - 1;
  EXPECT_FALSE(IsDead(member, facts));
  facts.now_ms += 1;
  EXPECT_TRUE(IsDead(member, facts));
  facts.leader_since_ms = facts.now_ms - 1;
  EXPECT_FALSE(IsDead(member, facts));
}

TEST(AdmissionDeathTest, NeedsFactsOnEveryMember) {
  const Configuration c = Ensemble({1, 2, 3});
  AdmissionFacts facts = Healthy(c);
  facts.members.pop_back();
  EXPECT_DEATH(DecideAdmission(Promote(c, {9}), facts), "check failed");
}

}  // namespace
}  // namespace quorate::consensus
