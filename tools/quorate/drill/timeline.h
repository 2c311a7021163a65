// Timeline: what happened when, printed as it happens and kept for the report.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_TIMELINE_H_
#define QUORATE_TOOLS_QUORATE_DRILL_TIMELINE_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tools/quorate/console.h"

namespace quorate::tools {

struct TimelineEntry {
  int64_t at_ms = 0;  // since the run began, by the monotonic clock
  std::string text = {};
};

// Not thread-safe, except for NowMs().
class Timeline {
 public:
  // Prints nothing with console.json. `console` must outlive it.
  explicit Timeline(const Console& console) : console_(console) {}

  void Say(absl::string_view text);
  int64_t NowMs() const;  // since the run began
  const std::vector<TimelineEntry>& entries() const { return entries_; }

 private:
  const Console& console_;
  const std::chrono::steady_clock::time_point began_ =
      std::chrono::steady_clock::now();
  std::vector<TimelineEntry> entries_ = {};
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_TIMELINE_H_
