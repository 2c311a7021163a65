#include "tools/quorate/bench/process_usage.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace quorate::tools {
namespace {

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::optional<int64_t> FieldOf(absl::string_view text, size_t index) {
  const std::vector<absl::string_view> fields =
      absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  int64_t value = 0;
  if (fields.size() <= index || !absl::SimpleAtoi(fields[index], &value)) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::optional<ProcessUsage> ParseUsage(absl::string_view stat,
                                       absl::string_view statm,
                                       int64_t ticks_per_second,
                                       int64_t page_bytes) {
  // The program's name stands in parentheses and may hold anything. Behind it:
  // state (0), ..., utime (11), stime (12).
  const size_t name_end = stat.rfind(')');
  if (name_end == absl::string_view::npos) return std::nullopt;
  stat.remove_prefix(name_end + 1);
  const std::optional<int64_t> user = FieldOf(stat, 11);
  const std::optional<int64_t> system = FieldOf(stat, 12);
  const std::optional<int64_t> pages = FieldOf(statm, 1);
  if (!user || !system || !pages) return std::nullopt;
  return ProcessUsage{.cpu_seconds = static_cast<double>(*user + *system) /
                                     static_cast<double>(ticks_per_second),
                      .rss_bytes = *pages * page_bytes};
}

std::optional<ProcessUsage> UsageOf(int pid) {
  const std::string directory = absl::StrCat("/proc/", pid);
  return ParseUsage(TextOf(directory + "/stat"), TextOf(directory + "/statm"),
                    sysconf(_SC_CLK_TCK), sysconf(_SC_PAGESIZE));
}

std::vector<std::optional<ProcessUsage>> UsageOf(
    const std::vector<WatchedProcess>& processes) {
  std::vector<std::optional<ProcessUsage>> usage;
  for (const WatchedProcess& process : processes) {
    usage.push_back(UsageOf(process.pid));
  }
  return usage;
}

}  // namespace quorate::tools
