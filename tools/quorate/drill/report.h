// Report: what a drill has shown, for people and as JSON.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_REPORT_H_
#define QUORATE_TOOLS_QUORATE_DRILL_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tools/quorate/console.h"
#include "tools/quorate/drill/claims.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/schedule.h"
#include "tools/quorate/drill/timeline.h"
#include "tools/quorate/text.h"

namespace quorate::tools {

// One schedule in one mode.
struct RunOutcome {
  Mode mode = Mode::kLists;
  Record record = {};
  std::vector<Verdict> verdicts = {};
  std::vector<TimelineEntry> timeline = {};
};

struct ScheduleOutcome {
  std::string name = {};
  std::string story = {};
  std::string plan = {};
  std::vector<RunOutcome> runs = {};
};

struct DrillOutcome {
  uint64_t seed = 0;
  std::string zookeeper_version = {};  // "": it was not there, or is not known
  std::vector<ScheduleOutcome> schedules = {};
};

// One line: who led, what was lost.
std::string Summarise(const Record& record);

// "lists", "zookeeper 3.8.0", "rules": as people see it.
std::string TitleOf(Mode mode, const std::string& zookeeper_version);

void PrintVerdicts(const Console& console,
                   const std::vector<Verdict>& verdicts);

// A row for each schedule, a column for each mode that was run.
void PrintTable(const Console& console, const DrillOutcome& outcome);

Json ReportJson(const DrillOutcome& outcome);

// "quick, lists: two-leaders (0 rounds)" for each claim that was not met.
std::vector<std::string> Unmet(const DrillOutcome& outcome);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_REPORT_H_
