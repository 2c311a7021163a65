// ClusterReader: what stands in the znodes, as a new controller reads it.

#ifndef QUORATE_BROKER_CONTROLLER_CLUSTER_READER_H_
#define QUORATE_BROKER_CONTROLLER_CLUSTER_READER_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "broker/controller/planner.h"
#include "broker/image/cluster_image.h"
#include "coord/client/session.h"

namespace quorate::broker {

// Both block. Errors: of the session; NoNode as the session tells it, if
// something was deleted meanwhile; DataLoss: a znode is not as it was written.
// None of it is to be used then: a topic that is left out would be deleted.

// All topics, with what the planner needs.
absl::StatusOr<Cluster> ReadTopics(client::Session& session);

struct RegisteredBrokers {
  std::map<BrokerId, BrokerInfo> brokers = {};
  // Children of /broker/ids that are no registrations, and why: nobody's
  // mistake there may keep a cluster without a controller.
  std::vector<std::string> ignored = {};
};

// The brokers that are registered. One that goes meanwhile is left out.
absl::StatusOr<RegisteredBrokers> ReadBrokers(client::Session& session);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CONTROLLER_CLUSTER_READER_H_
