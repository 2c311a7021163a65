// The planner: what a controller decides, as functions of what it knows. No
// I/O, time or chance.
//
// A broker is live while it is registered. Rules:
// - A broker that is gone leaves the ISR, unless nobody would be left: then the
//   ISR stays as it is, as each of it has everything that was acknowledged.
// - A leader stays while it is live and in sync and does not resign; else the
//   first live in-sync replica in the order of `replicas` leads, those that do
//   not resign first; else nobody (there is no unclean election).
// - Each change of leader or ISR has a leader epoch of its own. So has each
//   life of a leader: one that registered again since its partition was written
//   may have lost what was not yet durable, and must not number it again.

#ifndef QUORATE_BROKER_CONTROLLER_PLANNER_H_
#define QUORATE_BROKER_CONTROLLER_PLANNER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {

// What it looks at.
struct Cluster {
  ClusterImage image = {};  // of it: brokers and topics
  std::set<BrokerId> resigning = {};
  // Of each partition of each topic: mzxid of its znode.
  std::map<std::string, std::vector<uint64_t>> written = {};
};

struct PartitionChange {
  std::string topic = {};
  int32_t partition = 0;
  // As it is to be; `version` is still that which it is to replace.
  PartitionState state = {};

  bool operator==(const PartitionChange&) const = default;
};

// Everything that is to be changed now, brokers having come, gone or resigned.
// Empty: nothing. Applied, it leaves nothing to be changed.
std::vector<PartitionChange> PlanLeaders(const Cluster& cluster);

// Gives partitions back to their preferred leaders where those are live, in
// sync and do not resign. REQUIRES: PlanLeaders() is empty.
std::vector<PartitionChange> PlanPreferred(const Cluster& cluster);

// Partitions that `broker` leads and another could, now.
int32_t CountRemaining(const Cluster& cluster, BrokerId broker);

// Where the replicas of a new topic go: evenly, in the mean of all topics, as
// to replicas, leaders and the next in line; brokers that resign last.
// NotEnoughBrokers.
absl::StatusOr<std::vector<PartitionState>> PlaceReplicas(
    const Cluster& cluster, int32_t partitions, int32_t replication_factor);

// Zeros in `config` replaced by the defaults for so many brokers, at least 1.
TopicConfig WithDefaults(TopicConfig config, size_t brokers);

// A leader asks for another ISR.
struct IsrRequest {
  BrokerId broker = kNoBroker;
  uint64_t broker_epoch = 0;
  std::string topic = {};
  uint64_t topic_id = 0;
  int32_t partition = 0;
  int32_t leader_epoch = 0;
  int32_t version = 0;
  std::vector<BrokerId> isr = {};
  // One for each of `isr`: the life of it that has caught up.
  std::vector<uint64_t> isr_broker_epochs = {};
};
// The state to be written; nothing: it is so already (also if this request was
// carried out before). StaleBroker: the leader, or one that is to enter the
// ISR, is not registered, or by another life. NoTopic, StaleVersion,
// BadRequest.
absl::StatusOr<std::optional<PartitionState>> DecideIsr(
    const Cluster& cluster, const IsrRequest& request);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CONTROLLER_PLANNER_H_
