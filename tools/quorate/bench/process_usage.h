// ProcessUsage: CPU time and memory of processes, as the kernel counts them.

#ifndef QUORATE_TOOLS_QUORATE_BENCH_PROCESS_USAGE_H_
#define QUORATE_TOOLS_QUORATE_BENCH_PROCESS_USAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace quorate::tools {

struct WatchedProcess {
  std::string name;  // for people, such as "member 1"
  int pid = 0;
};

struct ProcessUsage {
  double cpu_seconds = 0;  // user and system, of all its threads
  int64_t rss_bytes = 0;
};

// Nothing: there is no such process (any more).
std::optional<ProcessUsage> UsageOf(int pid);
// In their order.
std::vector<std::optional<ProcessUsage>> UsageOf(
    const std::vector<WatchedProcess>& processes);

// From the texts of /proc/PID/stat and /proc/PID/statm; nothing if they are
// malformed. Exposed for tests.
std::optional<ProcessUsage> ParseUsage(absl::string_view stat,
                                       absl::string_view statm,
                                       int64_t ticks_per_second,
                                       int64_t page_bytes);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_BENCH_PROCESS_USAGE_H_
