// The planner against thousands of random ensembles and declarations: it always
// arrives, whatever fails meanwhile and however many operators are at it; it
// never leaves fewer voters than it may; and it never waits while a rule allows
// something.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/rule.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/admin.pb.h"
#include "tests/support/test_seed.h"
#include "tools/quorate/provision/declaration.h"
#include "tools/quorate/provision/forecast.h"
#include "tools/quorate/provision/planner.h"
#include "tools/quorate/provision/sim_ensemble.h"
#include "tools/quorate/provision/target.h"
#include "tools/quorate/provision/view.h"

namespace quorate::tools {
namespace {

namespace v1 = coord::v1;
using consensus::AdmissionDecision;
using consensus::Configuration;
using consensus::Member;
using consensus::MembershipChange;
using consensus::Rule;

bool Accepts(const SimEnsemble& sim, MembershipChange change) {
  change.change_id = 1;
  change.expected_version = sim.configuration().version();
  return consensus::DecideAdmission(change, sim.Facts()).outcome ==
         AdmissionDecision::Outcome::kAccepted;
}

// Somebody who applies a declaration, and may be killed at any moment: between
// two turns nothing is kept but what a user has, the file.
class Operator {
 public:
  Operator(SimEnsemble& sim, Declaration declaration, SeededRandom& random)
      : sim_(sim), declaration_(std::move(declaration)), random_(random) {}

