// Chart: one act over time, as inline SVG. Its classes are styled by the page.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_CHART_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_CHART_H_

#include <string>

#include "tools/quorate/outage/facts.h"

namespace quorate::tools {

// Below one another, with one axis of time: numbered marks; a lane for each
// member, coloured by the leader it believes in; one for each broker, coloured
// by the controller; writes by outcome.
std::string ActChart(const ActFacts& act);

// The style sheet's part for charts.
std::string ChartStyle();

// The class of a span or bar: "m3", "c1", "silent", ...
std::string StyleOf(const Belief& belief, char kind);
std::string StyleOf(Outcome outcome);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_CHART_H_
