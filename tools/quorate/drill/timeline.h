// Timeline: what happened when, printed as it happens and kept for the report.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_TIMELINE_H_
#define QUORATE_TOOLS_QUORATE_DRILL_TIMELINE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/quorate/console.h"

namespace quorate::tools {

struct TimelineEntry {
  int64_t at_ms = 0;  // since the run began
  std::string text = {};
};

// Not thread-safe.
class Timeline {
 public:
  // Prints nothing with console.json. `console` must outlive it.
  explicit Timeline(const Console& console) : console_(console) {}

  void Say(absl::string_view text);
  const std::vector<TimelineEntry>& entries() const { return entries_; }

 private:
  const Console& console_;
  const absl::Time began_ = absl::Now();
  std::vector<TimelineEntry> entries_ = {};
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_TIMELINE_H_
