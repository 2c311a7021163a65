// Lanes: what a process believed over time, from samples.
//
// Pure.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_LANES_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_LANES_H_

#include <cstdint>
#include <set>
#include <vector>

#include "absl/strings/string_view.h"
#include "tools/quorate/outage/facts.h"

namespace quorate::tools {

// From `at_ms` on the lane shows `belief`; what it showed before lasted until
// then. REQUIRES: not before the lane's last sample.
void AddSample(Lane& lane, int64_t at_ms, const Belief& belief);
// What it showed last lasts until `at_ms`.
void EndAt(Lane& lane, int64_t at_ms);

// For how long lanes that were in `state` at the same moment ("leads",
// "controls") believed in different ones.
int64_t ContestedMs(const std::vector<Lane>& lanes, absl::string_view state);

// Whom lanes in `state` believed in, at any time.
std::set<int64_t> EverIn(const std::vector<Lane>& lanes,
                         absl::string_view state);
// Whom all lanes believe in at their end: one, or several. 0: nobody.
std::set<int64_t> AtTheEnd(const std::vector<Lane>& lanes);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_LANES_H_
