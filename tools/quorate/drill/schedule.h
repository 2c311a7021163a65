// Schedules: in which order newcomers were started and old members restarted.
//
// Each is one way in which three members with a list of three and four
// newcomers with a list of seven were brought together. A schedule is data;
// runner.h carries it out. Pure.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_SCHEDULE_H_
#define QUORATE_TOOLS_QUORATE_DRILL_SCHEDULE_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/quorate/drill/claims.h"

namespace quorate::tools {

// On whom a schedule is carried out.
enum class Mode {
  kLists,      // our members with lists: coordd --unsafe-static-membership
  kZooKeeper,  // ZooKeeper with a list of servers in each configuration file
  kRules,      // our members with the membership rules
};
const char* NameOf(Mode mode);  // "lists", "zookeeper", "rules"

// What a watch waits for, where there are lists.
enum class Picture {
  kTwoLeaders,     // two leaders take writes that the other does not have
  kNewcomerLeads,  // a newcomer leads and takes writes
  kOneEnsemble,    // all members that run serve under one leader
  kOldShutOut,     // a newcomer leads and no old member serves
  kNoService,      // nobody takes a write
};

// The old members elect `count` more leaders: each time the leader is stopped,
// and started again once another one leads.
struct Elections {
  int count = 0;
};
struct StartNewcomers {
  uint64_t first = kOldMembers + 1;
  uint64_t last = kAllMembers;
  int gap_ms = 0;        // between two of them; the plan adds its jitter
  bool cut_off = false;  // they cannot reach the old members
};
// A follower is stopped, and started again with the list of seven.
struct RestartFollower {};
// So is each of the old members, one after the other, the leader last.
struct RestartOld {};
struct StopOld {};
// All of them, with the list of seven.
struct StartOld {};
// Rounds of looks and writes. With lists: until kWatchRounds of them have shown
// the picture. With rules: kRulesWatchRounds of them.
struct Watch {
  Picture lists = Picture::kTwoLeaders;
  Picture zookeeper = Picture::kTwoLeaders;
};
using Step = std::variant<Elections, StartNewcomers, RestartFollower,
                          RestartOld, StopOld, StartOld, Watch>;

struct Schedule {
  std::string name = {};
  std::string story = {};  // one line
  std::vector<Step> steps = {};
  // ZooKeeper's own reconfiguration is switched on.
  bool dynamic = false;
  std::vector<Claim> lists = {};
  std::vector<Claim> zookeeper = {};
  std::vector<Claim> rules = {};

  const std::vector<Claim>& ClaimsOf(Mode mode) const;
};

// All of them, in the order in which they are shown.
const std::vector<Schedule>& AllSchedules();

// Those that `lists` name ("quick", "quick,rolling"); all if it is empty.
// Usage: there is none of that name.
absl::StatusOr<std::vector<Schedule>> SchedulesNamed(
    const std::vector<std::string>& lists);

// Whatever chance decides, drawn before anything runs: the same seed and
// schedule give the same plan, in every mode.
struct Plan {
  int base_writes = 0;
  std::vector<uint64_t> newcomers =
      {};                          // in the order in which they are started
  std::vector<int> gaps_ms = {};   // before each of them
  std::vector<uint64_t> old = {};  // in the order in which they are restarted
  uint64_t follower = 0;           // which one, modulo how many there are
};
Plan PlanOf(const Schedule& schedule, uint64_t seed);
std::string Describe(const Plan& plan);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_SCHEDULE_H_
