// Summary: what an outage has shown, for people at a terminal.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_SUMMARY_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_SUMMARY_H_

#include <string>
#include <vector>

#include "tools/quorate/console.h"
#include "tools/quorate/outage/facts.h"

namespace quorate::tools {

// The claims of each act, and a table of the counts.
void PrintSummary(const Console& console, const OutageFacts& facts);

// "act 1: two-controllers (...)" for each claim that was not met.
std::vector<std::string> Unmet(const OutageFacts& facts);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_SUMMARY_H_
