// The checks bite: a driver, transport or client that breaks its contract is
// found out within a few seeds, and without sabotage nothing is found.

#include "tests/simulation/ensemble/sabotage.h"

#include <cstdint>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/simulation/ensemble/ensemble_options.h"
#include "tests/simulation/ensemble/run_ensemble.h"

namespace quorate::simulation {
namespace {

using ::testing::IsEmpty;

constexpr uint64_t kFirstSeed = 1;
constexpr uint64_t kMostSeeds = 60;

using Names = std::set<std::string>;

// The names of the checks that object to `seed`.
Names Objections(uint64_t seed, Sabotage sabotage) {
  EnsembleOptions options = DrawEnsembleOptions(seed);
  options.sabotage = sabotage;
  const EnsembleResult result = RunEnsemble(options, nullptr);
  Names names;
  for (const EnsembleViolation& violation : result.violations) {
    names.insert(violation.check);
  }
  if (!names.empty()) {
    EXPECT_EQ(result.sabotaged > 0, sabotage != Sabotage::kNone);
  }
  return names;
}

// True if one of `checks` objects to one of the seeds.
bool IsCaught(Sabotage sabotage, const Names& checks) {
  for (uint64_t seed = kFirstSeed; seed < kFirstSeed + kMostSeeds; ++seed) {
    for (const std::string& name : Objections(seed, sabotage)) {
      if (checks.contains(name)) return true;
    }
  }
  return false;
}

TEST(SabotageTest, AcknowledgingBeforeTheSync) {
  EXPECT_TRUE(IsCaught(Sabotage::kAckBeforeSync,
                       {"committed_log", "recovery", "state_digest"}));
}

TEST(SabotageTest, SwappingAnswers) {
  EXPECT_TRUE(IsCaught(Sabotage::kSwapAnswers, {"fifo"}));
}

TEST(SabotageTest, LosingAnEvent) {
  EXPECT_TRUE(IsCaught(Sabotage::kDropEvent, {"watches"}));
}

TEST(SabotageTest, DoublingAnEvent) {
  EXPECT_TRUE(IsCaught(Sabotage::kDoubleEvent, {"watches"}));
}

TEST(SabotageTest, TellingAnEventTooLate) {
  EXPECT_TRUE(IsCaught(Sabotage::kEventAfterAnswer, {"watches"}));
}

TEST(SabotageTest, ReplayingWritesUnderANewSession) {
  EXPECT_TRUE(IsCaught(Sabotage::kReplayElsewhere, {"writes_at_most_once"}));
}

TEST(SabotageTest, SendingAWriteAgainUnderANewNumber) {
  EXPECT_TRUE(IsCaught(Sabotage::kRenumberResend, {"writes_at_most_once"}));
}

TEST(SabotageTest, AnsweringFromAnOldState) {
  EXPECT_TRUE(
      IsCaught(Sabotage::kStaleAnswer, {"never_back", "real_time_order"}));
}

TEST(SabotageTest, AnsweringWithOtherData) {
  EXPECT_TRUE(IsCaught(Sabotage::kWrongData, {"answers_match_model"}));
}

TEST(SabotageTest, LosingAnAnswer) {
  EXPECT_TRUE(IsCaught(Sabotage::kLoseAnswer, {"fifo"}));
}

TEST(SabotageTest, NeverTellingTheLeaderThatSessionsLive) {
  EXPECT_TRUE(IsCaught(Sabotage::kDropTouches, {"sessions"}));
}

TEST(SabotageTest, NothingIsFoundWithoutSabotage) {
  for (uint64_t seed = kFirstSeed; seed < kFirstSeed + kMostSeeds; ++seed) {
    EXPECT_THAT(Objections(seed, Sabotage::kNone), IsEmpty()) << seed;
  }
}

}  // namespace
}  // namespace quorate::simulation
