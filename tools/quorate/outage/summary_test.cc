#include "tools/quorate/outage/summary.h"

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "tools/quorate/console.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/sample_facts.h"

namespace quorate::tools {
namespace {

std::string Printed(const OutageFacts& facts) {
  std::ostringstream out;
  PrintSummary(Console{.out = out, .err = out}, facts);
  return out.str();
}

TEST(Summary, ShowsClaimsAndCounts) {
  const std::string text = Printed(SampleFacts());
  EXPECT_TRUE(absl::StrContains(text, "Act 3: a title"));
  EXPECT_TRUE(absl::StrContains(text, "seen      in the end every line"));
  EXPECT_FALSE(absl::StrContains(text, "NOT SEEN"));
  EXPECT_TRUE(absl::StrContains(text, "10.0 %"));
  EXPECT_TRUE(Unmet(SampleFacts()).empty());
}

TEST(Summary, NamesWhatWasNotSeen) {
  OutageFacts facts = SampleFacts();
  facts.acts[0].findings[1].met = false;
  EXPECT_TRUE(absl::StrContains(Printed(facts), "NOT SEEN"));
  const std::vector<std::string> unmet = Unmet(facts);
  ASSERT_EQ(unmet.size(), 1u);
  EXPECT_TRUE(absl::StartsWith(unmet[0], "act 1: two-controllers ("))
      << unmet[0];
}

}  // namespace
}  // namespace quorate::tools
