// Command line of the simulation programs: absl flags, strictly read.

#ifndef QUORATE_TESTS_SIMULATION_COMMAND_LINE_H_
#define QUORATE_TESTS_SIMULATION_COMMAND_LINE_H_

#include <string>

#include "absl/status/status.h"

namespace quorate::simulation {

// Sets the flags that `argv` names, as "--name=value" or, for flags that can be
// "true", "--name"; "-" may stand for "_". InvalidArgument: an unknown flag, a
// bad value, or a word that is no flag.
absl::Status SetFlags(int argc, char** argv);

// The flags that `file` defines, with their help and present values.
std::string DescribeFlags(const std::string& file);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_COMMAND_LINE_H_
