#include "tools/quorate/drill/claims.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tools/quorate/drill/record.h"

namespace quorate::tools {
namespace {

constexpr Claim kAll[] = {Claim::kTwoLeaders,     Claim::kSecondIsEmpty,
                          Claim::kSecondHasOld,   Claim::kParted,
                          Claim::kLost,           Claim::kTruncated,
                          Claim::kDisagree,       Claim::kEmptyTree,
                          Claim::kEmptyTreeWins,  Claim::kOldShutOut,
                          Claim::kServiceStopped, Claim::kOneLeader,
                          Claim::kNothingLost,    Claim::kNoSecondLeader,
                          Claim::kNewcomersWait,  Claim::kPromotionsRefused,
                          Claim::kUnknownRefused, Claim::kRestartsRefused,
                          Claim::kWritesGoOn,     Claim::kNobodyElseServes,
                          Claim::kServiceResumes, Claim::kGrown};

View Member(uint64_t id, const std::string& role) {
  return {
      .id = id,
      .answers = true,
      .role = role,
      .serving = role == "leader" || role == "follower" || role == "learner"};
}

// Member 3 leads and takes a write; the newcomers are what `role` says.
Round Quiet(Phase phase, const std::string& role) {
  return {
      .phase = phase,
      .views = {Member(1, "follower"), Member(3, "leader"), Member(4, role)},
      .writes = {{.member = 3, .path = "/x", .acked = true}}};
}

Round TwoLed(Phase phase = Phase::kDuring) {
  Round round{.phase = phase,
              .views = {Member(3, "leader"), Member(7, "leader")},
              .writes = {{.member = 3, .path = "/a", .acked = true},
                         {.member = 7, .path = "/b", .acked = true}}};
  round.writes[0].missed_by = {7};
  round.writes[1].missed_by = {3};
  return round;
}

// Nobody leads, and nobody takes the write.
Round Idle(Phase phase) {
  return {.phase = phase,
          .views = {Member(1, "candidate"), Member(4, "joining")},
          .writes = {{.member = 1, .path = "/x", .error = "no leader"}}};
}

Record Rounds(int count, const Round& round) {
  Record record;
  for (int i = 0; i < count; ++i) record.rounds.push_back(round);
  return record;
}

bool Met(Claim claim, const Record& record) { return Judge(claim, record).met; }

TEST(ClaimsTest, NothingIsShownByNothing) {
  for (const Claim claim : kAll) {
    EXPECT_FALSE(Met(claim, Record())) << NameOf(claim);
    EXPECT_FALSE(SentenceOf(claim).empty());
  }
}

TEST(ClaimsTest, TwoLeadersInFiveRounds) {
  EXPECT_TRUE(Met(Claim::kTwoLeaders, Rounds(kWatchRounds, TwoLed())));
  EXPECT_FALSE(Met(Claim::kTwoLeaders, Rounds(kWatchRounds - 1, TwoLed())));
  EXPECT_FALSE(
      Met(Claim::kTwoLeaders, Rounds(9, Quiet(Phase::kDuring, "learner"))));
}

TEST(ClaimsTest, OneSplitRoundIsOneTooMany) {
  Record record = Rounds(9, Quiet(Phase::kDuring, "learner"));
  EXPECT_TRUE(Met(Claim::kOneLeader, record));
  EXPECT_TRUE(Met(Claim::kNoSecondLeader, record));
  record.rounds.push_back(TwoLed());
  EXPECT_FALSE(Met(Claim::kOneLeader, record));
  EXPECT_FALSE(Met(Claim::kNoSecondLeader, record));
}

TEST(ClaimsTest, ANewcomerThatLeadsIsASecondLeader) {
  Record record = Rounds(9, Quiet(Phase::kDuring, "learner"));
  record.rounds.push_back(Quiet(Phase::kRegular, "leader"));
  EXPECT_TRUE(Met(Claim::kNoSecondLeader, record));
  record.rounds.push_back(Quiet(Phase::kAfter, "leader"));
  EXPECT_FALSE(Met(Claim::kNoSecondLeader, record));
  EXPECT_TRUE(Met(Claim::kOneLeader, record));
}

TEST(ClaimsTest, Trees) {
  Record record;
  record.trees = {{Phase::kDuring, 3, true}, {Phase::kDuring, 7, false}};
  EXPECT_TRUE(Met(Claim::kSecondIsEmpty, record));
  EXPECT_FALSE(Met(Claim::kSecondHasOld, record));
  record.trees[1].has_old_data = true;
  EXPECT_FALSE(Met(Claim::kSecondIsEmpty, record));
  EXPECT_TRUE(Met(Claim::kSecondHasOld, record));
  record.trees.pop_back();
  EXPECT_FALSE(Met(Claim::kSecondHasOld, record));
}

TEST(ClaimsTest, Losses) {
  Record record;
  record.fates = {
      {.path = "/drill", .readable_at = {1, 2}},
      {.path = "/a", .phase = Phase::kDuring, .readable_at = {1, 2}}};
  EXPECT_TRUE(Met(Claim::kNothingLost, record));
  EXPECT_FALSE(Met(Claim::kParted, record));
  EXPECT_FALSE(Met(Claim::kLost, record));
  record.fates[1].missing_at = {7};
  EXPECT_FALSE(Met(Claim::kNothingLost, record));
  EXPECT_TRUE(Met(Claim::kParted, record));
  EXPECT_FALSE(Met(Claim::kLost, record));
  record.fates[1].readable_at.clear();
  EXPECT_FALSE(Met(Claim::kNothingLost, record));
  EXPECT_FALSE(Met(Claim::kParted, record));
  EXPECT_TRUE(Met(Claim::kLost, record));
}

TEST(ClaimsTest, TruncatedIsWhatMostOldMembersHaveNoMore) {
  Record record;
  record.fates = {{.path = "/a",
                   .phase = Phase::kDuring,
                   .acked_by = 3,
                   .readable_at = {3},
                   .missing_at = {1, 7}}};
  EXPECT_FALSE(Met(Claim::kTruncated, record));
  record.fates[0].missing_at = {1, 2, 7};
  EXPECT_TRUE(Met(Claim::kTruncated, record));
  record.fates[0].acked_by = 7;
  EXPECT_FALSE(Met(Claim::kTruncated, record));
}

TEST(ClaimsTest, MembersOfOneLeaderDisagree) {
  Record record = Rounds(1, Quiet(Phase::kAfter, "follower"));
  record.fates = {{.path = "/a", .readable_at = {1}, .missing_at = {3}}};
  EXPECT_TRUE(Met(Claim::kDisagree, record));
  record.fates[0].missing_at.clear();
  EXPECT_FALSE(Met(Claim::kDisagree, record));
  // Two leaders: they are two ensembles.
  record = Rounds(1, TwoLed(Phase::kAfter));
  record.fates = {{.path = "/a", .readable_at = {3}, .missing_at = {7}}};
  EXPECT_FALSE(Met(Claim::kDisagree, record));
}

TEST(ClaimsTest, EmptyTree) {
  Record record = Rounds(1, Quiet(Phase::kAfter, "follower"));
  record.fates = {{.path = "/drill", .readable_at = {1}, .missing_at = {3}},
                  {.path = "/a", .phase = Phase::kAfter, .readable_at = {3}}};
  EXPECT_TRUE(Met(Claim::kEmptyTreeWins, record));
  record.fates[0].missing_at = {4};
  EXPECT_FALSE(Met(Claim::kEmptyTreeWins, record));
  record.trees = {{Phase::kDuring, 3, false}, {Phase::kDuring, 7, true}};
  EXPECT_FALSE(Met(Claim::kEmptyTree, record));
  record.trees[1].has_old_data = false;
  EXPECT_TRUE(Met(Claim::kEmptyTree, record));
}

TEST(ClaimsTest, OldMembersAreShutOut) {
  Round round{.phase = Phase::kAfter,
              .views = {Member(1, "looking"), Member(7, "leader")}};
  EXPECT_TRUE(Met(Claim::kOldShutOut, Rounds(kWatchRounds, round)));
  Record record = Rounds(kWatchRounds, round);
  round.views[0] = Member(1, "follower");
  record.rounds.push_back(round);
  EXPECT_FALSE(Met(Claim::kOldShutOut, record));
}

TEST(ClaimsTest, Service) {
  const Record quiet = Rounds(kWatchRounds, Quiet(Phase::kDuring, "learner"));
  EXPECT_TRUE(Met(Claim::kWritesGoOn, quiet));
  EXPECT_FALSE(Met(Claim::kServiceStopped, quiet));
  EXPECT_FALSE(Met(Claim::kNobodyElseServes, quiet));
  Record idle = Rounds(kWatchRounds, Idle(Phase::kDuring));
  EXPECT_TRUE(Met(Claim::kServiceStopped, idle));
  EXPECT_TRUE(Met(Claim::kNobodyElseServes, idle));
  EXPECT_FALSE(Met(Claim::kWritesGoOn, idle));
  idle.rounds.push_back(Quiet(Phase::kDuring, "learner"));
  EXPECT_FALSE(Met(Claim::kServiceStopped, idle));
  EXPECT_FALSE(Met(Claim::kNobodyElseServes, idle));
  EXPECT_FALSE(Met(Claim::kWritesGoOn, idle));
  EXPECT_TRUE(Met(Claim::kServiceResumes,
                  Rounds(kWatchRounds, Quiet(Phase::kAfter, "learner"))));
  EXPECT_FALSE(
      Met(Claim::kServiceResumes, Rounds(kWatchRounds, Idle(Phase::kAfter))));
}

// Also the writes of the second half count.
TEST(ClaimsTest, WritesGoOnToTheEnd) {
  Record record = Rounds(kWatchRounds, Quiet(Phase::kDuring, "learner"));
  record.rounds.push_back(Idle(Phase::kAfter));
  EXPECT_FALSE(Met(Claim::kWritesGoOn, record));
}

TEST(ClaimsTest, NewcomersWait) {
  for (const char* role : {"joining", "learner"}) {
    EXPECT_TRUE(
        Met(Claim::kNewcomersWait, Rounds(1, Quiet(Phase::kDuring, role))));
  }
  for (const char* role : {"follower", "candidate", "leader", "founding"}) {
    EXPECT_FALSE(
        Met(Claim::kNewcomersWait, Rounds(1, Quiet(Phase::kDuring, role))));
  }
  // One that is silent shows nothing.
  Record record = Rounds(1, Quiet(Phase::kDuring, "joining"));
  record.rounds[0].views[2].answers = false;
  EXPECT_FALSE(Met(Claim::kNewcomersWait, record));
}

Ask Refused(bool ready, uint32_t rule) {
  Refusal refusal{.rule = rule};
  if (rule != 0) refusal.numbers = {{"needed", 4}};
  return {.what = "promote 4 5",
          .all_at_once = true,
          .ready = ready,
          .refusal = refusal};
}

TEST(ClaimsTest, PromotionsAreRefusedByPace) {
  Record record;
  record.asks = {Refused(false, 12), Refused(true, 14)};
  EXPECT_TRUE(Met(Claim::kPromotionsRefused, record));
  // They were not learners yet: nothing that shows the rules.
  record.asks[0] = Refused(false, 0);
  EXPECT_TRUE(Met(Claim::kPromotionsRefused, record));
  // Another learner was being admitted.
  record.asks[0] = Refused(false, 7);
  EXPECT_TRUE(Met(Claim::kPromotionsRefused, record));
  // A rule that has nothing to do with it.
  record.asks[0] = Refused(false, 5);
  EXPECT_FALSE(Met(Claim::kPromotionsRefused, record));
  // Never asked once they were proven.
  record.asks = {Refused(false, 12), Refused(false, 14)};
  EXPECT_FALSE(Met(Claim::kPromotionsRefused, record));
  // Accepted once.
  record.asks = {Refused(true, 14), Refused(true, 14)};
  record.asks[1].refusal.reset();
  EXPECT_FALSE(Met(Claim::kPromotionsRefused, record));
  EXPECT_FALSE(Met(Claim::kUnknownRefused, record));
}

TEST(ClaimsTest, UnknownNewcomersAreRefused) {
  Record record;
  record.asks = {Refused(false, 0)};
  EXPECT_TRUE(Met(Claim::kUnknownRefused, record));
  EXPECT_FALSE(Met(Claim::kPromotionsRefused, record));
}

TEST(ClaimsTest, RestartsAreRefusedByOneTruth) {
  Record record;
  record.restarts = {{.id = 1, .refusal = Refusal{.rule = 6}}};
  EXPECT_TRUE(Met(Claim::kRestartsRefused, record));
  record.restarts.push_back({.id = 2, .refusal = Refusal{.rule = 3}});
  EXPECT_FALSE(Met(Claim::kRestartsRefused, record));
  record.restarts[1] = {.id = 2, .came_up = true};
  EXPECT_FALSE(Met(Claim::kRestartsRefused, record));
}

TEST(ClaimsTest, GrownIsSevenWithEverything) {
  Record record;
  record.voters = {1, 2, 3, 4, 5, 6, 7};
  record.fates = {{.path = "/x", .readable_at = record.voters}};
  EXPECT_TRUE(Met(Claim::kGrown, record));
  record.fates[0].readable_at.pop_back();
  EXPECT_FALSE(Met(Claim::kGrown, record));
  record.fates[0].readable_at = record.voters;
  record.voters.pop_back();
  EXPECT_FALSE(Met(Claim::kGrown, record));
}

}  // namespace
}  // namespace quorate::tools
