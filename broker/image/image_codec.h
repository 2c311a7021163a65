// ClusterImage on the wire (proto/broker/v1/types.proto), and back.
//
// From the wire everything is checked: what comes out can be relied upon.

#ifndef QUORATE_BROKER_IMAGE_IMAGE_CODEC_H_
#define QUORATE_BROKER_IMAGE_IMAGE_CODEC_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "broker/image/cluster_image.h"
#include "proto/broker/v1/types.pb.h"

namespace quorate::broker {

v1::ControllerToken ToProto(const ControllerToken& token);
v1::TopicConfig ToProto(const TopicConfig& config);
v1::PartitionImage ToProto(int32_t partition, const PartitionState& state);
v1::TopicImage ToProto(const std::string& name, const TopicState& topic);
v1::ClusterImage ToProto(const ClusterImage& image);

// As it stands: zeros and nonsense included; rules.h judges it.
TopicConfig FromProto(const v1::TopicConfig& config);
// Errors: BadRequest, saying where, what was expected and what was found.
absl::StatusOr<ControllerToken> FromProto(const v1::ControllerToken& token);
absl::StatusOr<PartitionState> FromProto(const v1::PartitionImage& partition);
absl::StatusOr<TopicState> FromProto(const v1::TopicImage& topic);
absl::StatusOr<ClusterImage> FromProto(const v1::ClusterImage& image);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_IMAGE_IMAGE_CODEC_H_
