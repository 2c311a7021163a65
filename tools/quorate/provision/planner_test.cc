#include "tools/quorate/provision/planner.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/rule.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/provision/declaration.h"
#include "tools/quorate/provision/forecast.h"
#include "tools/quorate/provision/sim_ensemble.h"
#include "tools/quorate/provision/target.h"
#include "tools/quorate/provision/view.h"

namespace quorate::tools {
namespace {

using consensus::Limits;
using consensus::Rule;
using testing::ElementsAre;
using testing::HasSubstr;

Declaration Declare(const std::vector<uint64_t>& voters,
                    const std::vector<uint64_t>& learners = {}) {
  Declaration declaration;
  for (const uint64_t id : voters) {
    declaration.members.push_back({.id = id, .address = SimAddress(id)});
  }
  for (const uint64_t id : learners) {
    declaration.members.push_back(
        {.id = id, .address = SimAddress(id), .voter = false});
  }
  return declaration;
}

class PlannerTest : public testing::Test {
 protected:
  // Founders 1 to `voters`, all seasoned.
  void Found(uint64_t voters, const Limits& limits = Limits()) {
    std::vector<uint64_t> founders;
    for (uint64_t id = 1; id <= voters; ++id) founders.push_back(id);
    sim_.emplace(founders, limits, /*seed=*/1);
    sim_->Advance(20'000);
  }
  // Newcomers that run.
  void Run(const std::vector<uint64_t>& ids) {
    for (const uint64_t id : ids) sim_->StartNewcomer(id);
  }
  // Makes the next step, which must be a change, and lets it be done.
  void Make(const Declaration& declaration) {
    const Step step = Next(declaration);
    ASSERT_EQ(step.kind, Step::Kind::kChange) << step.refusal.reason;
    coord::v1::ChangeMembershipRequest request;
    request.set_change_id(sim_->configuration().version() + 100);
    request.set_expected_version(step.change.expected_version);
    for (const auto& m : step.change.add_learners) {
      request.add_add_learners()->set_id(m.id.value);
    }
    for (const MemberId id : step.change.promote) {
      request.add_promote(id.value);
    }
    for (const MemberId id : step.change.remove) request.add_remove(id.value);
    ASSERT_EQ(sim_->Change(request)->outcome(),
              coord::v1::ChangeMembershipResponse::OUTCOME_ACCEPTED);
    sim_->Advance(1'000);
  }

  EnsembleView View() const { return *ViewOf(*sim_->Members()); }
  TargetMembers TargetOf(const Declaration& declaration) const {
    const EnsembleView view = View();
    const absl::StatusOr<TargetMembers> target =
        Resolve(declaration, view, sim_->Ask(NewcomersOf(declaration, view)));
    EXPECT_TRUE(target.ok()) << target.status();
    return *target;
  }
  Step Next(const Declaration& declaration) const {
    const EnsembleView view = View();
    return NextStep(TargetOf(declaration), view.facts, view.leader);
  }
  Forecast Ahead(const Declaration& declaration) const {
    const EnsembleView view = View();
    return PlayAhead(TargetOf(declaration), view.facts, view.leader);
  }
  // The whole plan, as a user reads it.
  std::vector<std::string> Steps(const Declaration& declaration) const {
    const Forecast forecast = Ahead(declaration);
    std::vector<std::string> steps;
    for (const ForecastStep& step : forecast.steps) {
      steps.push_back(DescribeChange(step.change));
    }
    if (forecast.blocked) {
      steps.push_back(
          absl::StrCat("blocked: ", forecast.blocked->refusal.reason));
    }
    return steps;
  }
  uint64_t leader() const { return sim_->leader(); }

  std::optional<SimEnsemble> sim_;
};

TEST_F(PlannerTest, IsDoneIfAllIsAsWanted) {
  Found(3);
  EXPECT_EQ(Next(Declare({3, 1, 2})).kind, Step::Kind::kDone);
  EXPECT_EQ(Ahead(Declare({1, 2, 3})).total_ms, 0);
}

TEST_F(PlannerTest, NewcomersProveThemselvesTogetherAndVoteOneByOne) {
  Found(3);
  Run({4, 5});
  EXPECT_THAT(Steps(Declare({1, 2, 3, 4, 5})),
              ElementsAre("add 4 (host:4), 5 (host:5) as learners", "promote 4",
                          "promote 5"));
  const Limits limits;
  const Forecast forecast = Ahead(Declare({1, 2, 3, 4, 5}));
  EXPECT_EQ(forecast.steps[0].at_ms, 0);
  EXPECT_GE(forecast.steps[1].at_ms, limits.stabilisation_ms);
  EXPECT_LT(forecast.steps[1].at_ms, limits.stabilisation_ms + 1'000);
  EXPECT_EQ(forecast.steps[2].at_ms - forecast.steps[1].at_ms,
            limits.promotion_distance_ms);
  EXPECT_EQ(forecast.steps[2].voters, 5u);
  EXPECT_EQ(forecast.steps[2].learners, 0u);
}

TEST_F(PlannerTest, WaitsForRule13WithTheTimeThatItTakes) {
  Found(3);
  Run({4});
  Make(Declare({1, 2, 3, 4}));
  const Step step = Next(Declare({1, 2, 3, 4}));
  EXPECT_EQ(step.kind, Step::Kind::kWait);
  EXPECT_EQ(step.refusal.rule, Rule::kObservedStability);
  EXPECT_GT(step.wait_ms, 8'000);
  EXPECT_LE(step.wait_ms, 10'000);
  EXPECT_EQ(DescribeChange(step.change), "promote 4");
}

TEST_F(PlannerTest, OneGoesAsAnotherComes) {
  Found(3);
  Run({4});
  const uint64_t old = leader() == 3 ? 2 : 3;
  Declaration declaration = Declare({1, 2, 3, 4});
  std::erase_if(declaration.members,
                [&](const DeclaredMember& m) { return m.id == old; });
  EXPECT_THAT(Steps(declaration),
              ElementsAre("add 4 (host:4) as a learner",
                          absl::StrCat("replace ", old, " by 4")));
}

TEST_F(PlannerTest, GrowsBeforeAnybodyGoes) {
  Found(3);
  Run({4, 5, 6});
  std::vector<uint64_t> wanted = {1, 2, 3, 4, 5, 6};
  const uint64_t old = leader() == 3 ? 2 : 3;
  std::erase(wanted, old);
  EXPECT_THAT(Steps(Declare(wanted)),
              ElementsAre("add 4 (host:4), 5 (host:5), 6 (host:6) as learners",
                          "promote 4", "promote 5",
                          absl::StrCat("replace ", old, " by 6")));
}

TEST_F(PlannerTest, TheLeaderGoesLastAndIsNotWaitedFor) {
  Found(5);
  std::vector<uint64_t> wanted = {1, 2, 3, 4, 5};
  std::erase(wanted, leader());
  const uint64_t other = wanted.back();
  wanted.pop_back();
  EXPECT_THAT(Steps(Declare(wanted)),
              ElementsAre(absl::StrCat("remove ", other),
                          absl::StrCat("remove ", leader())));
  EXPECT_LT(Ahead(Declare(wanted)).total_ms, 1'000);
}

TEST_F(PlannerTest, AllOfThemCanBeReplaced) {
  Found(3);
  Run({4, 5, 6});
  const Forecast forecast = Ahead(Declare({4, 5, 6}));
  ASSERT_FALSE(forecast.blocked.has_value());
  ASSERT_EQ(forecast.steps.size(), 4u);
  for (const ForecastStep& step : forecast.steps) EXPECT_EQ(step.voters, 3u);
  EXPECT_EQ(forecast.steps[3].change.remove,
            std::vector<MemberId>{MemberId{leader()}});
}

TEST_F(PlannerTest, TheDeadGoFirstIfEnoughStay) {
  Found(5);
  const uint64_t dead = leader() == 1 ? 2 : 1;
  sim_->Stop(dead);
  sim_->Advance(5'000);
  Run({6});
  std::vector<uint64_t> wanted = {1, 2, 3, 4, 5};
  std::erase(wanted, dead);
  std::erase(wanted, leader() == 5 ? 4 : 5);
  wanted.push_back(6);
  // Four stay, as many as are wanted; the other one waits for the newcomer.
  const std::vector<std::string> steps = Steps(Declare(wanted));
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[0], absl::StrCat("remove ", dead));
  EXPECT_EQ(steps[1], "add 6 (host:6) as a learner");
  EXPECT_THAT(steps[2], HasSubstr("by 6"));
}

TEST_F(PlannerTest, TheDeadWaitForWhoTakesTheirPlaceIfNot) {
  Found(3);
  const uint64_t dead = leader() == 1 ? 2 : 1;
  sim_->Stop(dead);
  sim_->Advance(5'000);
  Run({4, 5, 6});
  std::vector<uint64_t> wanted = {1, 2, 3, 4, 5, 6};
  std::erase(wanted, dead);
  // The dead one is replaced before the ensemble grows.
  EXPECT_THAT(Steps(Declare(wanted)),
              ElementsAre("add 4 (host:4), 5 (host:5), 6 (host:6) as learners",
                          absl::StrCat("replace ", dead, " by 4"), "promote 5",
                          "promote 6"));
}

TEST_F(PlannerTest, FewPlacesForLearnersAreUsedByTurns) {
  Limits limits;
  limits.max_learners = 1;
  Found(3, limits);
  Run({4, 5, 6});
  EXPECT_THAT(Steps(Declare({1, 2, 3, 4, 5}, {6})),
              ElementsAre("add 4 (host:4) as a learner", "promote 4",
                          "add 5 (host:5) as a learner", "promote 5",
                          "add 6 (host:6) as a learner"));
}

TEST_F(PlannerTest, LearnersThatStayDoNotShutOutVoters) {
  Limits limits;
  limits.max_learners = 2;
  Found(1, limits);
  Run({2, 3, 4});
  // 4 does not run yet.
  sim_->Stop(4);
  EXPECT_THAT(Steps(Declare({1, 4}, {2, 3})),
              ElementsAre("add 2 (host:2) as a learner",
                          HasSubstr("newcomer at host:4 does not answer")));
  sim_->Start(4);
  EXPECT_THAT(Steps(Declare({1, 4}, {2, 3})),
              ElementsAre("add 4 (host:4), 2 (host:2) as learners", "promote 4",
                          "add 3 (host:3) as a learner"));
}

TEST_F(PlannerTest, LearnersThatNobodyWantsMakeRoom) {
  Limits limits;
  limits.max_learners = 2;
  Found(3, limits);
  Run({4, 5, 6});
  Make(Declare({1, 2, 3}, {4, 5}));
  EXPECT_THAT(
      Steps(Declare({1, 2, 3, 6}, {4})),
      ElementsAre("remove 5", "add 6 (host:6) as a learner", "promote 6"));
}

TEST_F(PlannerTest, TellsThatThereIsNoRoom) {
  Limits limits;
  limits.max_learners = 1;
  Found(3, limits);
  Run({4, 5});
  Make(Declare({1, 2, 3}, {4}));
  const Step step = Next(Declare({1, 2, 3, 5}, {4}));
  EXPECT_EQ(step.kind, Step::Kind::kBlocked);
  EXPECT_EQ(step.refusal.rule, Rule::kBoundedJoining);
  EXPECT_THAT(step.refusal.reason, HasSubstr("at most 1 may be at once"));
}

TEST_F(PlannerTest, ASilentLearnerIsNoReasonToWait) {
  Found(3);
  Run({4});
  Make(Declare({1, 2, 3, 4}));
  sim_->Stop(4);
  sim_->Advance(2'000);
  const Step step = Next(Declare({1, 2, 3, 4}));
  EXPECT_EQ(step.kind, Step::Kind::kBlocked);
  EXPECT_EQ(step.refusal.rule, Rule::kProvenLearner);
  EXPECT_THAT(step.refusal.reason, HasSubstr("learner 4"));
}

TEST_F(PlannerTest, WhoAnswersComesEvenIfAnotherDoesNot) {
  Found(3);
  Run({5});
  EXPECT_THAT(Steps(Declare({1, 2, 3, 4, 5})),
              ElementsAre("add 5 (host:5) as a learner", "promote 5",
                          HasSubstr("newcomer at host:4 does not answer")));
}

TEST_F(PlannerTest, TooFewVotersInContactBlockIt) {
  Found(3);
  Run({4});
  Make(Declare({1, 2, 3}, {4}));
  sim_->Advance(20'000);
  sim_->Stop(leader() == 1 ? 2 : 1);
  sim_->Advance(5'000);
  // Three of four would be needed without the newcomer, and two are there.
  const Step step = Next(Declare({1, 2, 3, 4}));
  EXPECT_EQ(step.kind, Step::Kind::kBlocked);
  EXPECT_EQ(step.refusal.rule, Rule::kSeasonedMajority);
}

TEST_F(PlannerTest, WaitsForAChangeThatIsUnderWay) {
  Found(3);
  const uint64_t old = leader() == 3 ? 2 : 3;
  coord::v1::ChangeMembershipRequest request;
  request.set_change_id(9);
  request.set_expected_version(1);
  request.add_remove(old);
  ASSERT_EQ(sim_->Change(request)->outcome(),
            coord::v1::ChangeMembershipResponse::OUTCOME_ACCEPTED);
  ASSERT_TRUE(sim_->configuration().IsJoint());
  const Step step = Next(Declare({1, 2, 3}));
  EXPECT_EQ(step.kind, Step::Kind::kWait);
  EXPECT_EQ(step.refusal.rule, Rule::kOneAtATime);
  // The forecast knows how it ends.
  std::vector<uint64_t> wanted = {1, 2, 3};
  std::erase(wanted, old);
  EXPECT_THAT(Steps(Declare(wanted)), testing::IsEmpty());
}

TEST_F(PlannerTest, ANewLeaderStartsTheClocksAgain) {
  Found(3);
  Run({4});
  Make(Declare({1, 2, 3, 4}));
  sim_->Advance(9'000);
  EXPECT_LE(Next(Declare({1, 2, 3, 4})).wait_ms, 1'000);
  sim_->ChangeLeader();
  sim_->Advance(200);
  const Step step = Next(Declare({1, 2, 3, 4}));
  EXPECT_EQ(step.kind, Step::Kind::kWait);
  EXPECT_GT(step.wait_ms, 9'000);
}

TEST(DescribeChange, NamesEveryPart) {
  consensus::MembershipChange change;
  EXPECT_EQ(DescribeChange(change), "");
  change.remove = {MemberId{2}, MemberId{3}};
  EXPECT_EQ(DescribeChange(change), "remove 2, 3");
  change.promote = {MemberId{4}};
  EXPECT_EQ(DescribeChange(change), "replace 2, 3 by 4");
  change.remove.clear();
  EXPECT_EQ(DescribeChange(change), "promote 4");
  change.add_learners.push_back(
      {.id = MemberId{5}, .incarnation = Incarnation{1}, .address = "h:5"});
  EXPECT_EQ(DescribeChange(change), "add 5 (h:5) as a learner, promote 4");
}

}  // namespace
}  // namespace quorate::tools