  // Milliseconds until the next one.
  int64_t TakeTurn(bool may_be_killed) {
    const std::optional<v1::MembersResponse> members = sim_.Members();
    if (!members) return 100;
    const absl::StatusOr<EnsembleView> view = ViewOf(*members);
    EXPECT_TRUE(view.ok()) << view.status();
    const absl::StatusOr<TargetMembers> target = Resolve(
        declaration_, *view, sim_.Ask(NewcomersOf(declaration_, *view)));
    if (!target.ok()) {
      failed_ = std::string(target.status().message());
      return 1000;
    }
    step_ = NextStep(*target, view->facts, view->leader);
    switch (step_.kind) {
      case Step::Kind::kDone:
        done_ = sim_.is_committed();
        return 50;
      case Step::Kind::kChange:
        if (may_be_killed && random_.Chance(100'000)) return 400;
        return Make(may_be_killed);
      case Step::Kind::kWait:
        return std::clamp<int64_t>(step_.wait_ms, 10, 1000);
      case Step::Kind::kBlocked:
        return 200;
    }
    return 1000;
  }

  bool done() const { return done_; }
  const std::string& failed() const { return failed_; }
  const Step& step() const { return step_; }
  int surprises() const { return surprises_; }
  int changes() const { return changes_; }

 private:
  int64_t Make(bool may_be_killed) {
    v1::ChangeMembershipRequest request;
    request.set_change_id(random_.Next() | 1);
    request.set_expected_version(step_.change.expected_version);
    for (const Member& member : step_.change.add_learners) {
      request.add_add_learners()->set_id(member.id.value);
    }
    for (const MemberId id : step_.change.promote) {
      request.add_promote(id.value);
    }
    for (const MemberId id : step_.change.remove) request.add_remove(id.value);
    // Others may be quicker.
    if (may_be_killed) sim_.Advance(random_.Between(0, 40));
    const std::optional<v1::ChangeMembershipResponse> answer =
        sim_.Change(request);
    if (!answer) return 100;
    if (answer->outcome() == v1::ChangeMembershipResponse::OUTCOME_ACCEPTED) {
      ++changes_;
      return 20;
    }
    const auto rule = static_cast<Rule>(answer->refusal().rule());
    if (rule != Rule::kOneAtATime && rule != Rule::kSettledLeader &&
        rule != Rule::kExpectedVersion) {
      ++surprises_;
    }
    return answer->refusal().has_retry_after_ms()
               ? std::clamp<int64_t>(answer->refusal().retry_after_ms(), 10,
                                     1000)
               : 50;
  }

  SimEnsemble& sim_;
  const Declaration declaration_;
  SeededRandom& random_;
  Step step_;
  bool done_ = false;
  std::string failed_;
  int surprises_ = 0;
  int changes_ = 0;
};

// An ensemble, and another one that it can become.
struct Scenario {
  std::vector<uint64_t> founders;
  std::vector<uint64_t> old_learners;
  std::vector<uint64_t> newcomers;
  std::vector<uint64_t> dead;  // unwanted voters that are down for good
  consensus::Limits limits;
  Declaration declaration;

  std::string Describe() const {
    const auto list = [](const std::vector<uint64_t>& ids) {
      std::string text;
      for (const uint64_t id : ids) absl::StrAppend(&text, " ", id);
      return text;
    };
    std::string wanted;
    for (const DeclaredMember& member : declaration.members) {
      absl::StrAppend(&wanted, " ", member.id, member.voter ? "" : "(learner)");
    }
    return absl::StrCat(
        "voters", list(founders), " learners", list(old_learners), " dead",
        list(dead), " wanted", wanted, " stabilisation ",
        limits.stabilisation_ms, " distance ", limits.promotion_distance_ms,
        " learners ", limits.max_learners, " floor ", limits.min_voters);
  }
};

void Declare(Scenario& scenario, uint64_t id, bool voter) {
  scenario.declaration.members.push_back(
      {.id = id, .address = SimAddress(id), .voter = voter});
}

Scenario Draw(SeededRandom& random) {
  Scenario scenario;
  const uint64_t founders = 1 + random.Below(7);
  consensus::Limits& limits = scenario.limits;
  limits.stabilisation_ms = random.Between(1'000, 8'000);
  limits.promotion_distance_ms = random.Between(1'000, 8'000);
  limits.max_learners = static_cast<uint32_t>(1 + random.Below(5));
  uint64_t next = 0;
  uint64_t wanted_voters = 0;
  uint64_t wanted_learners = 0;
  while (next < founders) {
    scenario.founders.push_back(++next);
    if (random.Chance(600'000)) {
      Declare(scenario, next, true);
      ++wanted_voters;
    } else if (random.Chance(300'000) &&
               scenario.dead.size() < (founders - 1) / 2) {
      scenario.dead.push_back(next);
    }
  }
  const uint64_t old_learners = random.Below(limits.max_learners + 1);
  for (uint64_t i = 0; i < old_learners; ++i) {
    scenario.old_learners.push_back(++next);
    const uint64_t fate = random.Below(3);
    if (fate == 0) continue;  // not wanted
    // One place must stay for newcomers.
    const bool voter = fate == 1 || wanted_learners + 1 >= limits.max_learners;
    Declare(scenario, next, voter);
    ++(voter ? wanted_voters : wanted_learners);
  }
  const uint64_t newcomers = random.Below(5);
  for (uint64_t i = 0; i < newcomers || wanted_voters == 0; ++i) {
    scenario.newcomers.push_back(++next);
    const bool voter = wanted_voters == 0 ||
                       wanted_learners + 1 >= limits.max_learners ||
                       random.Chance(700'000);
    Declare(scenario, next, voter);
    ++(voter ? wanted_voters : wanted_learners);
  }
  limits.min_voters = static_cast<uint32_t>(
      1 + random.Below(std::min(founders, wanted_voters)));
  return scenario;
}

// Makes the ensemble of a scenario, as it is before anybody applies anything.
SimEnsemble MakeSim(const Scenario& scenario, uint64_t seed) {
  SimEnsemble sim(scenario.founders, scenario.limits, seed);
  sim.Advance(500);
  v1::ChangeMembershipRequest request;
  request.set_change_id(7);
  request.set_expected_version(1);
  for (const uint64_t id : scenario.old_learners) {
    sim.StartNewcomer(id);
    request.add_add_learners()->set_id(id);
  }
  if (!scenario.old_learners.empty()) {
    EXPECT_EQ(sim.Change(request)->outcome(),
              v1::ChangeMembershipResponse::OUTCOME_ACCEPTED);
  }
  sim.Advance(500);
  for (const uint64_t id : scenario.newcomers) sim.StartNewcomer(id);
  for (const uint64_t id : scenario.dead) sim.Stop(id);
  sim.Advance(1000);
  return sim;
}

void CheckNumbers(const Scenario& scenario, const SimEnsemble& sim) {
  const Configuration& present = sim.configuration();
  const size_t least =
      std::min(scenario.founders.size(), scenario.declaration.VoterCount());
  ASSERT_GE(present.voters().size(), least);
  ASSERT_GE(present.voters().size(), scenario.limits.min_voters);
  if (!present.IsJoint()) {
    ASSERT_LE(present.LearnerCount(), scenario.limits.max_learners);
  }
}

void CheckArrived(const Scenario& scenario, const SimEnsemble& sim) {
  std::set<std::pair<uint64_t, bool>> wanted;
  for (const DeclaredMember& member : scenario.declaration.members) {
    wanted.emplace(member.id, member.voter);
  }
  std::set<std::pair<uint64_t, bool>> found;
  for (const Member& member : sim.configuration().members()) {
    found.emplace(member.id.value, member.voter);
  }
  EXPECT_EQ(found, wanted);
  EXPECT_FALSE(sim.configuration().IsJoint());
}

// Generous: every member of either side waits for everything, twice.
int64_t BudgetOf(const Scenario& scenario) {
  const auto members = static_cast<int64_t>(
      scenario.founders.size() + scenario.old_learners.size() +
      scenario.declaration.members.size());
  return 2 * (members + 3) *
         (scenario.limits.stabilisation_ms +
          scenario.limits.promotion_distance_ms + 5'000);
}

// Takes members down and up again, never so many that no quorum is left, and
// lets others lead.
class Nemesis {
 public:
  Nemesis(const Scenario& scenario, SimEnsemble& sim, SeededRandom& random)
      : scenario_(scenario), sim_(sim), random_(random) {}

  void Act() {
    const auto due = std::find_if(
        down_.begin(), down_.end(),
        [&](const auto& entry) { return entry.second <= sim_.now_ms(); });
    if (due != down_.end()) {
      sim_.Start(due->first);
      down_.erase(due);
      return;
    }
    if (random_.Chance(200'000)) return sim_.ChangeLeader();
    const std::vector<Member>& members = sim_.configuration().members();
    const uint64_t victim = members[random_.Below(members.size())].id.value;
    if (!sim_.Runs(victim)) return;
    sim_.Stop(victim);
    if (!sim_.configuration().HasQuorum(
            [&](MemberId id) { return sim_.Runs(id.value); })) {
      return sim_.Start(victim);
    }
    down_.emplace_back(victim, sim_.now_ms() + random_.Between(200, 8'000));
  }

  void Heal() {
    for (const auto& [id, until] : down_) sim_.Start(id);
    down_.clear();
  }

 private:
  const Scenario& scenario_;
  SimEnsemble& sim_;
  SeededRandom& random_;
  std::vector<std::pair<uint64_t, int64_t>> down_;
};

// --- It always arrives
// ---------------------------------------------------------

void ArrivesWhateverFails(const Scenario& scenario, SeededRandom& random) {
  SimEnsemble sim = MakeSim(scenario, random.Next());
  Nemesis nemesis(scenario, sim, random);
  std::vector<Operator> operators;
  std::vector<int64_t> turns;
  const uint64_t count = 1 + random.Below(2);
  for (uint64_t i = 0; i < count; ++i) {
    operators.emplace_back(sim, scenario.declaration, random);
    turns.push_back(sim.now_ms() + random.Between(0, 500));
  }
  const int64_t calm_ms = sim.now_ms() + random.Between(0, 60'000);
  const int64_t deadline_ms = calm_ms + BudgetOf(scenario);
  bool calm = false;
  while (sim.now_ms() < deadline_ms) {
    const size_t next = static_cast<size_t>(
        std::min_element(turns.begin(), turns.end()) - turns.begin());
    if (turns[next] > sim.now_ms()) sim.Advance(turns[next] - sim.now_ms());
    if (!calm && sim.now_ms() >= calm_ms) {
      calm = true;
      nemesis.Heal();
    }
    if (!calm && random.Chance(150'000)) nemesis.Act();
    Operator& active = operators[next];
    turns[next] = sim.now_ms() + active.TakeTurn(!calm);
    ASSERT_EQ(active.failed(), "");
    CheckNumbers(scenario, sim);
    if (testing::Test::HasFatalFailure()) return;
    // It may still be taken back as long as things fail.
    if (calm && active.done()) return CheckArrived(scenario, sim);
  }
  FAIL() << "not there: " << sim.configuration().Describe() << ", because "
         << DescribeChange(operators[0].step().change) << ": "
         << operators[0].step().refusal.reason;
}

TEST(PlannerProperty, AlwaysArrives) {
  SeededRandom random(TestSeed());
  for (int i = 0; i < 1'000; ++i) {
    const Scenario scenario = Draw(random);
    SCOPED_TRACE(absl::StrCat("scenario ", i, ": ", scenario.Describe()));
    ArrivesWhateverFails(scenario, random);
    if (HasFailure()) return;
  }
}

// --- As fast as the rules allow
// ------------------------------------------------

// Steps of the kinds that the planner's contract names, found by trying all.
std::vector<MembershipChange> UsefulChanges(const Scenario& scenario,
                                            const SimEnsemble& sim) {
  const Configuration& present = sim.configuration();
  std::vector<MemberId> coming;
  std::vector<MemberId> leaving;
  std::vector<MembershipChange> changes;
  bool all_voters_inside = true;
  for (const DeclaredMember& wanted : scenario.declaration.members) {
    const Member* member = present.Find(MemberId{wanted.id});
    if (member == nullptr) {
      if (!wanted.voter) continue;
      all_voters_inside = false;
      MembershipChange add;
      add.add_learners.push_back({.id = MemberId{wanted.id},
                                  .incarnation = Incarnation{100 + wanted.id},
                                  .address = wanted.address});
      changes.push_back(add);
    } else if (wanted.voter && !member->voter) {
      coming.push_back(member->id);
    }
  }
  for (const Member& member : present.members()) {
    const bool wanted = std::any_of(
        scenario.declaration.members.begin(),
        scenario.declaration.members.end(),
        [&](const DeclaredMember& d) { return d.id == member.id.value; });
    if (wanted) continue;
    if (member.voter) {
      leaving.push_back(member.id);
    } else {
      MembershipChange remove;
      remove.remove = {member.id};
      changes.push_back(remove);
    }
  }
  if (leaving.size() > 1) {
    std::erase(leaving, MemberId{sim.leader()});  // it goes last
  }
  for (const MemberId id : coming) {
    MembershipChange promote;
    promote.promote = {id};
    changes.push_back(promote);
    for (const MemberId old : leaving) {
      promote.remove = {old};
      changes.push_back(promote);
    }
  }
  if (coming.empty() && all_voters_inside) {
    for (const MemberId old : leaving) {
      MembershipChange remove;
      remove.remove = {old};
      changes.push_back(remove);
    }
  }
  return changes;
}

void WaitsForNothing(const Scenario& scenario, SeededRandom& random) {
  SimEnsemble sim = MakeSim(scenario, random.Next());
  Operator active(sim, scenario.declaration, random);
  const EnsembleView view = *ViewOf(*sim.Members());
  const Forecast forecast =
      PlayAhead(*Resolve(scenario.declaration, view,
                         sim.Ask(NewcomersOf(scenario.declaration, view))),
                view.facts, view.leader);
  ASSERT_FALSE(forecast.blocked.has_value())
      << forecast.blocked->refusal.reason;
  const int64_t start_ms = sim.now_ms();
  const int64_t deadline_ms = start_ms + BudgetOf(scenario);
  while (!active.done() && sim.now_ms() < deadline_ms) {
    const int64_t pause_ms = active.TakeTurn(false);
    ASSERT_EQ(active.failed(), "");
    const Step& step = active.step();
    if (step.kind == Step::Kind::kWait && sim.is_committed() &&
        !sim.configuration().IsJoint()) {
      for (const MembershipChange& change : UsefulChanges(scenario, sim)) {
        ASSERT_FALSE(Accepts(sim, change))
            << DescribeChange(change) << " is allowed and "
            << DescribeChange(step.change)
            << " is waited for: " << step.refusal.reason;
      }
    }
    CheckNumbers(scenario, sim);
    if (testing::Test::HasFatalFailure()) return;
    sim.Advance(pause_ms);
  }
  ASSERT_TRUE(active.done())
      << sim.configuration().Describe() << ": " << active.step().refusal.reason;
  CheckArrived(scenario, sim);
  // The plan was right: as many steps, and as much time, but for what it
  // cannot know, how long members take to catch up and changes to commit.
  EXPECT_EQ(active.changes(), static_cast<int>(forecast.steps.size()));
  const int64_t slack_ms =
      1'000 * (static_cast<int64_t>(forecast.steps.size()) + 1);
  EXPECT_LE(sim.now_ms() - start_ms, forecast.total_ms + slack_ms);
}

TEST(PlannerProperty, NeverWaitsWhileARuleAllowsSomething) {
  SeededRandom random(TestSeed());
  for (int i = 0; i < 500; ++i) {
    const Scenario scenario = Draw(random);
    SCOPED_TRACE(absl::StrCat("scenario ", i, ": ", scenario.Describe()));
    WaitsForNothing(scenario, random);
    if (HasFailure()) return;
  }
}

// Growing, the rules leave one way only, and its time can be worked out by
// itself: each promotion keeps its distance from the last, follows the time of
// proof after a place for the learner was free, and needs enough voters that
// are seasoned by then.
int64_t FastestGrowth(int64_t voters, int64_t wanted,
                      const consensus::Limits& limits, int64_t catch_up_ms) {
  std::vector<int64_t> seasoned_at(static_cast<size_t>(voters), 0);
  std::vector<int64_t> promoted_at;
  for (int64_t n = voters + 1; n <= wanted; ++n) {
    const size_t index = promoted_at.size();
    const size_t places = limits.max_learners;
    int64_t at = index < places ? 0 : promoted_at[index - places];
    at += catch_up_ms + limits.stabilisation_ms;
    if (!promoted_at.empty()) {
      at = std::max(at, promoted_at.back() + limits.promotion_distance_ms);
    }
    if (n > 2) at = std::max(at, seasoned_at[static_cast<size_t>(n / 2)]);
    promoted_at.push_back(at);
    seasoned_at.push_back(at + limits.stabilisation_ms);
  }
  return promoted_at.empty() ? 0 : promoted_at.back();
}

TEST(PlannerProperty, GrowsAtTheFastestPace) {
  SeededRandom random(TestSeed());
  for (int i = 0; i < 300; ++i) {
    Scenario scenario;
    const int64_t voters = random.Between(1, 7);
    const int64_t wanted = voters + random.Between(1, 6);
    scenario.limits.stabilisation_ms = random.Between(1'000, 8'000);
    scenario.limits.promotion_distance_ms = random.Between(1'000, 8'000);
    scenario.limits.max_learners = static_cast<uint32_t>(1 + random.Below(6));
    for (int64_t id = 1; id <= wanted; ++id) {
      const auto number = static_cast<uint64_t>(id);
      (id <= voters ? scenario.founders : scenario.newcomers).push_back(number);
      Declare(scenario, number, true);
    }
    SCOPED_TRACE(absl::StrCat("scenario ", i, ": ", scenario.Describe()));
    SimEnsemble sim = MakeSim(scenario, random.Next());
    sim.Advance(20'000);  // the founders are seasoned
    Operator active(sim, scenario.declaration, random);
    const int64_t start_ms = sim.now_ms();
    const int64_t fastest_ms =
        FastestGrowth(voters, wanted, scenario.limits, /*catch_up_ms=*/900);
    // Each step is seen, and committed, a little later.
    const int64_t deadline_ms =
        start_ms + fastest_ms + 300 * (wanted - voters + 2);
    while (!active.done() && sim.now_ms() < deadline_ms) {
      sim.Advance(active.TakeTurn(false));
    }
    ASSERT_TRUE(active.done())
        << "after " << sim.now_ms() - start_ms << " ms, and " << fastest_ms
        << " would do: " << sim.configuration().Describe();
  }
}

// --- Operators who want different things
// ---------------------------------------

TEST(PlannerProperty, OperatorsWhoDisagreeBothEnd) {
  SeededRandom random(TestSeed());
  for (int i = 0; i < 300; ++i) {
    const Scenario scenario = Draw(random);
    // The other one wants what is there without its last member, or the first.
    Declaration other;
    for (const uint64_t id : scenario.founders) {
      other.members.push_back({.id = id, .address = SimAddress(id)});
    }
    if (other.members.size() > 1 &&
        other.members.size() > scenario.limits.min_voters) {
      other.members.pop_back();
    }
    SCOPED_TRACE(absl::StrCat("scenario ", i, ": ", scenario.Describe()));
    SimEnsemble sim = MakeSim(scenario, random.Next());
    std::vector<Operator> operators;
    operators.emplace_back(sim, scenario.declaration, random);
    operators.emplace_back(sim, other, random);
    const int64_t deadline_ms = sim.now_ms() + 2 * BudgetOf(scenario);
    const auto ended = [](const Operator& o) {
      // Blocked with the same reason for good would end it, too: patience.
      return o.done() || !o.failed().empty() ||
             o.step().kind == Step::Kind::kBlocked;
    };
    while (sim.now_ms() < deadline_ms &&
           !(ended(operators[0]) && ended(operators[1]))) {
      for (Operator& active : operators) {
        if (active.done() || !active.failed().empty()) continue;
        active.TakeTurn(true);
        sim.Advance(random.Between(10, 400));
      }
    }
    ASSERT_TRUE(ended(operators[0]) && ended(operators[1]))
        << sim.configuration().Describe();
  }
}

}  // namespace
}  // namespace quorate::tools
