// ClusterImage: what one controller knows of the broker cluster. Plain values;
// the controller makes it, brokers and clients act on it.

#ifndef QUORATE_BROKER_IMAGE_CLUSTER_IMAGE_H_
#define QUORATE_BROKER_IMAGE_CLUSTER_IMAGE_H_

#include <algorithm>
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "coord/client/fencing_token.h"

namespace quorate::broker {

using BrokerId = int32_t;
inline constexpr BrokerId kNoBroker = -1;

// The proof of being controller (rule 22). Ordered by epoch within one
// ensemble; the token's czxid belongs to the znode /controller.
struct ControllerToken {
  client::FencingToken token = {};
  int64_t controller_epoch = 0;  // 0: none
  BrokerId broker_id = kNoBroker;

  bool operator==(const ControllerToken&) const = default;
};

struct BrokerInfo {
  BrokerId id = kNoBroker;
  std::string address = {};   // "host:port"
  uint64_t broker_epoch = 0;  // czxid of its registration

  bool operator==(const BrokerInfo&) const = default;
};

// As proto/broker/v1/types.proto has it.
struct TopicConfig {
  int32_t replication_factor = 0;
  int32_t min_insync_replicas = 0;
  int64_t retention_bytes = 0;
  int64_t retention_ms = 0;
  int64_t segment_bytes = 0;
  int32_t max_batch_bytes = 0;

  bool operator==(const TopicConfig&) const = default;
};

struct PartitionState {
  std::vector<BrokerId> replicas = {};  // the first is the preferred leader
  BrokerId leader = kNoBroker;
  int32_t leader_epoch = 0;        // grows with every change of leader or ISR
  std::vector<BrokerId> isr = {};  // in the order of `replicas`; never empty
  int32_t version = 0;             // of its znode

  bool IsReplica(BrokerId id) const {
    return std::find(replicas.begin(), replicas.end(), id) != replicas.end();
  }
  bool IsInSync(BrokerId id) const {
    return std::find(isr.begin(), isr.end(), id) != isr.end();
  }
  bool operator==(const PartitionState&) const = default;
};

struct TopicState {
  uint64_t topic_id = 0;  // czxid of its znode
  TopicConfig config = {};
  std::vector<PartitionState> partitions = {};  // by partition

  bool operator==(const TopicState&) const = default;
};

struct ClusterImage {
  ControllerToken controller = {};
  uint64_t version = 0;  // grows within one controller epoch, from 1
  std::map<BrokerId, BrokerInfo> brokers = {};
  std::map<std::string, TopicState> topics = {};

  // nullptr: there is none.
  const PartitionState* Find(const std::string& topic,
                             int32_t partition) const {
    const auto it = topics.find(topic);
    if (it == topics.end() || partition < 0 ||
        static_cast<size_t>(partition) >= it->second.partitions.size()) {
      return nullptr;
    }
    return &it->second.partitions[static_cast<size_t>(partition)];
  }
  bool operator==(const ClusterImage&) const = default;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_IMAGE_CLUSTER_IMAGE_H_
