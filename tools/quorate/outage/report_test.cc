// The page and the JSON show the facts, and nothing that is not in them.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/facts_json.h"
#include "tools/quorate/outage/html_report.h"
#include "tools/quorate/outage/sample_facts.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

// For eyes: bazel test keeps it among the test's outputs.
void Keep(const std::string& page) {
  const char* directory = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  if (directory == nullptr) return;
  std::FILE* file =
      std::fopen((std::string(directory) + "/sample.html").c_str(), "w");
  if (file == nullptr) return;
  std::fwrite(page.data(), 1, page.size(), file);
  std::fclose(file);
}

TEST(HtmlReport, ShowsWhatWasSeen) {
  const std::string page = HtmlReport(SampleFacts());
  Keep(page);
  EXPECT_TRUE(absl::StrContains(page, "6 of 6 claims"));
  EXPECT_TRUE(absl::StrContains(page, "14 (seasoned majority)"));
  EXPECT_TRUE(absl::StrContains(page, "voters=7 seasoned=3"));
  EXPECT_TRUE(absl::StrContains(page, "four newcomers start at once"));
  EXPECT_TRUE(absl::StrContains(page, "10.0 %"));  // 60 of 600 in act 1
  EXPECT_TRUE(absl::StrContains(page, "0123456789abcdef"));
  EXPECT_TRUE(absl::StrContains(page, "/usr/share/some&lt;file&gt;"));
  EXPECT_FALSE(absl::StrContains(page, "some<file>"));
}

TEST(HtmlReport, NeedsNothingElse) {
  const std::string page = HtmlReport(SampleFacts());
  for (const char* const outside :
       {"http:", "https:", "<script", "<link", "<img", "url(", "@import"}) {
    EXPECT_FALSE(absl::StrContains(page, outside)) << outside;
  }
}

TEST(HtmlReport, SaysWhatWasNotSeen) {
  OutageFacts facts = SampleFacts();
  facts.acts[1].findings[0].met = false;
  facts.stopped = "member 2 does not <end>";
  const std::string page = HtmlReport(facts);
  EXPECT_TRUE(absl::StrContains(page, "Not everything was seen"));
  EXPECT_TRUE(absl::StrContains(page, "5 of 6 claims"));
  EXPECT_TRUE(absl::StrContains(page, "member 2 does not &lt;end&gt;"));
  EXPECT_FALSE(absl::StrContains(page, "Everything that is claimed was seen"));
}

// Other facts, other numbers: none is fixed.
TEST(HtmlReport, NumbersAreThoseOfTheFacts) {
  OutageFacts facts = SampleFacts();
  facts.acts[0].writes.resize(400);
  facts.acts[0].in_the_end.effects = 602;
  facts.acts[0].in_the_end.distinct = 597;
  const std::string page = HtmlReport(facts);
  EXPECT_FALSE(absl::StrContains(page, "10.0 %"));
  EXPECT_TRUE(absl::StrContains(page, "<b>3</b><span>messages lost"));
  EXPECT_TRUE(absl::StrContains(page, "<b>5</b><span>messages processed"));
}

TEST(HtmlReport, OfARunThatBrokeOffAtOnce) {
  OutageFacts facts;
  facts.stopped = "no port";
  EXPECT_TRUE(absl::StrContains(HtmlReport(facts), "no port"));
  facts.acts.push_back({.number = 1});  // nothing was seen in it
  EXPECT_TRUE(absl::StrContains(HtmlReport(facts), "Act 1"));
}

TEST(FactsJson, HasTheSameFacts) {
  const Json json = FactsJson(SampleFacts());
  EXPECT_EQ(json["observed"], true);
  EXPECT_EQ(json["acts"].size(), 3u);
  const Json& act = json["acts"][0];
  EXPECT_EQ(act["writes"]["sent"], 600);
  EXPECT_EQ(act["writes"]["failed_at_first"], 60);
  EXPECT_EQ(act["causes"]["NoTopic"], 60);
  EXPECT_EQ(act["members"].size(), 7u);
  EXPECT_EQ(act["brokers"][2]["spans"][2]["believes_in"], 3);
  EXPECT_EQ(act["writes_by_second"].size(), 30u);
  EXPECT_EQ(act["processed_in_the_end"]["doubled"], 0);
  EXPECT_EQ(json["refusals"][1]["rule"], 14);
  EXPECT_EQ(json["refusals"][1]["numbers"]["voters"], 7);
}

TEST(FactsJson, SaysWhatWasNotSeen) {
  OutageFacts facts = SampleFacts();
  facts.acts[2].findings[1].met = false;
  const Json json = FactsJson(facts);
  EXPECT_EQ(json["observed"], false);
  EXPECT_EQ(json["acts"][2]["claims"][1]["met"], false);
}

}  // namespace
}  // namespace quorate::tools
