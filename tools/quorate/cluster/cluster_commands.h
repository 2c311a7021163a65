// What is done with the members of a local cluster once they are up. The
// directory is the context's.

#ifndef QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_COMMANDS_H_
#define QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_COMMANDS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/context.h"

namespace quorate::tools {

absl::Status RunClusterStatus(Context& context);
absl::Status RunDown(Context& context);

// `member`: an id, or "leader".
absl::Status RunKill(Context& context, const std::string& member);
absl::Status RunPause(Context& context, const std::string& member);
absl::Status RunResume(Context& context, const std::string& member);
absl::Status RunRestart(Context& context, const std::string& member);

absl::Status RunAdd(Context& context);

// The id that `word` means; it may be retired. Usage: it is no id of a member.
// Timeout: no member leads.
absl::StatusOr<uint64_t> FindMemberId(const ClusterFile& cluster,
                                      const std::string& word);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_COMMANDS_H_
