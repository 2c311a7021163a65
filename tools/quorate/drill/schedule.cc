#include "tools/quorate/drill/schedule.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "coord/base/seeded_random.h"
#include "tools/quorate/drill/claims.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

// The members' clocks run four times as fast as ZooKeeper's defaults do, so
// this stands for 12 s.
constexpr int kSlowGapMs = 3'000;
constexpr int kJitterMs = 200;
constexpr int kSlowJitterMs = 500;
constexpr int kElections = 3;

// The story's first half: newcomers, and two leaders.
std::vector<Claim> Split() {
  return {Claim::kTwoLeaders, Claim::kSecondIsEmpty, Claim::kParted};
}

// What the rules keep, and besides, what is refused at the old members.
std::vector<Claim> Kept() {
  return {Claim::kNoSecondLeader,    Claim::kNewcomersWait,
          Claim::kPromotionsRefused, Claim::kWritesGoOn,
          Claim::kNothingLost,       Claim::kGrown};
}
std::vector<Claim> KeptWithRestarts() {
  std::vector<Claim> claims = Kept();
  claims.insert(claims.begin(), Claim::kRestartsRefused);
  return claims;
}

Schedule Quick() {
  return {.name = "quick",
          .story = "four empty newcomers with a list of seven, all at once",
          .steps = {StartNewcomers{}, Watch{}},
          .lists = Split(),
          .zookeeper = Split(),
          .rules = Kept()};
}

Schedule QuickEpoch() {
  return {.name = "quick-epoch",
          .story = "the same, after the old ensemble has seen three elections",
          .steps = {Elections{kElections}, StartNewcomers{}, Watch{}},
          .lists = Split(),
          .zookeeper = Split(),
          .rules = Kept()};
}

Schedule Unreachable() {
  return {.name = "unreachable",
          .story = "the newcomers cannot reach the old members' ports",
          .steps = {StartNewcomers{.cut_off = true}, Watch{}},
          .lists = Split(),
          .zookeeper = Split(),
          .rules = {Claim::kNoSecondLeader, Claim::kNewcomersWait,
                    Claim::kUnknownRefused, Claim::kWritesGoOn,
                    Claim::kNothingLost, Claim::kGrown}};
}

Schedule Rolling() {
  return {.name = "rolling",
          .story =
              "four newcomers; then the old members are restarted one by "
              "one with the list of seven",
          .steps = {StartNewcomers{}, Watch{}, RestartOld{},
                    Watch{Picture::kOneEnsemble, Picture::kOneEnsemble}},
          .lists = {Claim::kTwoLeaders, Claim::kSecondIsEmpty,
                    Claim::kTruncated, Claim::kLost},
          .zookeeper = {Claim::kTwoLeaders, Claim::kSecondIsEmpty,
                        Claim::kTruncated, Claim::kDisagree},
          .rules = KeptWithRestarts()};
}

Schedule RollingEpoch() {
  return {
      .name = "rolling-epoch",
      .story = "the same, after the old ensemble has seen three elections",
      .steps = {Elections{kElections}, StartNewcomers{}, Watch{}, RestartOld{},
                Watch{Picture::kOneEnsemble, Picture::kOldShutOut}},
      .lists = {Claim::kTwoLeaders, Claim::kSecondIsEmpty, Claim::kLost},
      .zookeeper = {Claim::kTwoLeaders, Claim::kSecondIsEmpty,
                    Claim::kOldShutOut, Claim::kLost},
      .rules = KeptWithRestarts()};
}

Schedule OneFollower() {
  return {
      .name = "one-follower",
      .story =
          "a follower is restarted with the list of seven as three "
          "newcomers start",
      .steps = {RestartFollower{}, StartNewcomers{.last = 6}, Watch{}},
      .lists = {Claim::kTwoLeaders, Claim::kSecondHasOld, Claim::kParted},
      .zookeeper = {Claim::kTwoLeaders, Claim::kSecondHasOld, Claim::kParted},
      .rules = KeptWithRestarts()};
}

Schedule OldDown() {
  return {
      .name = "old-down",
      .story =
          "the old members are down as the newcomers start, and come "
          "back with the list of seven",
      .steps = {StopOld{}, StartNewcomers{},
                Watch{Picture::kNewcomerLeads, Picture::kNewcomerLeads},
                StartOld{},
                Watch{Picture::kOneEnsemble, Picture::kOneEnsemble}},
      .lists = {Claim::kEmptyTree, Claim::kLost},
      .zookeeper = {Claim::kEmptyTree, Claim::kEmptyTreeWins},
      .rules = {Claim::kNoSecondLeader, Claim::kNewcomersWait,
                Claim::kNobodyElseServes, Claim::kRestartsRefused,
                Claim::kServiceResumes, Claim::kNothingLost, Claim::kGrown}};
}

