// Commands: the words that a scenario is written in. One file a group;
// README.md lists them all.

#ifndef QUORATE_TESTS_SCENARIOS_COMMANDS_H_
#define QUORATE_TESTS_SCENARIOS_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tests/scenarios/arguments.h"
#include "tests/scenarios/stage.h"

namespace quorate::scenarios {

struct Command {
  absl::string_view name;
  absl::string_view usage;  // its arguments; optional ones in brackets
  // Appends whole lines to `out`. An error fails the scenario: the command was
  // not understood, or an expectation does not hold. What the system refuses is
  // output, not an error.
  absl::Status (*run)(Stage& stage, Arguments& arguments, std::string& out);
};

absl::Span<const Command> MemberCommands();
absl::Span<const Command> DiskCommands();
absl::Span<const Command> NetworkCommands();
absl::Span<const Command> ForgeCommands();
absl::Span<const Command> RequestCommands();
absl::Span<const Command> ChangeCommands();
absl::Span<const Command> TimeCommands();
absl::Span<const Command> ViewCommands();
absl::Span<const Command> ExpectCommands();
absl::Span<const Command> ClientCommands();

std::vector<Command> AllCommands();

}  // namespace quorate::scenarios

#endif  // QUORATE_TESTS_SCENARIOS_COMMANDS_H_
