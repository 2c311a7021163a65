// What is done with the members and brokers of a local cluster once they are
// up. The directory is the context's.

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

// `word`: as FindNode().
absl::Status RunKill(Context& context, const std::string& word);
absl::Status RunPause(Context& context, const std::string& word);
absl::Status RunResume(Context& context, const std::string& word);
absl::Status RunRestart(Context& context, const std::string& word);

absl::Status RunAdd(Context& context);

// A member or a broker.
struct ClusterNode {
  bool is_broker = false;
  uint64_t id = 0;
};
// What `word` means: "2" a member, which may be retired, "broker-2" a broker,
// "leader", "controller". Usage: there is none. Timeout: nobody leads, or is
// controller.
absl::StatusOr<ClusterNode> FindNode(const ClusterFile& cluster,
                                     const std::string& word);
// "member 2", "broker-2".
std::string NameOf(const ClusterNode& node);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_COMMANDS_H_
