#include "tests/simulation/ensemble/ensemble_statistics.h"

#include <cstdint>
#include <string>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace quorate::simulation {
namespace {

using Counts = absl::btree_map<std::string, uint64_t>;

void AddTo(Counts& counts, const Counts& more) {
  for (const auto& [name, count] : more) counts[name] += count;
}

void List(const char* title, const Counts& counts, std::string& text) {
  absl::StrAppend(&text, title, "\n");
  for (const auto& [name, count] : counts) {
    absl::StrAppendFormat(&text, "  %-34s %d\n", name, count);
  }
}

}  // namespace

void EnsembleStatistics::Add(const EnsembleStatistics& other) {
  AddTo(faults, other.faults);
  AddTo(operations, other.operations);
  AddTo(outcomes, other.outcomes);
  seeds += other.seeds;
  repeated_seeds += other.repeated_seeds;
  simulated_us += other.simulated_us;
}

std::string EnsembleStatistics::Describe(double real_seconds, int jobs) const {
  const double hours = static_cast<double>(simulated_us) / 3'600e6;
  std::string text = absl::StrFormat(
      "%d seeds (%d of them run twice), %.1f simulated hours in %.1f s on %d "
      "threads\n",
      seeds, repeated_seeds, hours, real_seconds, jobs);
  List("client operations, as submitted", operations, text);
  List("outcomes", outcomes, text);
  List("faults", faults, text);
  return text;
}

}  // namespace quorate::simulation
