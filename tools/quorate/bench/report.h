// Report: what a run of the load generator tells, for people and as JSON.

#ifndef QUORATE_TOOLS_QUORATE_BENCH_REPORT_H_
#define QUORATE_TOOLS_QUORATE_BENCH_REPORT_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "nlohmann/json_fwd.hpp"
#include "tools/quorate/bench/load.h"
#include "tools/quorate/console.h"

namespace quorate::tools {

// Times in microseconds; CPU in seconds for 1,000 operations.
nlohmann::ordered_json LoadJson(const LoadOptions& options,
                                const LoadReport& report);

// Names and values, for a table.
std::vector<std::pair<std::string, std::string>> LoadPairs(
    const LoadReport& report);

// Prints a report, as JSON if the console is so, and saves it as JSON to
// `save_path` unless that is empty. Unreachable: no request succeeded. Local:
// the file could not be written.
absl::Status TellLoad(const Console& console, const LoadOptions& options,
                      const LoadReport& report, const std::string& save_path);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_BENCH_REPORT_H_
