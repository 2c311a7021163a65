#include "tools/quorate/drill/report.h"

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/console.h"
#include "tools/quorate/drill/claims.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/schedule.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

Record SplitRecord() {
  Round round{
      .phase = Phase::kDuring,
      .views = {{.id = 3, .answers = true, .role = "leader", .serving = true},
                {.id = 7, .answers = true, .role = "leader", .serving = true}},
      .writes = {{.member = 3, .path = "/a", .acked = true, .missed_by = {7}},
                 {.member = 7, .path = "/b", .acked = true, .missed_by = {3}}}};
  Record record;
  record.rounds = {round, Round{.phase = Phase::kDuring}};
  record.fates = {
      {.path = "/a", .acked_by = 3},
      {.path = "/b", .acked_by = 7, .readable_at = {7}, .missing_at = {3}}};
  return record;
}

DrillOutcome Outcome() {
  const Record record = SplitRecord();
  RunOutcome lists{.mode = Mode::kLists, .record = record};
  lists.verdicts = {Judge(Claim::kLost, record),
                    Judge(Claim::kTwoLeaders, record)};
  lists.timeline = {{1500, "member 7 started"}};
  return {.seed = 11,
          .schedules = {{.name = "quick",
                         .story = "all at once",
                         .plan = "at random",
                         .runs = {lists}}}};
}

TEST(ReportTest, SummaryTellsWhoLedAndWhatWasLost) {
  EXPECT_EQ(Summarise(SplitRecord()),
            "two leaders (3, 7), 1 rounds without service; 2 writes, 1 lost, "
            "1 on one side");
  EXPECT_EQ(Summarise(Record()), "no leader; 0 writes, 0 lost");
}

TEST(ReportTest, UnmetClaimsAreNamed) {
  EXPECT_EQ(Unmet(Outcome()),
            std::vector<std::string>({"quick, lists: two-leaders (members 3 "
                                      "and 7, 1 rounds)"}));
  DrillOutcome outcome = Outcome();
  outcome.schedules[0].runs[0].verdicts.pop_back();
  EXPECT_TRUE(Unmet(outcome).empty());
}

TEST(ReportTest, TableHasAColumnForEachMode) {
  std::ostringstream out;
  std::ostringstream err;
  const Console console{.out = out, .err = err};
  PrintTable(console, Outcome());
  EXPECT_TRUE(absl::StrContains(out.str(), "UNSAFE LISTS")) << out.str();
  EXPECT_TRUE(absl::StrContains(out.str(), "quick")) << out.str();
  EXPECT_TRUE(absl::StrContains(out.str(), "1 of 2 seen")) << out.str();
}

TEST(ReportTest, JsonHoldsEverything) {
  const Json json = ReportJson(Outcome());
  EXPECT_EQ(json["seed"], 11);
  EXPECT_EQ(json["observed"], false);
  const Json& run = json["schedules"][0]["runs"][0];
  EXPECT_EQ(run["mode"], "lists");
  EXPECT_EQ(run["lost"], 1);
  EXPECT_EQ(run["on_one_side_only"], 1);
  EXPECT_EQ(run["claims"][0]["met"], true);
  EXPECT_EQ(run["claims"][1]["met"], false);
  EXPECT_EQ(run["timeline"][0]["at_ms"], 1500);
  EXPECT_EQ(run["record"]["rounds"][0]["writes"][0]["missed_by"][0], 7);
  EXPECT_EQ(run["record"]["writes"][1]["readable_at"][0], 7);
}

}  // namespace
}  // namespace quorate::tools
