// ExitCode: what the program `quorate` tells its caller. Also in README.md and
// in the help; none is ever given another meaning.

#ifndef QUORATE_TOOLS_QUORATE_EXIT_CODE_H_
#define QUORATE_TOOLS_QUORATE_EXIT_CODE_H_

namespace quorate::tools {

enum class ExitCode : int {
  kOk = 0,
  kAnswered = 1,     // the ensemble answered with an error, such as NoNode
  kUsage = 2,        // the command makes no sense as it was typed
  kUnreachable = 3,  // nobody served in time; a write may still be applied
  kRefused = 4,      // by a membership rule, or by the pin (rule 22)
  kLocal = 5,        // a file, process or port of this machine
  kNotObserved = 6,  // a drill has not shown what it claims
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_EXIT_CODE_H_
