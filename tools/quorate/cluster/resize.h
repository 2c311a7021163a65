// cluster grow, shrink and replace: a local cluster with more, fewer or other
// members, processes and membership together.
//
// Each is safe to be cut short anywhere and finished by the same command again.
// What was done is read from three places, and nothing else is kept: the
// ensemble says who votes and who was removed, cluster.json which members were
// ever made, the system which of them run. So a member that was made but does
// not vote yet is used before another one is made, and one that was removed but
// still runs is stopped.

#ifndef QUORATE_TOOLS_QUORATE_CLUSTER_RESIZE_H_
#define QUORATE_TOOLS_QUORATE_CLUSTER_RESIZE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "tools/quorate/context.h"
#include "tools/quorate/provision/provisioner.h"

namespace quorate::tools {

// Until there are `voters`. Usage: there are more (fewer) already. Otherwise as
// Provision(), and Local for a process that cannot be started or stopped.
absl::Status RunGrow(Context& context, int64_t voters,
                     const ProvisionOptions& options);
absl::Status RunShrink(Context& context, int64_t voters,
                       const ProvisionOptions& options);

// One that does not vote yet, or a new one, takes the place of `id`. OK if that
// was removed before.
absl::Status RunReplace(Context& context, int64_t id,
                        const ProvisionOptions& options);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CLUSTER_RESIZE_H_
