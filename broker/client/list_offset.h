// ListOffset: asks a partition's leader where a place in its log is.

#ifndef QUORATE_BROKER_CLIENT_LIST_OFFSET_H_
#define QUORATE_BROKER_CLIENT_LIST_OFFSET_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "broker/client/offset_at.h"
#include "broker/client/topic_partition.h"

namespace quorate::broker {

class Cluster;

// Repeats what is worth it until `deadline_ms`, a MonotonicMs() time.
// `timestamp_ms` since 1970, for kTimestamp alone. NoTopic, BadRequest.
absl::StatusOr<int64_t> ListOffset(Cluster& cluster,
                                   const TopicPartition& partition, OffsetAt at,
                                   int64_t timestamp_ms, int64_t deadline_ms);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_LIST_OFFSET_H_
