#include "tools/quorate/outage/facts.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/outage/sample_facts.h"

namespace quorate::tools {
namespace {

WriteFact At(int64_t sent_ms, Outcome outcome) {
  return {.sent_ms = sent_ms, .outcome = outcome, .cause = "NoTopic"};
}

TEST(Facts, SumsUpWrites) {
  const WriteSums sums =
      SumUp({At(1, Outcome::kAtOnce), At(2, Outcome::kByRetry),
             At(3, Outcome::kDeadLettered), At(4, Outcome::kFailed)});
  EXPECT_EQ(sums.sent(), 4);
  EXPECT_EQ(sums.failed_at_first(), 3);
  EXPECT_DOUBLE_EQ(sums.failed_at_first_share(), 0.75);
  EXPECT_EQ(sums.Of(Outcome::kFailed), 1);
  EXPECT_DOUBLE_EQ(WriteSums().failed_at_first_share(), 0);
}

TEST(Facts, PutsEachWriteIntoOneBucket) {
  const std::vector<WriteBucket> buckets =
      BucketsOf({At(99, Outcome::kAtOnce), At(100, Outcome::kAtOnce),
                 At(109, Outcome::kAtOnce), At(110, Outcome::kFailed),
                 At(124, Outcome::kAtOnce), At(125, Outcome::kAtOnce)},
                100, 125, 10);
  ASSERT_EQ(buckets.size(), 3u);
  EXPECT_EQ(buckets[0].sums.at_once, 2);
  EXPECT_EQ(buckets[1].sums.failed, 1);
  EXPECT_EQ(buckets[2].begin_ms, 120);
  EXPECT_EQ(buckets[2].sums.sent(), 1);
}

TEST(Facts, CountsCausesOfWhatFailed) {
  const auto causes =
      CausesOf({At(1, Outcome::kAtOnce), At(2, Outcome::kByRetry)});
  ASSERT_EQ(causes.size(), 1u);
  EXPECT_EQ(causes.at("NoTopic"), 1);
}

TEST(Facts, AllSeenNeedsEveryActAndClaim) {
  EXPECT_TRUE(AllSeen(SampleFacts()));
  EXPECT_FALSE(AllSeen(OutageFacts()));
  OutageFacts facts = SampleFacts();
  facts.stopped = "a port was taken";
  EXPECT_FALSE(AllSeen(facts));
  facts = SampleFacts();
  facts.acts[1].findings[0].met = false;
  EXPECT_FALSE(AllSeen(facts));
  facts = SampleFacts();
  facts.acts[2].findings.clear();
  EXPECT_FALSE(AllSeen(facts));
}

TEST(Facts, GroupsRefusalsByRule) {
  OutageFacts facts = SampleFacts();
  facts.acts[2].record.asks.push_back(facts.acts[2].record.asks[0]);
  facts.acts[2].record.asks.back().refusal->retry_after_ms = 900;
  facts.acts[2].record.asks.push_back({.what = "promote 4"});  // accepted
  const std::vector<RuleRefusals> refusals = RefusalsOf(facts);
  ASSERT_EQ(refusals.size(), 2u);
  EXPECT_EQ(refusals[0].rule, 0u);
  EXPECT_EQ(refusals[1].rule, 14u);
  EXPECT_EQ(refusals[1].count, 2);
  EXPECT_EQ(refusals[1].asked.size(), 1u);
  EXPECT_EQ(refusals[1].with_retry, 2);
  EXPECT_EQ(refusals[1].longest_retry_ms, 900);
}

}  // namespace
}  // namespace quorate::tools
