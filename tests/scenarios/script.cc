#include "tests/scenarios/script.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace quorate::scenarios {
namespace {

constexpr absl::string_view kDivider = "----";

absl::Status Wrong(size_t line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(line, ": ", what));
}

}  // namespace

absl::StatusOr<Script> ParseScript(const std::string& text) {
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  if (!absl::StartsWith(lines.front(), "#")) {
    return Wrong(1, "a scenario begins with a comment that says what it shows");
  }
  Script script;
  Step step;
  bool in_expected = false;
  for (size_t at = 0; at < lines.size(); ++at) {
    std::string line = lines[at];
    absl::StripTrailingAsciiWhitespace(&line);
    const int number = static_cast<int>(at) + 1;
    if (in_expected) {
      if (!line.empty()) {
        step.expected.push_back(std::move(line));
        continue;
      }
      script.steps.push_back(std::exchange(step, Step()));
      in_expected = false;
    } else if (line == kDivider) {
      if (step.commands.empty()) return Wrong(at + 1, "---- without a command");
      step.expected_line = number + 1;
      in_expected = true;
    } else if (absl::StartsWith(line, "#") && step.commands.empty()) {
      step.comments.push_back(std::move(line));
    } else if (line.empty()) {
      if (!step.commands.empty())
        return Wrong(at + 1, "a command without ----");
      if (!step.comments.empty()) step.comments.emplace_back();
    } else {
      step.commands.push_back({number, std::move(line)});
    }
  }
  if (in_expected) script.steps.push_back(std::exchange(step, Step()));
  if (!step.commands.empty()) {
    return Wrong(lines.size(), "a command without ----");
  }
  if (script.steps.empty()) return Wrong(lines.size(), "there is no command");
  return script;
}

std::string FormatScript(const Script& script) {
  std::string text;
  for (const Step& step : script.steps) {
    if (!text.empty()) text += "\n";
    for (const std::string& comment : step.comments) {
      absl::StrAppend(&text, comment, "\n");
    }
    for (const Step::Line& command : step.commands) {
      absl::StrAppend(&text, command.text, "\n");
    }
    absl::StrAppend(&text, kDivider, "\n");
    for (const std::string& line : step.expected) {
      absl::StrAppend(&text, line, "\n");
    }
  }
  return text;
}

}  // namespace quorate::scenarios
