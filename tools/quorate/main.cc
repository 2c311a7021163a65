// quorate: the command line tool of an ensemble. See README.md.

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/exit_code.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/shell/shell.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

constexpr char kDescription[] =
    "The command line tool of Quorate, a coordination service.\n"
    "Without a verb: a shell, or the commands of standard input, one a line.\n"
    "\n"
    "Exit codes: 0 done; 1 the ensemble answered with an error, such as\n"
    "NoNode; 2 usage; 3 could not reach a member, or none served in time;\n"
    "4 refused by a membership rule or by the pin; 5 a file, process or port\n"
    "of this machine failed; 6 a drill has not shown what it claims.\n"
    "`quorate VERB --help` shows examples.";

bool UsesColours(int fd) {
  return isatty(fd) != 0 && std::getenv("NO_COLOR") == nullptr;
}

bool WantsJson(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--json") return true;
  }
  return false;
}

// The verb that was given, or the shell.
absl::Status Run(Console& console, const std::vector<std::string>& arguments,
                 const std::string& program) {
  Context context(console, /*shell=*/false);
  context.options().program = program;
  CommandLine line("quorate", kDescription);
  AddGlobalOptions(line, context);
  AddAllVerbs(line, context);
  const absl::StatusOr<Action> action = line.Parse(arguments);
  if (!action.ok()) return action.status();
  console.json = context.options().json;
  if (!line.help().empty()) {
    console.out << line.help();
    return absl::OkStatus();
  }
  if (*action) {
    absl::Status status = (*action)();
    const absl::Status finished = context.Finish();
    return status.ok() ? finished : status;
  }
  Context shell(console, /*shell=*/true);
  shell.options() = context.options();
  absl::Status status =
      isatty(STDIN_FILENO) ? RunInteractive(shell) : RunScript(shell, std::cin);
  const absl::Status finished = shell.Finish();
  return status.ok() ? finished : status;
}

int Main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  Console console{.out = std::cout,
                  .err = std::cerr,
                  .json = WantsJson(arguments),
                  .out_is_terminal = UsesColours(STDOUT_FILENO),
                  .err_is_terminal = isatty(STDERR_FILENO) != 0};
  absl::Status status = Run(console, arguments, argc > 0 ? argv[0] : "");
  std::cout.flush();
  if (status.ok() && !std::cout) {
    status = SystemError("cannot write to standard output", errno);
  }
  PrintFailure(console, status);
  return static_cast<int>(ExitCodeOf(status));
}

}  // namespace
}  // namespace quorate::tools

int main(int argc, char** argv) { return quorate::tools::Main(argc, argv); }
