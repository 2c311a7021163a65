// Partitioner: to which partition a message belongs.
//
// With a key: XXH3 (64 bits, no seed) of its bytes, modulo the number of
// partitions. This stays as it is: other programs may rely on it. Pure.

#ifndef QUORATE_BROKER_CLIENT_PARTITIONER_H_
#define QUORATE_BROKER_CLIENT_PARTITIONER_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {

// REQUIRES: partitions above 0.
int32_t PartitionOfKey(absl::string_view key, int32_t partitions);

// For messages without a key, which fill one batch after the other: the next
// one after `last` that has a leader, or simply the next one if none has.
// REQUIRES: a topic with partitions; `last` from -1.
int32_t NextPartition(const TopicState& topic, int32_t last);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_PARTITIONER_H_
