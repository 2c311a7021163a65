// Requests to the data plane and its answers; plain values. What the fields
// mean and the errors are those of proto/broker/v1/broker.proto.

#ifndef QUORATE_BROKER_DATA_REQUESTS_H_
#define QUORATE_BROKER_DATA_REQUESTS_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {

struct PartitionId {
  std::string topic = {};
  int32_t partition = 0;

  auto operator<=>(const PartitionId&) const = default;
};

struct PartitionQuery {
  PartitionId of = {};
  int64_t offset = 0;
  int32_t leader_epoch = -1;        // -1: does not care; followers must
  int32_t last_fetched_epoch = -1;  // -1: none
};

struct FetchQuery {
  BrokerId replica_id = kNoBroker;  // kNoBroker: a consumer
  uint64_t broker_epoch = 0;
  int64_t max_wait_ms = 0;
  int64_t max_bytes = 0;  // 0: 1 MiB
  std::vector<PartitionQuery> partitions = {};
};

// Where the log of a follower has another history than its leader's.
struct Divergence {
  int32_t epoch = 0;       // the largest at or below the follower's; -1: none
  int64_t end_offset = 0;  // where that epoch ends in the leader's log

  bool operator==(const Divergence&) const = default;
};

struct PartitionReply {
  PartitionId of = {};
  absl::Status status = {};
  int32_t leader_epoch = -1;
  int64_t high_watermark = 0;
  int64_t log_start_offset = 0;
  std::string batches = {};  // whole ones
  std::optional<Divergence> divergence = {};
};

struct FetchReply {
  std::vector<PartitionReply> results = {};  // in the order of the request
};

enum class Acks { kAll, kLeader };

struct ProduceBatch {
  PartitionId of = {};
  std::string batch = {};  // encoded
};

struct ProduceQuery {
  Acks acks = Acks::kAll;
  int64_t timeout_ms = 0;  // 0: 30 seconds
  std::vector<ProduceBatch> batches = {};
};

struct BatchReply {
  PartitionId of = {};
  absl::Status status = {};
  int64_t base_offset = -1;
  bool is_duplicate = false;
};

struct ProduceReply {
  std::vector<BatchReply> results = {};  // in the order of the request
};

enum class OffsetKind { kEarliest, kLatest, kTimestamp };

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DATA_REQUESTS_H_
