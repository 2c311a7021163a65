#include "coord/consensus/rule.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

TEST(RuleTest, EveryRuleHasANameOfItsOwn) {
  std::set<std::string> names;
  for (int number = 0; number < kRuleCount; ++number) {
    names.insert(std::string(RuleName(static_cast<Rule>(number))));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(kRuleCount));
  EXPECT_EQ(names.count(""), 0u);
}

TEST(RuleTest, NamesAreInTheOrderOfTheNumbers) {
  EXPECT_EQ(RuleName(Rule::kNone), "none");
  EXPECT_EQ(RuleName(Rule::kEnsembleId), "ensemble id");
  EXPECT_EQ(RuleName(Rule::kBothMajorities), "both majorities");
  EXPECT_EQ(RuleName(Rule::kSeasonedMajority), "seasoned majority");
  EXPECT_EQ(RuleName(Rule::kRescueMints), "rescue mints");
}

TEST(RuleTest, DescribeTellsNumbersAndRetry) {
  Refusal refusal;
  refusal.rule = Rule::kSeasonedMajority;
  refusal.reason = "too few voters are seasoned";
  EXPECT_EQ(Describe(refusal),
            "rule 14 (seasoned majority): too few voters are seasoned");
  refusal.numbers = {{"seasoned_voters", 1}, {"needed", 2}};
  refusal.retry_after_ms = 300;
  EXPECT_EQ(Describe(refusal),
            "rule 14 (seasoned majority): too few voters are seasoned "
            "[seasoned_voters=1 needed=2] retry in 300 ms");
}

}  // namespace
}  // namespace quorate::consensus
