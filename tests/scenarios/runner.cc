#include "tests/scenarios/runner.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "tests/scenarios/arguments.h"
#include "tests/scenarios/commands.h"
#include "tests/scenarios/script.h"
#include "tests/scenarios/stage.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/cluster.h"

namespace quorate::scenarios {
namespace {

constexpr absl::string_view kLastCommand = "heal-and-converge";

class Player {
 public:
  Player() : commands_(AllCommands()) {}

  // Appends what the command says and what happened meanwhile, as lines.
  absl::Status Play(const std::string& line, std::vector<std::string>& output) {
    std::vector<std::string> words =
        absl::StrSplit(line, ' ', absl::SkipEmpty());
    const std::string name = words.front();
    const auto command =
        std::find_if(commands_.begin(), commands_.end(),
                     [&](const Command& known) { return known.name == name; });
    if (command == commands_.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("there is no command ", name));
    }
    words.erase(words.begin());
    Arguments arguments(std::move(words), [this](absl::string_view member) {
      return stage_.Find(member);
    });
    std::string said;
    absl::Status status = command->run(stage_, arguments, said);
    if (absl::IsInvalidArgument(status)) {
      return absl::InvalidArgumentError(absl::StrCat(
          std::string(status.message()), "; usage: ", command->name,
          command->usage.empty() ? "" : " ", command->usage));
    }
    if (!status.ok()) {
      return absl::Status(status.code(),
                          stage_.Anonymous(std::string(status.message())));
    }
    for (const std::string& event : stage_.events().Take()) {
      output.push_back(stage_.Anonymous(event));
    }
    for (absl::string_view text : absl::StrSplit(said, '\n')) {
      if (!text.empty()) output.push_back(stage_.Anonymous(std::string(text)));
    }
    return CheckAll();
  }

 private:
  absl::Status CheckAll() {
    if (!stage_.IsSet()) return absl::OkStatus();
    const auto& violations = stage_.cluster().violations();
    if (violations.empty()) return absl::OkStatus();
    return absl::AbortedError(
        absl::StrCat("violation of \"", violations.front().check,
                     "\": ", stage_.Anonymous(violations.front().text)));
  }

  std::vector<Command> commands_;
  Stage stage_;
};

// Plays `script` and puts what happened into it. Stops at the first mistake, or
// with `compare` at the first difference to what is expected.
std::optional<ScenarioFailure> PlayScript(const std::string& name, bool compare,
                                          Script& script) {
  Player player;
  for (Step& step : script.steps) {
    std::vector<std::string> output;
    for (const Step::Line& command : step.commands) {
      const absl::Status status = player.Play(command.text, output);
      if (!status.ok()) {
        return ScenarioFailure{name, command.number,
                               std::string(status.message())};
      }
    }
    if (output.empty()) output.emplace_back("ok");
    if (compare && output != step.expected) {
      size_t at = 0;
      while (at < output.size() && at < step.expected.size() &&
             output[at] == step.expected[at]) {
        ++at;
      }
      return ScenarioFailure{
          name, step.expected_line + static_cast<int>(at),
          absl::StrCat("expected\n  ", absl::StrJoin(step.expected, "\n  "),
                       "\nbut found\n  ", absl::StrJoin(output, "\n  "))};
    }
    step.expected = output;
  }
  const Step::Line& last = script.steps.back().commands.back();
  if (last.text != kLastCommand) {
    return ScenarioFailure{
        name, last.number,
        absl::StrCat("the last command must be ", std::string(kLastCommand))};
  }
  return std::nullopt;
}

}  // namespace

std::string Describe(const ScenarioFailure& failure) {
  return absl::StrCat(failure.file, ":", failure.line, ": ", failure.why);
}

std::optional<ScenarioFailure> PlayScenario(const ScenarioFile& file) {
  absl::StatusOr<Script> script = ParseScript(file.text);
  if (!script.ok()) {
    return ScenarioFailure{file.name, 0,
                           std::string(script.status().message())};
  }
  return PlayScript(file.name, true, *script);
}

std::optional<ScenarioFailure> FirstFailure(
    absl::Span<const ScenarioFile> files) {
  for (const ScenarioFile& file : files) {
    std::optional<ScenarioFailure> failure = PlayScenario(file);
    if (failure.has_value()) return failure;
  }
  return std::nullopt;
}

absl::StatusOr<std::string> RewriteScenario(const ScenarioFile& file) {
  absl::StatusOr<Script> script = ParseScript(file.text);
  if (!script.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.name, ":", std::string(script.status().message())));
  }
  const std::optional<ScenarioFailure> failure =
      PlayScript(file.name, false, *script);
  if (failure.has_value()) return absl::AbortedError(Describe(*failure));
  return FormatScript(*script);
}

}  // namespace quorate::scenarios