Schedule Slow() {
  return {.name = "slow",
          .story = "the newcomers start one by one, with time between them",
          .steps = {StartNewcomers{.gap_ms = kSlowGapMs}, Watch{}},
          .lists = Split(),
          .zookeeper = Split(),
          .rules = Kept()};
}

Schedule DynamicUnreachable() {
  Schedule schedule = Unreachable();
  schedule.name = "dynamic-unreachable";
  schedule.story =
      "unreachable, with ZooKeeper's reconfiguration switched on; "
      "our members know no such switch";
  schedule.dynamic = true;
  return schedule;
}

Schedule OldFirst() {
  return {
      .name = "old-first",
      .story =
          "the old members are restarted first, one by one, with the "
          "list of seven",
      .steps = {RestartOld{}, Watch{Picture::kNoService, Picture::kNoService},
                StartNewcomers{},
                Watch{Picture::kOneEnsemble, Picture::kOneEnsemble}},
      .lists = {Claim::kServiceStopped, Claim::kOneLeader, Claim::kNothingLost},
      .zookeeper = {Claim::kServiceStopped, Claim::kOneLeader,
                    Claim::kNothingLost},
      .rules = KeptWithRestarts()};
}

void Shuffle(std::vector<uint64_t>& ids, SeededRandom& random) {
  for (size_t i = ids.size(); i > 1; --i) {
    std::swap(ids[i - 1], ids[random.Below(i)]);
  }
}

// Each schedule has chances of its own, so that it runs alone as it runs among
// all. FNV-1a.
uint64_t Mix(uint64_t seed, absl::string_view name) {
  uint64_t hash = 0xcbf29ce484222325 ^ seed;
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

}  // namespace

const char* NameOf(Mode mode) {
  switch (mode) {
    case Mode::kLists:
      return "lists";
    case Mode::kZooKeeper:
      return "zookeeper";
    case Mode::kRules:
      return "rules";
  }
  return "";
}

const std::vector<Claim>& Schedule::ClaimsOf(Mode mode) const {
  return mode == Mode::kLists       ? lists
         : mode == Mode::kZooKeeper ? zookeeper
                                    : rules;
}

const std::vector<Schedule>& AllSchedules() {
  static const auto* all =
      new std::vector<Schedule>{Quick(),   QuickEpoch(),   Unreachable(),
                                Rolling(), RollingEpoch(), OneFollower(),
                                OldDown(), Slow(),         DynamicUnreachable(),
                                OldFirst()};
  return *all;
}

absl::StatusOr<std::vector<Schedule>> SchedulesNamed(
    const std::vector<std::string>& lists) {
  if (lists.empty()) return AllSchedules();
  std::vector<Schedule> chosen;
  for (const std::string& list : lists) {
    for (const absl::string_view name : absl::StrSplit(list, ',')) {
      const auto& all = AllSchedules();
      const auto found = std::find_if(
          all.begin(), all.end(),
          [&](const Schedule& schedule) { return schedule.name == name; });
      if (found == all.end()) {
        return UsageError(absl::StrCat(
            "there is no schedule \"", name, "\"; there are ",
            absl::StrJoin(all, ", ",
                          [](std::string* out, const Schedule& schedule) {
                            absl::StrAppend(out, schedule.name);
                          })));
      }
      chosen.push_back(*found);
    }
  }
  return chosen;
}

Plan PlanOf(const Schedule& schedule, uint64_t seed) {
  SeededRandom random(Mix(seed, schedule.name));
  Plan plan;
  plan.base_writes = static_cast<int>(random.Between(3, 8));
  plan.old = {1, 2, 3};
  Shuffle(plan.old, random);
  plan.follower = random.Below(kOldMembers - 1);
  for (const Step& step : schedule.steps) {
    const auto* start = std::get_if<StartNewcomers>(&step);
    if (start == nullptr) continue;
    for (uint64_t id = start->first; id <= start->last; ++id) {
      plan.newcomers.push_back(id);
    }
    Shuffle(plan.newcomers, random);
    const int jitter = start->gap_ms > 0 ? kSlowJitterMs : kJitterMs;
    for (size_t i = 0; i < plan.newcomers.size(); ++i) {
      plan.gaps_ms.push_back((i == 0 ? 0 : start->gap_ms) +
                             static_cast<int>(random.Between(0, jitter)));
    }
  }
  return plan;
}

std::string Describe(const Plan& plan) {
  return absl::StrCat(
      "newcomers ", absl::StrJoin(plan.newcomers, " "), " after ",
      absl::StrJoin(plan.gaps_ms, " "), " ms; old members in the order ",
      absl::StrJoin(plan.old, " "), "; ", plan.base_writes, " writes first");
}

}  // namespace quorate::tools
