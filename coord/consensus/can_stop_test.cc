#include "coord/consensus/can_stop.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/test_facts.h"
#include "coord/consensus/test_members.h"
#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

// The rule that is in the way; kNone: it may go.
Rule InTheWay(uint64_t id, const AdmissionFacts& facts) {
  const std::optional<Refusal> refusal = CheckCanStop(MemberId{id}, facts);
  return refusal.has_value() ? refusal->rule : Rule::kNone;
}

int64_t NumberOf(const Refusal& refusal, const std::string& name) {
  for (const auto& [found, value] : refusal.numbers) {
    if (found == name) return value;
  }
  ADD_FAILURE() << "no number " << name;
  return -1;
}

TEST(CanStopTest, OneOfThreeMayGoButNotASecond) {
  AdmissionFacts facts = Healthy(Founded({1, 2, 3}));
  for (uint64_t id : {1, 2, 3}) EXPECT_EQ(InTheWay(id, facts), Rule::kNone);
  Silence(facts, 3, 251);
  EXPECT_EQ(InTheWay(1, facts), Rule::kLiveQuorum);
  EXPECT_EQ(InTheWay(2, facts), Rule::kLiveQuorum);
  EXPECT_EQ(InTheWay(3, facts), Rule::kNone) << "it is down already";
  Silence(facts, 3, 250);
  EXPECT_EQ(InTheWay(1, facts), Rule::kNone);
}

TEST(CanStopTest, TellsTheNumbers) {
  AdmissionFacts facts = Healthy(Founded({1, 2, 3}));
  Silence(facts, 3, 1'000);
  const std::optional<Refusal> refusal = CheckCanStop(MemberId{2}, facts);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(NumberOf(*refusal, "others_fit"), 1);
  EXPECT_EQ(NumberOf(*refusal, "needed"), 2);
  EXPECT_EQ(NumberOf(*refusal, "voters"), 3);
  EXPECT_FALSE(refusal->retry_after_ms.has_value())
      << "nobody knows when it comes back";
}

TEST(CanStopTest, OneOrTwoVotersHaveNobodyToSpare) {
  EXPECT_EQ(InTheWay(1, Healthy(Founded({1}))), Rule::kLiveQuorum);
  for (uint64_t id : {1, 2}) {
    const auto refusal = CheckCanStop(MemberId{id}, Healthy(Founded({1, 2})));
    ASSERT_TRUE(refusal.has_value());
    EXPECT_EQ(refusal->rule, Rule::kLiveQuorum);
    EXPECT_FALSE(refusal->retry_after_ms.has_value());
    EXPECT_NE(refusal->reason.find("no voter to spare"), std::string::npos);
  }
}

TEST(CanStopTest, WhoIsFarBehindCountsAsDown) {
  AdmissionFacts facts = Healthy(Founded({1, 2, 3}));
  const Limits& limits = facts.configuration->limits();
  FactsOf(facts, 3).lag_records = limits.max_lag_records;
  FactsOf(facts, 3).lag_bytes = limits.max_lag_bytes;
  EXPECT_EQ(InTheWay(2, facts), Rule::kNone);
  FactsOf(facts, 3).lag_records = limits.max_lag_records + 1;
  std::optional<Refusal> refusal = CheckCanStop(MemberId{2}, facts);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->rule, Rule::kLiveQuorum);
  EXPECT_TRUE(refusal->retry_after_ms.has_value()) << "it is catching up";
  FactsOf(facts, 3).lag_records = 0;
  FactsOf(facts, 3).lag_bytes = limits.max_lag_bytes + 1;
  EXPECT_EQ(InTheWay(2, facts), Rule::kLiveQuorum);
}

TEST(CanStopTest, ALearnerMayAlwaysGoAndNeverHelps) {
  const Configuration three = Founded({1, 2, 3});
  AdmissionFacts facts = Healthy(three.Enter(Add(three, {4, 5})).value());
  Silence(facts, 3, 1'000);
  EXPECT_EQ(InTheWay(4, facts), Rule::kNone);
  EXPECT_EQ(InTheWay(2, facts), Rule::kLiveQuorum);
  facts.own_epoch_committed = false;
  facts.configuration_committed = false;
  EXPECT_EQ(InTheWay(4, facts), Rule::kNone);
}

TEST(CanStopTest, NobodyGoesWhileSomethingIsUnderWay) {
  AdmissionFacts facts = Healthy(Founded({1, 2, 3}));
  facts.configuration_committed = false;
  EXPECT_EQ(InTheWay(2, facts), Rule::kOneAtATime);
  facts.own_epoch_committed = false;
  EXPECT_EQ(InTheWay(2, facts), Rule::kSettledLeader);

  const Configuration three = Founded({1, 2, 3});
  const Configuration with_learner = three.Enter(Add(three, {4})).value();
  AdmissionFacts joint =
      Healthy(with_learner.Enter(Promote(with_learner, {4})).value());
  ASSERT_TRUE(joint.configuration->IsJoint());
  EXPECT_EQ(InTheWay(2, joint), Rule::kOneAtATime);
  EXPECT_TRUE(CheckCanStop(MemberId{2}, joint)->retry_after_ms.has_value());
}

// A second opinion by counting, for every size, every set of voters that are
// down and every member asked about.
TEST(CanStopTest, AgreesWithCountingHeads) {
  for (uint64_t size = 1; size <= 6; ++size) {
    std::vector<uint64_t> ids;
    for (uint64_t id = 1; id <= size; ++id) ids.push_back(id);
    for (uint64_t down = 0; down < uint64_t{1} << size; ++down) {
      AdmissionFacts facts = Healthy(Founded(ids));
      for (uint64_t id : ids) {
        if (down >> (id - 1) & 1) Silence(facts, id, 10'000);
      }
      for (uint64_t asked : ids) {
        uint64_t left = 0;
        for (uint64_t id : ids) {
          if (id != asked && !(down >> (id - 1) & 1)) ++left;
        }
        EXPECT_EQ(InTheWay(asked, facts) == Rule::kNone, 2 * left > size)
            << size << " voters, down " << down << ", asked " << asked;
      }
    }
  }
}

}  // namespace
}  // namespace quorate::consensus
