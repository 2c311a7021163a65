#include "tools/quorate/drill/schedule.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "tools/quorate/drill/claims.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/exit_code.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

TEST(ScheduleTest, ThereAreTen) {
  std::set<std::string> names;
  for (const Schedule& schedule : AllSchedules()) {
    EXPECT_TRUE(names.insert(schedule.name).second) << schedule.name;
    EXPECT_FALSE(schedule.story.empty());
    for (const Mode mode : {Mode::kLists, Mode::kZooKeeper, Mode::kRules}) {
      EXPECT_FALSE(schedule.ClaimsOf(mode).empty()) << schedule.name;
    }
  }
  EXPECT_EQ(names.size(), 10u);
}

// With the rules nothing is ever lost, and the growth succeeds.
TEST(ScheduleTest, RulesPromiseTheSameEverywhere) {
  for (const Schedule& schedule : AllSchedules()) {
    for (const Claim claim : {Claim::kNoSecondLeader, Claim::kNewcomersWait,
                              Claim::kNothingLost, Claim::kGrown}) {
      EXPECT_EQ(std::count(schedule.rules.begin(), schedule.rules.end(), claim),
                1)
          << schedule.name << " " << NameOf(claim);
    }
  }
}

// Claims of the phase "after" need a step between two watches.
TEST(ScheduleTest, EachEndsWithAWatch) {
  for (const Schedule& schedule : AllSchedules()) {
    EXPECT_TRUE(std::holds_alternative<Watch>(schedule.steps.back()))
        << schedule.name;
  }
}

TEST(ScheduleTest, AreFoundByName) {
  const absl::StatusOr<std::vector<Schedule>> two =
      SchedulesNamed({"rolling,quick"});
  ASSERT_TRUE(two.ok()) << two.status();
  ASSERT_EQ(two->size(), 2u);
  EXPECT_EQ(two->front().name, "rolling");
  EXPECT_EQ(SchedulesNamed({})->size(), AllSchedules().size());
  for (const char* name : {"", "quick,", "Quick", "fast"}) {
    const absl::StatusOr<std::vector<Schedule>> none = SchedulesNamed({name});
    EXPECT_EQ(ExitCodeOf(none.status()), ExitCode::kUsage) << name;
  }
}

TEST(PlanTest, SameSeedSamePlan) {
  for (const Schedule& schedule : AllSchedules()) {
    EXPECT_EQ(Describe(PlanOf(schedule, 7)), Describe(PlanOf(schedule, 7)));
    EXPECT_EQ(PlanOf(schedule, 7).follower, PlanOf(schedule, 7).follower);
  }
}

TEST(PlanTest, SeedsAndSchedulesDiffer) {
  std::set<std::string> plans;
  const Schedule& quick = AllSchedules()[0];
  const Schedule& other = AllSchedules()[1];
  for (uint64_t seed = 0; seed < 20; ++seed) {
    plans.insert(Describe(PlanOf(quick, seed)));
    plans.insert(Describe(PlanOf(other, seed)));
  }
  EXPECT_EQ(plans.size(), 40u);
}

TEST(PlanTest, NamesEachMemberOnce) {
  for (const Schedule& schedule : AllSchedules()) {
    for (uint64_t seed = 0; seed < 50; ++seed) {
      const Plan plan = PlanOf(schedule, seed);
      const std::set<uint64_t> newcomers(plan.newcomers.begin(),
                                         plan.newcomers.end());
      EXPECT_EQ(newcomers.size(), plan.newcomers.size());
      EXPECT_TRUE(std::all_of(newcomers.begin(), newcomers.end(), IsNewcomer));
      EXPECT_EQ(plan.gaps_ms.size(), plan.newcomers.size());
      EXPECT_EQ(std::set<uint64_t>(plan.old.begin(), plan.old.end()),
                std::set<uint64_t>({1, 2, 3}));
      EXPECT_LT(plan.follower, kOldMembers - 1);
      EXPECT_GT(plan.base_writes, 0);
    }
  }
}

}  // namespace
}  // namespace quorate::tools
