// The broker cluster's image, as brokers and clients get it from the wire.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/image/image_codec.h"
#include "broker/image/rules.h"
#include "coord/base/check.h"
#include "proto/broker/v1/types.pb.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using broker::ClusterImage;
using broker::PartitionState;

std::string Encode(const ClusterImage& image) {
  std::string bytes;
  QUORATE_CHECK(broker::ToProto(image).SerializeToString(&bytes));
  return bytes;
}

void CheckImage(const ClusterImage& image) {
  QUORATE_CHECK(image.version > 0 && image.controller.controller_epoch > 0);
  size_t partitions = 0;
  for (const auto& [name, topic] : image.topics) {
    QUORATE_CHECK(broker::CheckTopicName(name).ok());
    QUORATE_CHECK(broker::CheckConfig(topic.config).ok());
    for (const PartitionState& partition : topic.partitions) {
      QUORATE_CHECK(broker::CheckPartition(partition).ok());
    }
    partitions += topic.partitions.size();
  }
  QUORATE_CHECK(partitions <= broker::kMaxPartitions);
  for (const auto& [id, info] : image.brokers) {
    QUORATE_CHECK(id > 0 && id == info.id && !info.address.empty());
  }
}

ClusterImage Example(int topics) {
  ClusterImage image;
  image.controller = {.token = {.ensemble_id = "0123456789abcdef", .czxid = 9},
                      .controller_epoch = 3,
                      .broker_id = 1};
  image.version = 7;
  for (int32_t id = 1; id <= 3; ++id) {
    image.brokers[id] = {id, "10.0.0.1:9000", 40};
  }
  for (int i = 0; i < topics; ++i) {
    broker::TopicState& topic = image.topics["topic-" + std::to_string(i)];
    topic.topic_id = 100;
    topic.config = {.replication_factor = 3,
                    .min_insync_replicas = 2,
                    .retention_bytes = 0,
                    .retention_ms = 1000,
                    .segment_bytes = broker::kMinSegmentBytes,
                    .max_batch_bytes = broker::kMinBatchLimitBytes};
    topic.partitions = {{.replicas = {1, 2, 3},
                         .leader = 2,
                         .leader_epoch = 5,
                         .isr = {2, 3},
                         .version = 4},
                        {.replicas = {3}, .isr = {3}}};
  }
  return image;
}

}  // namespace

std::vector<std::string> Seeds() {
  return {Encode(Example(0)), Encode(Example(1)), Encode(Example(4))};
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  broker::v1::ClusterImage proto;
  if (!proto.ParseFromArray(data, static_cast<int>(size))) return 0;
  const absl::StatusOr<broker::ClusterImage> image = broker::FromProto(proto);
  if (!image.ok()) {
    QUORATE_CHECK(broker::Is(image.status(), broker::ErrorKind::kBadRequest));
    return 0;
  }
  fuzz::CheckImage(*image);
  const std::string bytes = fuzz::Encode(*image);
  broker::v1::ClusterImage again;
  QUORATE_CHECK(again.ParseFromString(bytes));
  const absl::StatusOr<broker::ClusterImage> same = broker::FromProto(again);
  QUORATE_CHECK(same.ok() && *same == *image);
  return 0;
}
