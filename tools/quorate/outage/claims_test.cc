// Each claim can be met, and can say no.

#include "tools/quorate/outage/claims.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tools/quorate/outage/facts.h"

namespace quorate::tools {
namespace {

constexpr OutageClaim kAll[] = {
    OutageClaim::kTwoControllers,    OutageClaim::kConflictingMetadata,
    OutageClaim::kWritesFailed,      OutageClaim::kSavedByRetry,
    OutageClaim::kDeadLettered,      OutageClaim::kNoneFailed,
    OutageClaim::kNoneTwice,         OutageClaim::kOneAgain,
    OutageClaim::kQueueDrained,      OutageClaim::kExactlyOnce,
    OutageClaim::kOneController,     OutageClaim::kNoWriteFailed,
    OutageClaim::kNeverDeadLettered, OutageClaim::kWritesGoOn};

bool Met(OutageClaim claim, const ActFacts& act) {
  return Judge(claim, act).met;
}

Lane Of(const std::string& name, const std::string& state, int64_t whom,
        int64_t begin_ms = 0, int64_t end_ms = 10'000) {
  return {name, {{begin_ms, end_ms, {state, whom, 1}}}};
}

ActFacts WithWrites(const std::vector<Outcome>& outcomes) {
  ActFacts act;
  int64_t at_ms = 0;
  for (const Outcome outcome : outcomes) {
    act.writes.push_back(
        {.sent_ms = at_ms, .done_ms = at_ms + 5, .outcome = outcome});
    at_ms += 100;
  }
  return act;
}

TEST(Claims, NothingSeenMeetsNone) {
  for (const OutageClaim claim : kAll) {
    EXPECT_FALSE(Met(claim, ActFacts())) << NameOf(claim);
    EXPECT_FALSE(SentenceOf(claim).empty());
  }
}

TEST(Claims, TwoControllersForLongEnough) {
  ActFacts act;
  act.brokers = {Of("broker 1", "controls", 1), Of("broker 2", "obeys", 1),
                 Of("broker 3", "controls", 3, 9'000)};
  EXPECT_TRUE(Met(OutageClaim::kTwoControllers, act));
  act.brokers[2].spans[0].begin_ms = 9'001;
  EXPECT_FALSE(Met(OutageClaim::kTwoControllers, act));
  act.brokers[2] = Of("broker 3", "obeys", 3, 0);
  EXPECT_FALSE(Met(OutageClaim::kTwoControllers, act));
}

TEST(Claims, ConflictingMetadataNamesTwoAndLacksTheTopic) {
  ActFacts act;
  act.metadata = {{0, 3, 1, 3}, {100, 3, 2, 2}};
  EXPECT_TRUE(Met(OutageClaim::kConflictingMetadata, act));
  act.metadata = {{0, 3, 1, 2}, {100, 3, 2, 3}};
  EXPECT_FALSE(Met(OutageClaim::kConflictingMetadata, act));
}

TEST(Claims, OfWrites) {
  const ActFacts good = WithWrites({Outcome::kAtOnce, Outcome::kAtOnce});
  const ActFacts retried = WithWrites({Outcome::kAtOnce, Outcome::kByRetry});
  const ActFacts queued =
      WithWrites({Outcome::kAtOnce, Outcome::kDeadLettered});
  const ActFacts lost = WithWrites({Outcome::kAtOnce, Outcome::kFailed});
  const auto row = [&](OutageClaim claim) {
    return std::vector<bool>{Met(claim, good), Met(claim, retried),
                             Met(claim, queued), Met(claim, lost)};
  };
  using Row = std::vector<bool>;
  EXPECT_EQ(row(OutageClaim::kWritesFailed), (Row{false, true, true, true}));
  EXPECT_EQ(row(OutageClaim::kSavedByRetry), (Row{false, true, false, false}));
  EXPECT_EQ(row(OutageClaim::kDeadLettered), (Row{false, false, true, false}));
  EXPECT_EQ(row(OutageClaim::kNoneFailed), (Row{true, true, true, false}));
  EXPECT_EQ(row(OutageClaim::kNoWriteFailed), (Row{true, false, false, false}));
  EXPECT_EQ(row(OutageClaim::kNeverDeadLettered),
            (Row{true, true, false, false}));
}

TEST(Claims, NoneTwice) {
  ActFacts act;
  act.processed = {.expected = 9, .effects = 5, .distinct = 5};
  EXPECT_TRUE(Met(OutageClaim::kNoneTwice, act));
  act.processed.effects = 6;
  EXPECT_FALSE(Met(OutageClaim::kNoneTwice, act));
  act.processed = {.effects = 5, .distinct = 5, .strange = 1};
  EXPECT_FALSE(Met(OutageClaim::kNoneTwice, act));
}

TEST(Claims, OneAgain) {
  ActFacts act;
  act.members = {Of("member 1", "leads", 1), Of("member 2", "follows", 1),
                 Of("member 4", "down", 0)};
  act.brokers = {Of("broker 1", "obeys", 2), Of("broker 2", "controls", 2)};
  EXPECT_TRUE(Met(OutageClaim::kOneAgain, act));
  ActFacts other = act;
  other.members[1] = Of("member 2", "follows", 4);
  EXPECT_FALSE(Met(OutageClaim::kOneAgain, other));
  other = act;
  other.brokers[0] = Of("broker 1", "silent", 0);
  EXPECT_FALSE(Met(OutageClaim::kOneAgain, other));
}

TEST(Claims, QueueDrained) {
  ActFacts act;
  act.queue = {.taken = 5, .replayed = 5, .left = 0};
  EXPECT_TRUE(Met(OutageClaim::kQueueDrained, act));
  act.queue.left = 1;
  EXPECT_FALSE(Met(OutageClaim::kQueueDrained, act));
  act.queue = {.taken = 5, .replayed = 4, .left = 0};
  EXPECT_FALSE(Met(OutageClaim::kQueueDrained, act));
}

TEST(Claims, ExactlyOnce) {
  ActFacts act;
  act.in_the_end = {.expected = 5,
                    .effects = 5,
                    .distinct = 5,
                    .digest = "ab",
                    .expected_digest = "ab"};
  EXPECT_TRUE(Met(OutageClaim::kExactlyOnce, act));
  ActFacts other = act;
  other.in_the_end.effects = 6;  // one twice
  EXPECT_FALSE(Met(OutageClaim::kExactlyOnce, other));
  other = act;
  other.in_the_end.effects = other.in_the_end.distinct = 4;  // one lost
  EXPECT_FALSE(Met(OutageClaim::kExactlyOnce, other));
  other = act;
  other.in_the_end.digest = "cd";  // one changed
  EXPECT_FALSE(Met(OutageClaim::kExactlyOnce, other));
  other = act;
  other.in_the_end.digest = other.in_the_end.expected_digest = "";
  EXPECT_FALSE(Met(OutageClaim::kExactlyOnce, other));
  other = act;
  other.in_the_end.strange = 1;
  EXPECT_FALSE(Met(OutageClaim::kExactlyOnce, other));
}

TEST(Claims, OneController) {
  ActFacts act;
  act.brokers = {Of("broker 1", "controls", 1), Of("broker 2", "obeys", 1)};
  act.metadata = {{0, 2, 1, 2}};
  EXPECT_TRUE(Met(OutageClaim::kOneController, act));
  ActFacts other = act;
  other.brokers[1] = Of("broker 2", "controls", 2);
  EXPECT_FALSE(Met(OutageClaim::kOneController, other));
  other = act;
  other.metadata = {{0, 2, 2, 2}};
  EXPECT_FALSE(Met(OutageClaim::kOneController, other));
  other = act;
  other.metadata = {{0, 1, 1, 1}};  // never were all of them asked
  EXPECT_FALSE(Met(OutageClaim::kOneController, other));
}

TEST(Claims, WritesGoOn) {
  ActFacts act = WithWrites({Outcome::kAtOnce, Outcome::kByRetry});
  EXPECT_TRUE(Met(OutageClaim::kWritesGoOn, act));
  act.writes[1].done_ms = act.writes[0].done_ms + kLongestPauseMs;
  EXPECT_FALSE(Met(OutageClaim::kWritesGoOn, act));
}

}  // namespace
}  // namespace quorate::tools
