#include "tools/quorate/drill/report.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/console.h"
#include "tools/quorate/drill/claims.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/schedule.h"
#include "tools/quorate/drill/timeline.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

bool AllMet(const std::vector<Verdict>& verdicts) {
  return std::all_of(verdicts.begin(), verdicts.end(),
                     [](const Verdict& verdict) { return verdict.met; });
}

// Who took writes at the same moment: "two leaders (3, 7)".
std::string LeadersText(const Record& record) {
  std::optional<Split> split;
  bool taken = false;
  int idle = 0;
  for (const Round& round : record.rounds) {
    if (!split) split = SplitOf(round);
    taken |= TookWrites(round);
    if (!TookWrites(round)) ++idle;
  }
  std::string text = split   ? absl::StrCat("two leaders (", split->first, ", ",
                                            split->second, ")")
                     : taken ? "one leader"
                             : "no leader";
  if (idle > 0) absl::StrAppend(&text, ", ", idle, " rounds without service");
  return text;
}

Json RefusalJson(const Refusal& refusal) {
  Json json = {{"rule", refusal.rule},
               {"rule_name", refusal.rule_name},
               {"message", refusal.message}};
  for (const auto& [name, value] : refusal.numbers) {
    json["numbers"][name] = value;
  }
  if (refusal.retry_after_ms) json["retry_after_ms"] = *refusal.retry_after_ms;
  return json;
}

Json RoundJson(const Round& round) {
  Json json = {{"phase", NameOf(round.phase)},
               {"split", SplitOf(round).has_value()},
               {"members", Json::array()},
               {"writes", Json::array()}};
  for (const View& view : round.views) {
    json["members"].push_back({{"id", view.id},
                               {"answers", view.answers},
                               {"role", view.role},
                               {"serving", view.serving},
                               {"epoch", view.epoch}});
  }
  for (const Attempt& write : round.writes) {
    json["writes"].push_back({{"member", write.member},
                              {"path", write.path},
                              {"acknowledged", write.acked},
                              {"error", write.error},
                              {"held_by", write.held_by},
                              {"missed_by", write.missed_by}});
  }
  return json;
}

Json RecordJson(const Record& record) {
  Json json = {{"rounds", Json::array()}, {"trees", Json::array()},
               {"asks", Json::array()},   {"restarts", Json::array()},
               {"writes", Json::array()}, {"voters", record.voters}};
  for (const Round& round : record.rounds) {
    json["rounds"].push_back(RoundJson(round));
  }
  for (const TreeLook& look : record.trees) {
    json["trees"].push_back({{"phase", NameOf(look.phase)},
                             {"leader", look.leader},
                             {"has_old_data", look.has_old_data}});
  }
  for (const Ask& ask : record.asks) {
    Json row = {{"what", ask.what}, {"accepted", !ask.refusal.has_value()}};
    if (ask.refusal) row["refusal"] = RefusalJson(*ask.refusal);
    json["asks"].push_back(std::move(row));
  }
  for (const Restart& restart : record.restarts) {
    Json row = {{"member", restart.id}, {"came_up", restart.came_up}};
    if (restart.refusal) row["refusal"] = RefusalJson(*restart.refusal);
    json["restarts"].push_back(std::move(row));
  }
  for (const Fate& fate : record.fates) {
    json["writes"].push_back({{"path", fate.path},
                              {"phase", NameOf(fate.phase)},
                              {"acknowledged_by", fate.acked_by},
                              {"readable_at", fate.readable_at},
                              {"missing_at", fate.missing_at}});
  }
  return json;
}

Json RunJson(const RunOutcome& run) {
  const Losses losses = LossesOf(run.record);
  Json json = {{"mode", NameOf(run.mode)},
               {"observed", AllMet(run.verdicts)},
               {"summary", Summarise(run.record)},
               {"split_rounds", SplitRounds(run.record)},
               {"acknowledged", losses.acked},
               {"lost", losses.lost},
               {"on_one_side_only", losses.parted},
               {"claims", Json::array()},
               {"timeline", Json::array()},
               {"record", RecordJson(run.record)}};
  for (const Verdict& verdict : run.verdicts) {
    json["claims"].push_back({{"claim", NameOf(verdict.claim)},
                              {"sentence", SentenceOf(verdict.claim)},
                              {"met", verdict.met},
                              {"seen", verdict.seen}});
  }
  for (const TimelineEntry& entry : run.timeline) {
    json["timeline"].push_back({{"at_ms", entry.at_ms}, {"text", entry.text}});
  }
  return json;
}

}  // namespace

