#include "broker/image/image_codec.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/image/rules.h"
#include "proto/broker/v1/types.pb.h"

namespace quorate::broker {
namespace {

constexpr size_t kEnsembleIdBytes = 16;

absl::Status Bad(absl::string_view what) {
  return BrokerError(ErrorKind::kBadRequest, what);
}

absl::Status Within(absl::string_view where, const absl::Status& status) {
  return Bad(absl::StrCat(where, ": ", status.message()));
}

absl::StatusOr<BrokerInfo> FromProto(const v1::BrokerImage& broker) {
  if (broker.id() <= 0 || broker.address().empty() ||
      broker.broker_epoch() == 0) {
    return Bad(absl::StrCat(
        "broker ", broker.id(),
        ": expected an id above 0, an address and a broker epoch; found '",
        broker.address().substr(0, 100), "' and ", broker.broker_epoch()));
  }
  return BrokerInfo{broker.id(), broker.address(), broker.broker_epoch()};
}

}  // namespace

v1::ControllerToken ToProto(const ControllerToken& token) {
  v1::ControllerToken proto;
  proto.set_ensemble_id(token.token.ensemble_id);
  proto.set_controller_epoch(token.controller_epoch);
  proto.set_czxid(token.token.czxid);
  proto.set_broker_id(token.broker_id);
  return proto;
}

v1::TopicConfig ToProto(const TopicConfig& config) {
  v1::TopicConfig proto;
  proto.set_replication_factor(config.replication_factor);
  proto.set_min_insync_replicas(config.min_insync_replicas);
  proto.set_retention_bytes(config.retention_bytes);
  proto.set_retention_ms(config.retention_ms);
  proto.set_segment_bytes(config.segment_bytes);
  proto.set_max_batch_bytes(config.max_batch_bytes);
  return proto;
}

v1::PartitionImage ToProto(int32_t partition, const PartitionState& state) {
  v1::PartitionImage proto;
  proto.set_partition(partition);
  proto.mutable_replicas()->Add(state.replicas.begin(), state.replicas.end());
  proto.set_leader(state.leader);
  proto.set_leader_epoch(state.leader_epoch);
  proto.mutable_isr()->Add(state.isr.begin(), state.isr.end());
  proto.set_version(state.version);
  return proto;
}

v1::TopicImage ToProto(const std::string& name, const TopicState& topic) {
  v1::TopicImage proto;
  proto.set_name(name);
  proto.set_topic_id(topic.topic_id);
  *proto.mutable_config() = ToProto(topic.config);
  for (size_t i = 0; i < topic.partitions.size(); ++i) {
    *proto.add_partitions() =
        ToProto(static_cast<int32_t>(i), topic.partitions[i]);
  }
  return proto;
}

v1::ClusterImage ToProto(const ClusterImage& image) {
  v1::ClusterImage proto;
  *proto.mutable_controller() = ToProto(image.controller);
  proto.set_version(image.version);
  for (const auto& [id, broker] : image.brokers) {
    v1::BrokerImage& added = *proto.add_brokers();
    added.set_id(id);
    added.set_address(broker.address);
    added.set_broker_epoch(broker.broker_epoch);
  }
  for (const auto& [name, topic] : image.topics) {
    *proto.add_topics() = ToProto(name, topic);
  }
  return proto;
}

TopicConfig FromProto(const v1::TopicConfig& config) {
  return {config.replication_factor(), config.min_insync_replicas(),
          config.retention_bytes(),    config.retention_ms(),
          config.segment_bytes(),      config.max_batch_bytes()};
}

absl::StatusOr<ControllerToken> FromProto(const v1::ControllerToken& token) {
  if (token.ensemble_id().size() != kEnsembleIdBytes || token.czxid() == 0 ||
      token.controller_epoch() <= 0 || token.broker_id() <= 0) {
    return Bad(absl::StrCat(
        "controller: expected an ensemble id of 16 bytes, and epoch, czxid and "
        "broker id above 0; found ",
        token.ensemble_id().size(), " bytes, ", token.controller_epoch(), ", ",
        token.czxid(), " and ", token.broker_id()));
  }
  return ControllerToken{
      .token = {.ensemble_id = token.ensemble_id(), .czxid = token.czxid()},
      .controller_epoch = token.controller_epoch(),
      .broker_id = token.broker_id()};
}

absl::StatusOr<PartitionState> FromProto(const v1::PartitionImage& partition) {
  PartitionState state = {
      .replicas = {partition.replicas().begin(), partition.replicas().end()},
      .leader = partition.leader(),
      .leader_epoch = partition.leader_epoch(),
      .isr = {partition.isr().begin(), partition.isr().end()},
      .version = partition.version()};
  if (absl::Status s = CheckPartition(state); !s.ok()) return s;
  return state;
}

absl::StatusOr<TopicState> FromProto(const v1::TopicImage& topic) {
  const std::string where =
      absl::StrCat("topic '", topic.name().substr(0, 100), "'");
  if (absl::Status s = CheckTopicName(topic.name()); !s.ok()) return s;
  if (topic.topic_id() == 0) {
    return Bad(absl::StrCat(where, ": expected a topic id"));
  }
  TopicState state = {.topic_id = topic.topic_id(),
                      .config = FromProto(topic.config())};
  if (absl::Status s = CheckConfig(state.config); !s.ok()) {
    return Within(where, s);
  }
  if (topic.partitions().empty() ||
      topic.partitions_size() > kMaxPartitionsOfTopic) {
    return Bad(absl::StrCat(where, ": expected 1 to ", kMaxPartitionsOfTopic,
                            " partitions; found ", topic.partitions_size()));
  }
  for (const v1::PartitionImage& partition : topic.partitions()) {
    const std::string place =
        absl::StrCat(where, ", partition ", partition.partition());
    if (static_cast<size_t>(partition.partition()) != state.partitions.size()) {
      return Bad(absl::StrCat(place, ": expected partition ",
                              state.partitions.size(), " there"));
    }
    absl::StatusOr<PartitionState> parsed = FromProto(partition);
    if (!parsed.ok()) return Within(place, parsed.status());
    state.partitions.push_back(*std::move(parsed));
  }
  return state;
}

absl::StatusOr<ClusterImage> FromProto(const v1::ClusterImage& proto) {
  absl::StatusOr<ControllerToken> controller = FromProto(proto.controller());
  if (!controller.ok()) return controller.status();
  if (proto.version() == 0) return Bad("version: expected a number above 0");
  ClusterImage image = {.controller = *std::move(controller),
                        .version = proto.version()};
  for (const v1::BrokerImage& broker : proto.brokers()) {
    absl::StatusOr<BrokerInfo> parsed = FromProto(broker);
    if (!parsed.ok()) return parsed.status();
    if (!image.brokers.emplace(parsed->id, *parsed).second) {
      return Bad(absl::StrCat("broker ", parsed->id, " is there twice"));
    }
  }
  size_t partitions = 0;
  for (const v1::TopicImage& topic : proto.topics()) {
    absl::StatusOr<TopicState> parsed = FromProto(topic);
    if (!parsed.ok()) return parsed.status();
    partitions += parsed->partitions.size();
    if (!image.topics.emplace(topic.name(), *std::move(parsed)).second) {
      return Bad(absl::StrCat("topic '", topic.name(), "' is there twice"));
    }
  }
  if (partitions > kMaxPartitions) {
    return Bad(absl::StrCat("expected at most ", kMaxPartitions,
                            " partitions; found ", partitions));
  }
  return image;
}

}  // namespace quorate::broker
