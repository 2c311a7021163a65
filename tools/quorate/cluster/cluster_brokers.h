// The brokers of a local cluster: from nothing, or stopped, to brokers that are
// registered and know their controller.

#ifndef QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_BROKERS_H_
#define QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_BROKERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "broker/image/cluster_image.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/cluster/local_cluster.h"
#include "tools/quorate/cluster/process.h"
#include "tools/quorate/context.h"

namespace quorate::tools {

struct BrokerUpOptions {
  std::optional<int64_t> brokers;  // how many there shall be; as many as are
  std::string brokerd;             // empty: found by itself
  std::vector<std::string> flags;  // of a cluster without brokers yet
};

// Before anything is done: the program, empty if there will be no brokers.
// Usage: the options do not fit to the brokers that there are. Local: there is
// no program.
absl::StatusOr<std::string> CheckBrokerOptions(const Context& context,
                                               const ClusterFile& cluster,
                                               const BrokerUpOptions& options);

// Whether BringBrokersUp() would have anything to do.
bool BrokersAreMissing(const ClusterFile& cluster,
                       const BrokerUpOptions& options);

// The members serve. Makes the brokers that are missing, starts those that do
// not run, and waits for them. Those that it has started are stopped again if
// one of them ends. Local, Timeout: as AwaitMembers().
absl::Status BringBrokersUp(Context& context, LocalCluster& cluster,
                            const std::string& brokerd,
                            const BrokerUpOptions& options,
                            absl::Time deadline);

// Starts one that does not run, and waits for it. Local, Timeout.
absl::Status StartBrokerAndWait(Context& context, LocalCluster& cluster,
                                int32_t id);

// What processes and brokers say, in the order of the file.
struct SeenBroker {
  ProcessState state = ProcessState::kGone;
  // Of a broker that runs: the image that it has, or why it does not answer.
  absl::StatusOr<broker::ClusterImage> image =
      absl::UnavailableError("stopped");
  bool unsafe = false;  // it runs without its pin
};
std::vector<SeenBroker> LookAtBrokers(const ClusterFile& cluster);

// The controller, as the newest image of all says, if it runs. Timeout: none is
// known.
absl::StatusOr<int32_t> FindController(const ClusterFile& cluster);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_BROKERS_H_
