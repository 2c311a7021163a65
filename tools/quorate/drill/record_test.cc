#include "tools/quorate/drill/record.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace quorate::tools {
namespace {

View Leader(uint64_t id) {
  return {.id = id, .answers = true, .role = "leader", .serving = true};
}
View Follower(uint64_t id) {
  return {.id = id, .answers = true, .role = "follower", .serving = true};
}

// Members 3 and 7, each with a write of its own.
Round TwoWriters() {
  return {.views = {Leader(3), Follower(1), Leader(7)},
          .writes = {{.member = 3, .path = "/a", .acked = true},
                     {.member = 7, .path = "/b", .acked = true}}};
}

TEST(SplitTest, EachLacksWhatTheOtherAcknowledged) {
  Round round = TwoWriters();
  round.writes[0].missed_by = {7};
  round.writes[1].missed_by = {3};
  const std::optional<Split> split = SplitOf(round);
  ASSERT_TRUE(split.has_value());
  EXPECT_EQ(split->first, 3u);
  EXPECT_EQ(split->second, 7u);
}

// A successor has what its predecessor acknowledged.
TEST(SplitTest, IsNoneWhileLeadershipPasses) {
  Round round = TwoWriters();
  round.writes[0].held_by = {7};
  round.writes[1].missed_by = {3};
  EXPECT_FALSE(SplitOf(round).has_value());
}

TEST(SplitTest, IsNoneWithoutAnswers) {
  EXPECT_FALSE(SplitOf(Round()).has_value());
  EXPECT_FALSE(SplitOf(TwoWriters()).has_value());
  Round round = TwoWriters();
  round.writes[0].missed_by = {7};
  round.writes[1].missed_by = {3};
  round.writes[1].acked = false;
  EXPECT_FALSE(SplitOf(round).has_value());
}

TEST(SplitTest, IsAmongLeadersOnly) {
  Round round = TwoWriters();
  round.writes[0].missed_by = {7};
  round.writes[1].missed_by = {3};
  round.views[2].role = "follower";
  EXPECT_FALSE(SplitOf(round).has_value());
  EXPECT_EQ(LeadersOf(round), std::vector<uint64_t>({3}));
}

TEST(RefusalTest, IsReadFromLastWords) {
  const Refusal refusal = ParseRefusal(
      "coordd: stopped for good: rule 6 (one truth): the data directory "
      "belongs to another (ensemble): 7");
  EXPECT_EQ(refusal.rule, 6u);
  EXPECT_EQ(refusal.rule_name, "one truth");
  EXPECT_EQ(refusal.message,
            "the data directory belongs to another (ensemble): 7");
}

TEST(RefusalTest, IsNoRuleInOtherWords) {
  for (const std::string words :
       {"", "rule", "rule 6", "rule six (one truth): x", "a rule (b): c",
        "cannot listen on 127.0.0.1:7: taken"}) {
    const Refusal refusal = ParseRefusal(words);
    EXPECT_EQ(refusal.rule, 0u) << words;
    EXPECT_EQ(refusal.message, words);
  }
}

TEST(RefusalTest, IsDescribedWithNumbersAndRetry) {
  EXPECT_EQ(Describe({.rule = 14,
                      .rule_name = "seasoned majority",
                      .message = "too few",
                      .numbers = {{"seasoned", 3}, {"needed", 4}},
                      .retry_after_ms = 840}),
            "refused by rule 14 (seasoned majority): too few [seasoned=3 "
            "needed=4], again in 0.8 s");
  EXPECT_EQ(Describe({.message = "why not"}), "refused: why not");
}

}  // namespace
}  // namespace quorate::tools
