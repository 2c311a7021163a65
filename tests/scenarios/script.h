// Script: a scenario file, parsed.
//
//   # What the scenario shows, and which rule or paper section it is about.
//
//   propose 1 hello
//   run 1s
//   ----
//   expected output
//
// A step is one or more command lines, "----", and the expected output up to a
// blank line. Lines that begin with '#' before a command are comments.

#ifndef QUORATE_TESTS_SCENARIOS_SCRIPT_H_
#define QUORATE_TESTS_SCENARIOS_SCRIPT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace quorate::scenarios {

struct Step {
  std::vector<std::string> comments;  // with '#', and blank lines between them
  struct Line {
    int number = 0;  // in the file, from 1
    std::string text;
  };
  std::vector<Line> commands;
  std::vector<std::string> expected;
  int expected_line = 0;  // of the first expected line
};

struct Script {
  std::vector<Step> steps;
};

// InvalidArgument, beginning with the line number, if the file has no opening
// comment, no step, or a step without "----".
absl::StatusOr<Script> ParseScript(const std::string& text);

// The file again, as it should look.
std::string FormatScript(const Script& script);

}  // namespace quorate::scenarios

#endif  // QUORATE_TESTS_SCENARIOS_SCRIPT_H_
