// Runner: plays scenario files and compares what happens with what is expected.
//
// After every command line all checks of the simulator must hold. Every file
// ends with heal-and-converge.
//
// A program with many scenarios, such as //tests/simulation:mutations:
//
//   std::vector<ScenarioFile> files = ...;  // name and content
//   std::optional<ScenarioFailure> failure = FirstFailure(files);
//
// A scenario depends on nothing but its text. Not thread-safe across scenarios
// that share a Runner; different ones may run on different threads.

#ifndef QUORATE_TESTS_SCENARIOS_RUNNER_H_
#define QUORATE_TESTS_SCENARIOS_RUNNER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace quorate::scenarios {

struct ScenarioFile {
  std::string name;  // for messages, such as "rule_07_one_at_a_time.txt"
  std::string text;
};

struct ScenarioFailure {
  std::string file;
  int line = 0;
  std::string why;
};
// "rule_07.txt:12: WHY".
std::string Describe(const ScenarioFailure& failure);

// Plays one file up to its first failure; nothing: it passed.
std::optional<ScenarioFailure> PlayScenario(const ScenarioFile& file);

// Plays all, and returns the first failure.
std::optional<ScenarioFailure> FirstFailure(
    absl::Span<const ScenarioFile> files);

// Plays the file and returns its text with what really happened as expected
// output. InvalidArgument: not a scenario; Aborted, saying where: a check, an
// expectation or a command failed, which no rewriting can mend.
absl::StatusOr<std::string> RewriteScenario(const ScenarioFile& file);

}  // namespace quorate::scenarios

#endif  // QUORATE_TESTS_SCENARIOS_RUNNER_H_
