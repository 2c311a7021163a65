#include "tools/quorate/outage/lanes.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "absl/strings/string_view.h"
#include "tools/quorate/outage/facts.h"

namespace quorate::tools {

void AddSample(Lane& lane, int64_t at_ms, const Belief& belief) {
  EndAt(lane, at_ms);
  if (!lane.spans.empty() && lane.spans.back().belief == belief) return;
  lane.spans.push_back({at_ms, at_ms, belief});
}

void EndAt(Lane& lane, int64_t at_ms) {
  if (!lane.spans.empty()) lane.spans.back().end_ms = at_ms;
}

int64_t ContestedMs(const std::vector<Lane>& lanes, absl::string_view state) {
  std::set<int64_t> edges;
  for (const Lane& lane : lanes) {
    for (const Span& span : lane.spans) {
      edges.insert(span.begin_ms);
      edges.insert(span.end_ms);
    }
  }
  int64_t contested = 0;
  int64_t begin = 0;
  for (const int64_t end : edges) {
    std::set<int64_t> named;
    for (const Lane& lane : lanes) {
      for (const Span& span : lane.spans) {
        if (span.begin_ms <= begin && end <= span.end_ms &&
            span.belief.state == state) {
          named.insert(span.belief.whom);
        }
      }
    }
    if (named.size() > 1) contested += end - begin;
    begin = end;
  }
  return contested;
}

std::set<int64_t> EverIn(const std::vector<Lane>& lanes,
                         absl::string_view state) {
  std::set<int64_t> named;
  for (const Lane& lane : lanes) {
    for (const Span& span : lane.spans) {
      if (span.belief.state == state) named.insert(span.belief.whom);
    }
  }
  return named;
}

std::set<int64_t> AtTheEnd(const std::vector<Lane>& lanes) {
  std::set<int64_t> named;
  for (const Lane& lane : lanes) {
    if (lane.spans.empty() || lane.spans.back().belief.state == "down") {
      continue;
    }
    named.insert(lane.spans.back().belief.whom);
  }
  return named;
}

}  // namespace quorate::tools
