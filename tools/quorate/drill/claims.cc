#include "tools/quorate/drill/claims.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/quorate/drill/record.h"

namespace quorate::tools {
namespace {

// Rules that may stand in the way of a promotion, from "one at a time" to "live
// quorum"; others have nothing to do with it.
bool IsOfPromotions(uint32_t rule) { return rule >= 7 && rule <= 15; }
constexpr uint32_t kSeasonedMajority = 14;
constexpr uint32_t kOneTruth = 6;

std::vector<const Round*> RoundsOf(const Record& record, Phase phase) {
  std::vector<const Round*> rounds;
  for (const Round& round : record.rounds) {
    if (round.phase == phase) rounds.push_back(&round);
  }
  return rounds;
}

Verdict Found(Claim claim, bool met, std::string seen) {
  return {claim, met, std::move(seen)};
}

Verdict TwoLeaders(const Record& record) {
  std::string pair;
  for (const Round& round : record.rounds) {
    const std::optional<Split> split = SplitOf(round);
    if (split) {
      pair =
          absl::StrCat("members ", split->first, " and ", split->second, ", ");
    }
  }
  const int rounds = SplitRounds(record);
  return Found(Claim::kTwoLeaders, rounds >= kWatchRounds,
               absl::StrCat(pair, rounds, " rounds"));
}

// The trees that leaders served while the mistake was being made.
Verdict SecondTree(Claim claim, const Record& record) {
  std::map<uint64_t, bool> has_old;
  for (const TreeLook& look : record.trees) {
    if (look.phase == Phase::kDuring) has_old[look.leader] = look.has_old_data;
  }
  int full = 0;
  int empty = 0;
  std::vector<std::string> seen;
  for (const auto& [leader, old] : has_old) {
    ++(old ? full : empty);
    seen.push_back(absl::StrCat("member ", leader, "'s tree ",
                                old ? "has the old data" : "is empty"));
  }
  const bool met = claim == Claim::kSecondIsEmpty ? full >= 1 && empty >= 1
                                                  : full >= 2 && empty == 0;
  return Found(claim, met, absl::StrJoin(seen, ", "));
}

std::string Text(const Losses& losses) {
  return absl::StrCat(losses.acked, " acknowledged, ", losses.lost, " lost, ",
                      losses.parted, " on one side only");
}

Verdict OfLosses(Claim claim, const Record& record) {
  const Losses losses = LossesOf(record);
  bool met = false;
  std::string seen = Text(losses);
  switch (claim) {
    case Claim::kParted:
      met = losses.parted > 0;
      break;
    case Claim::kLost:
      met = losses.lost > 0;
      break;
    case Claim::kTruncated:
      met = losses.truncated > 0;
      seen = absl::StrCat(losses.truncated, " writes");
      break;
    default:
      met = losses.acked > 0 && losses.lost == 0 && losses.parted == 0;
  }
  return Found(claim, met, std::move(seen));
}

// The only leader of the last round; 0: there is none.
uint64_t LastLeader(const Record& record) {
  if (record.rounds.empty()) return 0;
  const std::vector<uint64_t> leaders = LeadersOf(record.rounds.back());
  return leaders.size() == 1 ? leaders.front() : 0;
}

Verdict Disagree(const Record& record) {
  const uint64_t leader = LastLeader(record);
  bool all_serve = leader != 0;
  if (leader != 0) {
    for (const View& view : record.rounds.back().views) {
      all_serve &= view.serving;
    }
  }
  const Losses losses = LossesOf(record);
  return Found(Claim::kDisagree, all_serve && losses.parted > 0,
               absl::StrCat(losses.parted, " writes at some and not at others",
                            all_serve ? absl::StrCat(", under ", leader)
                                      : std::string()));
}

Verdict EmptyTree(const Record& record) {
  for (const TreeLook& look : record.trees) {
    if (IsNewcomer(look.leader) && !look.has_old_data) {
      return Found(Claim::kEmptyTree, true,
                   absl::StrCat("member ", look.leader));
    }
  }
  return Found(Claim::kEmptyTree, false, "none");
}

Verdict EmptyTreeWins(const Record& record) {
  const uint64_t leader = LastLeader(record);
  int base = 0;
  int missing = 0;
  for (const Fate& fate : record.fates) {
    if (fate.phase != Phase::kBefore) continue;
    ++base;
    missing += static_cast<int>(
        std::count(fate.missing_at.begin(), fate.missing_at.end(), leader));
  }
  return Found(
      Claim::kEmptyTreeWins, leader != 0 && base > 0 && missing == base,
      absl::StrCat("member ", leader, " lacks ", missing, " of ", base));
}

Verdict OldShutOut(const Record& record) {
  int rounds = 0;
  for (const Round* round : RoundsOf(record, Phase::kAfter)) {
    bool old_serves = false;
    bool newcomer_leads = false;
    for (const View& view : round->views) {
      old_serves |= !IsNewcomer(view.id) && view.serving;
      newcomer_leads |= IsNewcomer(view.id) && view.leads();
    }
    rounds = !old_serves && newcomer_leads ? rounds + 1 : 0;
  }
  return Found(Claim::kOldShutOut, rounds >= kWatchRounds,
               absl::StrCat("the last ", rounds, " rounds"));
}

// In how many rounds of a phase a write was taken.
struct Service {
  int rounds = 0;
  int taken = 0;
};
Service ServiceOf(const Record& record, Phase phase) {
  Service service;
  for (const Round* round : RoundsOf(record, phase)) {
    ++service.rounds;
    if (TookWrites(*round)) ++service.taken;
  }
  return service;
}

std::string Text(const Service& service) {
  return absl::StrCat("writes in ", service.taken, " of ", service.rounds,
                      " rounds");
}

bool Goes(const Service& service) {
  return service.rounds >= kWatchRounds && service.taken == service.rounds;
}

bool Stands(const Service& service) {
  return service.rounds >= kWatchRounds && service.taken == 0;
}

Verdict WritesGoOn(const Record& record) {
  const Service during = ServiceOf(record, Phase::kDuring);
  const Service after = ServiceOf(record, Phase::kAfter);
  const Service both = {during.rounds + after.rounds,
                        during.taken + after.taken};
  return Found(Claim::kWritesGoOn, Goes(during) && Goes(both), Text(both));
}

Verdict NobodyElseServes(const Record& record) {
  const Service during = ServiceOf(record, Phase::kDuring);
  bool served = false;
  for (const Round* round : RoundsOf(record, Phase::kDuring)) {
    for (const View& view : round->views) served |= view.serving;
  }
  return Found(Claim::kNobodyElseServes, Stands(during) && !served,
               Text(during));
}

Verdict Leaders(Claim claim, const Record& record) {
  const int splits = SplitRounds(record);
  bool newcomer_led = false;
  for (const Round& round : record.rounds) {
    if (round.phase == Phase::kRegular) continue;
    for (const uint64_t id : LeadersOf(round)) newcomer_led |= IsNewcomer(id);
  }
  const bool met = static_cast<int>(record.rounds.size()) >= kWatchRounds &&
                   splits == 0 && (claim == Claim::kOneLeader || !newcomer_led);
  return Found(claim, met,
               absl::StrCat(record.rounds.size(), " rounds, ", splits,
                            " with two leaders",
                            newcomer_led ? ", a newcomer led" : ""));
}

Verdict NewcomersWait(const Record& record) {
  int views = 0;
  std::map<std::string, int> roles;
  for (const Round& round : record.rounds) {
    if (round.phase != Phase::kDuring && round.phase != Phase::kAfter) continue;
    for (const View& view : round.views) {
      if (!IsNewcomer(view.id) || !view.answers) continue;
      ++views;
      ++roles[view.role];
    }
  }
  const int waiting = roles["joining"] + roles["learner"];
  std::vector<std::string> seen;
  for (const auto& [role, count] : roles) {
    if (count > 0) seen.push_back(absl::StrCat(role, " ", count, " times"));
  }
  return Found(
      Claim::kNewcomersWait, views > 0 && waiting == views,
      seen.empty() ? "no newcomer answered" : absl::StrJoin(seen, ", "));
}

Verdict PromotionsRefused(Claim claim, const Record& record) {
  int asked = 0;
  int refused = 0;
  bool seasoned = false;
  bool by_rules = true;
  std::vector<std::string> rules;
  for (const Ask& ask : record.asks) {
    if (!ask.all_at_once) continue;
    ++asked;
    if (!ask.refusal) continue;
    ++refused;
    const uint32_t rule = ask.refusal->rule;
    // Before they are learners there is nothing to judge, and no rule named.
    by_rules &= rule == 0 || IsOfPromotions(rule);
    seasoned |=
        ask.ready && rule == kSeasonedMajority && !ask.refusal->numbers.empty();
    if (rule != 0) rules.push_back(absl::StrCat("rule ", rule));
  }
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
  const bool met = claim == Claim::kUnknownRefused || (by_rules && seasoned);
  return Found(
      claim, asked > 0 && refused == asked && met,
      absl::StrCat(refused, " of ", asked, " refused",
                   rules.empty() ? "" : " by ", absl::StrJoin(rules, ", ")));
}

Verdict RestartsRefused(const Record& record) {
  size_t refused = 0;
  for (const Restart& restart : record.restarts) {
    if (!restart.came_up && restart.refusal &&
        restart.refusal->rule == kOneTruth) {
      ++refused;
    }
  }
  return Found(Claim::kRestartsRefused,
               refused > 0 && refused == record.restarts.size(),
               absl::StrCat(refused, " of ", record.restarts.size(),
                            " refused by rule ", kOneTruth));
}

Verdict Grown(const Record& record) {
  const Losses losses = LossesOf(record);
  size_t everywhere = 0;
  for (const Fate& fate : record.fates) {
    if (fate.readable_at.size() == kAllMembers) ++everywhere;
  }
  const bool met = record.voters.size() == kAllMembers && losses.acked > 0 &&
                   everywhere == record.fates.size();
  return Found(Claim::kGrown, met,
               absl::StrCat(record.voters.size(), " voters; ", everywhere,
                            " of ", record.fates.size(),
                            " acknowledged writes at all ", kAllMembers));
}

struct Words {
  Claim claim;
  const char* name;
  const char* sentence;
};
constexpr Words kWords[] = {
    {Claim::kTwoLeaders, "two-leaders",
     "two leaders take writes at the same moment, in five rounds"},
    {Claim::kSecondIsEmpty, "second-is-empty",
     "the second leader serves an empty tree"},
    {Claim::kSecondHasOld, "second-has-old",
     "the second leader serves the old data"},
    {Claim::kParted, "parted",
     "acknowledged writes can be read on one side only"},
    {Claim::kLost, "lost", "acknowledged writes are gone everywhere"},
    {Claim::kTruncated, "truncated",
     "what old members acknowledged is gone at most of them"},
    {Claim::kDisagree, "disagree",
     "members that serve under one leader have different trees"},
    {Claim::kEmptyTree, "empty-tree",
     "a newcomer leads, and serves an empty tree"},
    {Claim::kEmptyTreeWins, "empty-tree-wins",
     "in the end the only leader has nothing of what was there before"},
    {Claim::kOldShutOut, "old-shut-out", "no old member can rejoin"},
    {Claim::kServiceStopped, "service-stopped", "nobody takes a write"},
    {Claim::kOneLeader, "one-leader", "there are never two leaders"},
    {Claim::kNothingLost, "nothing-lost",
     "every acknowledged write can be read at every serving member"},
    {Claim::kNoSecondLeader, "no-second-leader",
     "there is no second leader, and no newcomer leads"},
    {Claim::kNewcomersWait, "newcomers-wait",
     "newcomers are joining or learners, none votes"},
    {Claim::kPromotionsRefused, "promotions-refused",
     "promoting all newcomers at once is refused by a rule, also once each "
     "is proven"},
    {Claim::kUnknownRefused, "unknown-refused",
     "newcomers that have not joined cannot be promoted"},
    {Claim::kRestartsRefused, "restarts-refused",
     "old members refuse another list"},
    {Claim::kWritesGoOn, "writes-go-on", "a write is taken in every round"},
    {Claim::kNobodyElseServes, "nobody-else-serves",
     "while the old members are down, nobody serves in their place"},
    {Claim::kServiceResumes, "service-resumes",
     "once they are back, a write is taken in every round"},
    {Claim::kGrown, "grown", "in the end seven voters hold everything"},
};

const Words& WordsOf(Claim claim) {
  return *std::find_if(
      std::begin(kWords), std::end(kWords),
      [&](const Words& words) { return words.claim == claim; });
}

}  // namespace

const char* NameOf(Claim claim) { return WordsOf(claim).name; }

std::string SentenceOf(Claim claim) { return WordsOf(claim).sentence; }

int SplitRounds(const Record& record) {
  return static_cast<int>(std::count_if(
      record.rounds.begin(), record.rounds.end(),
      [](const Round& round) { return SplitOf(round).has_value(); }));
}

Losses LossesOf(const Record& record) {
  Losses losses;
  for (const Fate& fate : record.fates) {
    ++losses.acked;
    if (fate.lost()) ++losses.lost;
    if (!fate.lost() && !fate.everywhere()) ++losses.parted;
    const auto missing_old =
        std::count_if(fate.missing_at.begin(), fate.missing_at.end(),
                      [](uint64_t id) { return !IsNewcomer(id); });
    if (!IsNewcomer(fate.acked_by) && missing_old >= 2) ++losses.truncated;
  }
  return losses;
}

Verdict Judge(Claim claim, const Record& record) {
  switch (claim) {
    case Claim::kTwoLeaders:
      return TwoLeaders(record);
    case Claim::kSecondIsEmpty:
    case Claim::kSecondHasOld:
      return SecondTree(claim, record);
    case Claim::kParted:
    case Claim::kLost:
    case Claim::kTruncated:
    case Claim::kNothingLost:
      return OfLosses(claim, record);
    case Claim::kDisagree:
      return Disagree(record);
    case Claim::kEmptyTree:
      return EmptyTree(record);
    case Claim::kEmptyTreeWins:
      return EmptyTreeWins(record);
    case Claim::kOldShutOut:
      return OldShutOut(record);
    case Claim::kServiceStopped: {
      const Service during = ServiceOf(record, Phase::kDuring);
      return Found(claim, Stands(during), Text(during));
    }
    case Claim::kOneLeader:
    case Claim::kNoSecondLeader:
      return Leaders(claim, record);
    case Claim::kNewcomersWait:
      return NewcomersWait(record);
    case Claim::kPromotionsRefused:
    case Claim::kUnknownRefused:
      return PromotionsRefused(claim, record);
    case Claim::kRestartsRefused:
      return RestartsRefused(record);
    case Claim::kWritesGoOn:
      return WritesGoOn(record);
    case Claim::kNobodyElseServes:
      return NobodyElseServes(record);
    case Claim::kServiceResumes: {
      const Service after = ServiceOf(record, Phase::kAfter);
      return Found(claim, Goes(after), Text(after));
    }
    case Claim::kGrown:
      return Grown(record);
  }
  return Found(claim, false, "");
}

}  // namespace quorate::tools
