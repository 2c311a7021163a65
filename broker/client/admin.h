// Admin: creating, deleting and describing topics and groups.
//
// Each call finds whom to ask (most go to the controller), and repeats what is
// worth it until the deadline of the whole. Blocks; thread-safe. Errors carry
// the kinds of broker/error/broker_error.h; without a kind, nobody has
// answered: Unavailable, DeadlineExceeded.

#ifndef QUORATE_BROKER_CLIENT_ADMIN_H_
#define QUORATE_BROKER_CLIENT_ADMIN_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/client_options.h"
#include "broker/client/offset_at.h"
#include "broker/client/topic_partition.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {

class Cluster;

// What a broker says of the cluster.
struct MetadataView {
  std::string ensemble_id = {};    // 16 bytes
  BrokerId broker_id = kNoBroker;  // who has answered
  bool unsafe = false;             // it runs without its pin
  ClusterImage image = {};
};

struct GroupMemberView {
  std::string member_id = {};
  std::string client_id = {};
  std::vector<TopicPartition> partitions = {};
};
struct GroupView {
  std::string state = {};  // "empty", "rebalancing", "stable"
  int32_t generation = 0;
  std::vector<GroupMemberView> members = {};
  // Committed: the next one to be read. Only where something was committed.
  std::map<TopicPartition, int64_t> offsets = {};
};

class Admin {
 public:
  // InvalidArgument: options that are out of their range. Connects to nobody
  // yet. `timeout_ms`: of each call, all attempts together; above 0.
  static absl::StatusOr<std::unique_ptr<Admin>> Create(
      ClientOptions options, int64_t timeout_ms = 10'000);
  ~Admin();

  // A zero in `config` takes the default. If an answer was lost and the topic
  // is there with all that was asked for, this call has made it. TopicExists,
  // BadRequest, NotEnoughBrokers.
  absl::StatusOr<TopicState> CreateTopic(const std::string& name,
                                         int32_t partitions,
                                         const TopicConfig& config);
  // Likewise, if an answer was lost. NoTopic.
  absl::Status DeleteTopic(const std::string& name);
  // How many partitions have another leader now.
  absl::StatusOr<int32_t> ElectPreferred();

  // Of the broker that answers first, in turns; its image may be older than
  // what another one said.
  absl::StatusOr<MetadataView> Metadata();
  // Of this very broker, "host:port".
  absl::StatusOr<MetadataView> MetadataOf(const std::string& address);

  absl::StatusOr<std::vector<std::string>> ListGroups();  // sorted
  // NoGroup.
  absl::StatusOr<GroupView> DescribeGroup(const std::string& group);
  // By hand, which only a group without members allows. Offsets below those
  // committed change nothing unless `rewind`. GroupNotEmpty.
  absl::Status CommitOffsets(const std::string& group,
                             const std::map<TopicPartition, int64_t>& offsets,
                             bool rewind = false);
  // One without members, with its offsets. NoGroup, GroupNotEmpty; likewise if
  // an answer was lost.
  absl::Status DeleteGroup(const std::string& group);

  // `timestamp_ms` since 1970, for kTimestamp alone.
  absl::StatusOr<int64_t> ListOffset(const TopicPartition& partition,
                                     OffsetAt at, int64_t timestamp_ms = 0);

 private:
  Admin(std::shared_ptr<Cluster> cluster, int64_t timeout_ms);

  int64_t Deadline() const;

  const std::shared_ptr<Cluster> cluster_;
  const int64_t timeout_ms_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_ADMIN_H_
