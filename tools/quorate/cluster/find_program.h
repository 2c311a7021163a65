// Where the programs are that a local cluster runs.

#ifndef QUORATE_TOOLS_QUORATE_CLUSTER_FIND_PROGRAM_H_
#define QUORATE_TOOLS_QUORATE_CLUSTER_FIND_PROGRAM_H_

#include <string>

#include "absl/status/statusor.h"
#include "tools/quorate/context.h"

namespace quorate::tools {

// The program `name`: `given` by the option `option`, what the environment's
// `variable` says, beside the program `quorate` as it was called or as it is,
// or `recorded`, the first that there is. Without symbolic links. Local: there
// is none, or it cannot be run.
absl::StatusOr<std::string> FindProgram(const Context& context,
                                        const std::string& name,
                                        const std::string& option,
                                        const std::string& variable,
                                        const std::string& given,
                                        const std::string& recorded);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CLUSTER_FIND_PROGRAM_H_