std::string Summarise(const Record& record) {
  const Losses losses = LossesOf(record);
  std::string text = LeadersText(record);
  absl::StrAppend(&text, "; ", losses.acked, " writes, ", losses.lost, " lost");
  if (losses.parted > 0) {
    absl::StrAppend(&text, ", ", losses.parted, " on one side");
  }
  if (!record.voters.empty()) {
    absl::StrAppend(&text, "; ", record.voters.size(), " voters");
  }
  return text;
}

std::string TitleOf(Mode mode, const std::string& zookeeper_version) {
  switch (mode) {
    case Mode::kLists:
      return "UNSAFE LISTS";
    case Mode::kZooKeeper:
      return zookeeper_version.empty()
                 ? "ZOOKEEPER"
                 : absl::StrCat("ZOOKEEPER ", zookeeper_version);
    case Mode::kRules:
      return "MEMBERSHIP RULES";
  }
  return "";
}

void PrintVerdicts(const Console& console,
                   const std::vector<Verdict>& verdicts) {
  for (const Verdict& verdict : verdicts) {
    console.out << "  "
                << console.Paint(verdict.met ? Colour::kGreen : Colour::kRed,
                                 verdict.met ? "seen    " : "NOT SEEN")
                << "  " << SentenceOf(verdict.claim) << ": " << verdict.seen
                << "\n";
  }
  console.out << std::flush;
}

void PrintTable(const Console& console, const DrillOutcome& outcome) {
  if (outcome.schedules.empty()) return;
  std::vector<std::string> heads = {"SCHEDULE"};
  for (const RunOutcome& run : outcome.schedules.front().runs) {
    heads.push_back(TitleOf(run.mode, outcome.zookeeper_version));
  }
  heads.push_back("CLAIMS");
  Table table(std::move(heads));
  for (const ScheduleOutcome& schedule : outcome.schedules) {
    std::vector<std::string> row = {schedule.name};
    size_t met = 0;
    size_t all = 0;
    for (const RunOutcome& run : schedule.runs) {
      row.push_back(Summarise(run.record));
      all += run.verdicts.size();
      met += static_cast<size_t>(
          std::count_if(run.verdicts.begin(), run.verdicts.end(),
                        [](const Verdict& verdict) { return verdict.met; }));
    }
    row.push_back(absl::StrCat(met, " of ", all, " seen"));
    table.Add(std::move(row));
    table.PaintLast(met == all ? Colour::kGreen : Colour::kRed);
  }
  table.Print(console);
  console.out << std::flush;
}

Json ReportJson(const DrillOutcome& outcome) {
  Json json = {{"seed", outcome.seed},
               {"observed", Unmet(outcome).empty()},
               {"schedules", Json::array()}};
  if (!outcome.zookeeper_version.empty()) {
    json["zookeeper_version"] = outcome.zookeeper_version;
  }
  for (const ScheduleOutcome& schedule : outcome.schedules) {
    Json row = {{"name", schedule.name},
                {"story", schedule.story},
                {"plan", schedule.plan},
                {"runs", Json::array()}};
    for (const RunOutcome& run : schedule.runs) {
      row["runs"].push_back(RunJson(run));
    }
    json["schedules"].push_back(std::move(row));
  }
  return json;
}

std::vector<std::string> Unmet(const DrillOutcome& outcome) {
  std::vector<std::string> unmet;
  for (const ScheduleOutcome& schedule : outcome.schedules) {
    for (const RunOutcome& run : schedule.runs) {
      for (const Verdict& verdict : run.verdicts) {
        if (verdict.met) continue;
        unmet.push_back(absl::StrCat(schedule.name, ", ", NameOf(run.mode),
                                     ": ", NameOf(verdict.claim), " (",
                                     verdict.seen, ")"));
      }
    }
  }
  return unmet;
}

}  // namespace quorate::tools
