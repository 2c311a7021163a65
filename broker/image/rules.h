// Rules of the image: what holds for every topic and partition, wherever it
// comes from.
//
// Errors: BadRequest, saying what was expected and what was found.

#ifndef QUORATE_BROKER_IMAGE_RULES_H_
#define QUORATE_BROKER_IMAGE_RULES_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {

// Most partitions of one topic, and of all topics of a cluster together.
inline constexpr int32_t kMaxPartitionsOfTopic = 1'000;
inline constexpr size_t kMaxPartitions = 10'000;
inline constexpr size_t kMaxTopicNameBytes = 200;
inline constexpr int32_t kMaxReplicationFactor = 32;
// Of one log segment.
inline constexpr int64_t kMinSegmentBytes = 64 << 10;
inline constexpr int64_t kMaxSegmentBytes = 1 << 30;
// Of the limit of one batch; the upper one is record_batch.h's kMaxBatchBytes.
inline constexpr int32_t kMinBatchLimitBytes = 1 << 10;
inline constexpr int32_t kMaxBatchLimitBytes = 8 << 20;

absl::Status CheckTopicName(absl::string_view name);
// Of a topic that exists: without zeros that stand for a default.
absl::Status CheckConfig(const TopicConfig& config);
absl::Status CheckPartition(const PartitionState& state);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_IMAGE_RULES_H_
