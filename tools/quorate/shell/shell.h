// Shell: verbs typed one after the other, sharing one session.

#ifndef QUORATE_TOOLS_QUORATE_SHELL_SHELL_H_
#define QUORATE_TOOLS_QUORATE_SHELL_SHELL_H_

#include <istream>

#include "absl/status/status.h"
#include "tools/quorate/context.h"

namespace quorate::tools {

// Runs the lines of `input` until the end, `exit`, or the first error, which is
// printed with its line number and returned as AlreadyTold().
// REQUIRES: context.in_shell().
absl::Status RunScript(Context& context, std::istream& input);

// The same at a terminal: with history and completion; errors are printed, and
// it goes on. The history is in ~/.quorate_history, or QUORATE_HISTORY.
absl::Status RunInteractive(Context& context);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_SHELL_SHELL_H_
