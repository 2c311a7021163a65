#include "coord/consensus/autopilot.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "coord/base/ids.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/test_facts.h"
#include "coord/consensus/test_members.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::consensus {
namespace {

using Outcome = AdmissionDecision::Outcome;

Limits Automatic() {
  Limits limits;
  limits.auto_promote = true;
  limits.auto_remove_dead = true;
  limits.dead_ms = limits.stabilisation_ms;
  return limits;
}

Configuration WithLearners(const std::vector<uint64_t>& voters,
                           const std::vector<uint64_t>& learners,
                           const Limits& limits) {
  const Configuration founded = Founded(voters, limits);
  if (learners.empty()) return founded;
  return founded.Enter(Add(founded, learners)).value();
}

// "promote 4 remove 3", as ids; 0: none. Nothing: no change at all.
struct Chosen {
  uint64_t promote = 0;
  uint64_t remove = 0;
  bool operator==(const Chosen&) const = default;
};

std::optional<Chosen> Choose(const AdmissionFacts& facts) {
  const std::optional<MembershipChange> change =
      ChooseAutomaticChange(facts, 77);
  if (!change.has_value()) return std::nullopt;
  EXPECT_EQ(change->change_id, 77u);
  EXPECT_EQ(change->expected_version, facts.configuration->version());
  EXPECT_TRUE(change->automatic);
  EXPECT_LE(change->promote.size(), 1u);
  EXPECT_LE(change->remove.size(), 1u);
  Chosen chosen;
  if (!change->promote.empty()) chosen.promote = change->promote[0].value;
  if (!change->remove.empty()) chosen.remove = change->remove[0].value;
  return chosen;
}

TEST(AutopilotTest, DoesNothingUnlessAsked) {
  Limits limits = Automatic();
  limits.auto_promote = false;
  limits.auto_remove_dead = false;
  AdmissionFacts facts = Healthy(WithLearners({1, 2, 3}, {4}, limits));
  Silence(facts, 3, 100'000);
  EXPECT_EQ(Choose(facts), std::nullopt);
}

TEST(AutopilotTest, PromotesTheLearnerThatHasBeenFitForLongest) {
  Limits limits = Automatic();
  limits.auto_remove_dead = false;
  AdmissionFacts facts = Healthy(WithLearners({1, 2, 3}, {4, 5}, limits));
  FactsOf(facts, 4).proven_since_ms = 20;
  FactsOf(facts, 5).proven_since_ms = 10;
  EXPECT_EQ(Choose(facts), (Chosen{5, 0}));
  FactsOf(facts, 5).proven_since_ms.reset();
  EXPECT_EQ(Choose(facts), (Chosen{4, 0}));
  // Not before the rules agree: 13, then 14.
  FactsOf(facts, 4).proven_since_ms = kTestNowMs - limits.stabilisation_ms + 1;
  EXPECT_EQ(Choose(facts), std::nullopt);
  EXPECT_EQ(Choose(Later(facts, 1)), (Chosen{4, 0}));
  facts.last_promotion_ms = kTestNowMs - limits.promotion_distance_ms + 2;
  EXPECT_EQ(Choose(Later(facts, 1)), std::nullopt);
  EXPECT_EQ(Choose(Later(facts, 2)), (Chosen{4, 0}));
}

TEST(AutopilotTest, RemovesADeadVoterWhereNoQuorumShrinks) {
  Limits limits = Automatic();
  struct Case {
    std::vector<uint64_t> voters;
    std::optional<Chosen> chosen;
  };
  // Majorities of 3 of 5 and of 4; 3 of 4, but 2 of 3; 2 of 3 and of 2.
  for (const Case& c :
       {Case{{1, 2, 3, 4, 5}, Chosen{0, 2}}, Case{{1, 2, 3, 4}, std::nullopt},
        Case{{1, 2, 3}, Chosen{0, 2}}, Case{{1, 2}, std::nullopt}}) {
    AdmissionFacts facts = Healthy(Founded(c.voters, limits));
    Silence(facts, 2, limits.dead_ms - 1);
    EXPECT_EQ(Choose(facts), std::nullopt) << "not dead yet";
    Silence(facts, 2, limits.dead_ms);
    EXPECT_EQ(Choose(facts), c.chosen) << c.voters.size();
  }
}

TEST(AutopilotTest, ReplacesADeadVoterInOneChange) {
  const Limits limits = Automatic();
  for (const std::vector<uint64_t>& voters :
       {std::vector<uint64_t>{1, 2, 3}, {1, 2, 3, 4}}) {
    AdmissionFacts facts = Healthy(WithLearners(voters, {9}, limits));
    Silence(facts, 2, limits.dead_ms);
    EXPECT_EQ(Choose(facts), (Chosen{9, 2}));
  }
}

TEST(AutopilotTest, NeverBelowTheFloor) {
  Limits limits = Automatic();
  limits.min_voters = 3;
  AdmissionFacts facts = Healthy(WithLearners({1, 2, 3}, {}, limits));
  Silence(facts, 2, limits.dead_ms);
  EXPECT_EQ(Choose(facts), std::nullopt);
  facts = Healthy(WithLearners({1, 2, 3}, {4}, limits));
  Silence(facts, 2, limits.dead_ms);
  EXPECT_EQ(Choose(facts), (Chosen{4, 2})) << "three are left";
}

TEST(AutopilotTest, OneRemovalInAStabilisationTime) {
  const Limits limits = Automatic();
  AdmissionFacts facts = Healthy(WithLearners({1, 2, 3, 4, 5}, {}, limits));
  Silence(facts, 2, limits.dead_ms);
  facts.last_auto_removal_ms = kTestNowMs - limits.stabilisation_ms + 1;
  EXPECT_EQ(Choose(facts), std::nullopt);
  EXPECT_EQ(Choose(Later(facts, 1)), (Chosen{0, 2}));
  // A new leader does not know of earlier ones, so it waits, too.
  facts.last_auto_removal_ms.reset();
  facts.leader_since_ms = kTestNowMs - limits.stabilisation_ms + 1;
  EXPECT_EQ(Choose(facts), std::nullopt);
}

TEST(AutopilotTest, ALeaderThatStoodStillJudgesNobodyByThat) {
  const Limits limits = Automatic();
  AdmissionFacts facts = Healthy(Founded({1, 2, 3, 4, 5}, limits));
  Silence(facts, 2, limits.dead_ms + 5);
  facts.watching_since_ms = kTestNowMs - limits.dead_ms + 1;
  EXPECT_EQ(Choose(facts), std::nullopt);
  EXPECT_EQ(Choose(Later(facts, 1)), (Chosen{0, 2}));
}

TEST(AutopilotTest, AdmissionRefusesWhatItWouldNotChoose) {
  Limits limits = Automatic();
  limits.auto_remove_dead = false;
  AdmissionFacts facts = Healthy(Founded({1, 2, 3, 4, 5}, limits));
  Silence(facts, 2, limits.dead_ms);
  MembershipChange change = Remove(*facts.configuration, {2});
  EXPECT_EQ(DecideAdmission(change, facts).outcome, Outcome::kAccepted)
      << "an operator may";
  change.automatic = true;
  AdmissionDecision decision = DecideAdmission(change, facts);
  ASSERT_EQ(decision.outcome, Outcome::kRefused);
  EXPECT_EQ(decision.refusal.rule, Rule::kCarefulRemoval);
  limits.auto_remove_dead = true;
  AdmissionFacts asked = Healthy(Founded({1, 2, 3, 4, 5}, limits));
  Silence(asked, 2, limits.dead_ms);
  EXPECT_EQ(DecideAdmission(change, asked).outcome, Outcome::kAccepted);
  Silence(asked, 3, limits.dead_ms);
  change.remove = Ids({2, 3});
  EXPECT_EQ(DecideAdmission(change, asked).refusal.rule, Rule::kCarefulRemoval);
}

// --- Whatever the leader knows
// ------------------------------------------------

Limits RandomLimits(SeededRandom& random) {
  Limits limits;
  limits.stabilisation_ms = random.Between(1'000, 3'000);
  limits.dead_ms = limits.stabilisation_ms + random.Between(0, 1'000);
  limits.min_voters = static_cast<uint32_t>(random.Between(1, 6));
  limits.auto_promote = random.Below(3) != 0;
  limits.auto_remove_dead = random.Below(3) != 0;
  return limits;
}

AdmissionFacts RandomFacts(SeededRandom& random) {
  std::vector<uint64_t> voters;
  const int64_t count = random.Between(1, 7);
  for (int64_t id = 1; id <= count; ++id) {
    voters.push_back(static_cast<uint64_t>(id));
  }
  std::vector<uint64_t> learners;
  for (uint64_t id = 11; id <= 13; ++id) {
    if (random.Below(2) == 0) learners.push_back(id);
  }
  AdmissionFacts facts =
      Healthy(WithLearners(voters, learners, RandomLimits(random)));
  facts.leader_since_ms = kTestNowMs - random.Between(0, 20'000);
  facts.watching_since_ms = facts.leader_since_ms;
  if (random.Below(2) == 0) {
    facts.last_auto_removal_ms = kTestNowMs - random.Between(0, 5'000);
  }
  if (random.Below(2) == 0) {
    facts.last_promotion_ms = kTestNowMs - random.Between(0, 20'000);
  }
  facts.configuration_committed = random.Below(10) != 0;
  facts.own_epoch_committed = random.Below(10) != 0;
  for (MemberFacts& member : facts.members) {
    if (member.key.id.value != 1 && random.Below(4) == 0) {
      member.last_heard_ms = kTestNowMs - random.Between(0, 6'000);
    }
    if (random.Below(4) == 0) {
      member.heard_since_ms = kTestNowMs - random.Between(0, 4'000);
    }
    if (member.proven_since_ms.has_value() && random.Below(3) == 0) {
      member.proven_since_ms = kTestNowMs - random.Between(0, 4'000);
    }
    if (random.Below(10) == 0) member.lag_records = 1'000;
  }
  return facts;
}

TEST(AutopilotTest, IsNeverBolderThanTheRules) {
  SeededRandom random{TestSeed()};
  int promotions = 0;
  int removals = 0;
  int replacements = 0;
  for (int run = 0; run < 20'000; ++run) {
    const AdmissionFacts facts = RandomFacts(random);
    const Configuration& present = *facts.configuration;
    const Limits& limits = present.limits();
    const std::optional<MembershipChange> change =
        ChooseAutomaticChange(facts, 1 + random.Below(1'000'000));
    if (!change.has_value()) continue;
    const AdmissionDecision decision = DecideAdmission(*change, facts);
    ASSERT_EQ(decision.outcome, Outcome::kAccepted)
        << Describe(decision.refusal);
    // The same, asked by an operator, passes too: the autopilot has no rights
    // of its own.
    MembershipChange operators = *change;
    operators.automatic = false;
    ASSERT_EQ(DecideAdmission(operators, facts).outcome, Outcome::kAccepted);

    const size_t before = present.voters().size();
    const size_t after = decision.next.voters().size();
    ASSERT_TRUE(after >= before || after >= limits.min_voters);
    ASSERT_GE(after / 2 + 1, before / 2 + 1) << "a quorum became smaller";
    ASSERT_TRUE(change->promote.empty() || limits.auto_promote);
    ASSERT_TRUE(change->remove.empty() || limits.auto_remove_dead);
    for (MemberId id : change->remove) {
      const auto gone = std::find_if(
          facts.members.begin(), facts.members.end(),
          [&](const MemberFacts& member) { return member.key.id == id; });
      ASSERT_TRUE(present.Find(id)->voter);
      ASSERT_GE(facts.now_ms - *gone->last_heard_ms, limits.dead_ms);
      ASSERT_GE(facts.now_ms - facts.last_auto_removal_ms.value_or(0),
                limits.stabilisation_ms);
      ASSERT_GE(facts.now_ms - facts.leader_since_ms, limits.stabilisation_ms);
    }
    promotions += change->remove.empty() ? 1 : 0;
    removals += change->promote.empty() ? 1 : 0;
    replacements += !change->promote.empty() && !change->remove.empty() ? 1 : 0;
  }
  EXPECT_GT(promotions, 50);
  EXPECT_GT(removals, 50);
  EXPECT_GT(replacements, 20);
}

}  // namespace
}  // namespace quorate::consensus
