#include "tests/simulation/world.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/trace.h"

namespace quorate::simulation {

World::World(uint64_t seed)
    : random(seed),
      trace(queue),
      network(queue, random, trace, statistics),
      checks_(AllChecks()),
      collected_(checks_.size(), 0) {}

void World::Collect(int member) {
  for (size_t i = 0; i < checks_.size(); ++i) {
    const std::vector<Violation>& found = checks_[i]->violations();
    for (; collected_[i] < found.size(); ++collected_[i]) {
      const Violation& violation = found[collected_[i]];
      Report(violation.check, member, violation.text);
    }
  }
}

void World::Report(const std::string& check, int member, std::string text) {
  trace.Line(TraceKind::kViolation, member, {violations.size()},
             [&] { return absl::StrCat(check, ": ", text); });
  violations.push_back({check, std::move(text)});
}

}  // namespace quorate::simulation
