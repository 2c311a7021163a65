// Waiting for members that have just been started.

#ifndef QUORATE_TOOLS_QUORATE_CLUSTER_AWAIT_SERVING_H_
#define QUORATE_TOOLS_QUORATE_CLUSTER_AWAIT_SERVING_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tools/quorate/cluster/local_cluster.h"
#include "tools/quorate/console.h"

namespace quorate::tools {

enum class WaitFor {
  kServing,   // each of them serves, and the ensemble answers a read
  kAnswers,   // each of them answers, whatever it is
  kAdmitted,  // each of them belongs to the ensemble
};

// Waits for the members `ids`. Local: one has ended by itself, described in
// `ended`; the message has its last words. Timeout: they were not ready by
// `deadline`.
absl::Status AwaitMembers(const Console& console, LocalCluster& cluster,
                          const std::vector<uint64_t>& ids, WaitFor what,
                          absl::Time deadline,
                          std::optional<EndedMember>* ended);

// Starts one that does not run, again if somebody else has its port for a
// moment, and waits for it. Local, Timeout: as above.
absl::Status StartMember(const Console& console, LocalCluster& cluster,
                         uint64_t id, WaitFor what);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CLUSTER_AWAIT_SERVING_H_
