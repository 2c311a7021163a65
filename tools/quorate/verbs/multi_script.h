// The grammar of `multi`: one op a line, in the words of shell/words.h.
//
//   create PATH [DATA] [--ephemeral] [--sequential] [--container] [--ttl TIME]
//                      [--acl ACL]
//   set PATH DATA [--version N]
//   delete PATH [--version N]
//   check PATH [--version N]
//
// Empty lines and comments (#) are skipped.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_MULTI_SCRIPT_H_
#define QUORATE_TOOLS_QUORATE_VERBS_MULTI_SCRIPT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/client/types.h"

namespace quorate::tools {

// Usage, with the number of the line: it is none of the above; or there is no
// op, or more than 4096.
absl::StatusOr<std::vector<client::MultiOp>> ParseMulti(absl::string_view text);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_MULTI_SCRIPT_H_
