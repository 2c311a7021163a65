#include "broker/image/image_codec.h"

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/image/rules.h"
#include "gtest/gtest.h"
#include "proto/broker/v1/types.pb.h"

namespace quorate::broker {
namespace {

TopicConfig Config() { return {2, 1, 0, 1'000, 1 << 20, 1 << 16}; }

ClusterImage Image() {
  ClusterImage image;
  image.controller = {.token = {std::string(16, 'e'), 7},
                      .controller_epoch = 3,
                      .broker_id = 2};
  image.version = 9;
  image.brokers = {{1, {1, "a:1", 5}}, {2, {2, "b:2", 6}}};
  image.topics["t"] = {.topic_id = 8,
                       .config = Config(),
                       .partitions = {{{1, 2}, 1, 4, {1, 2}, 3},
                                      {{2, 1}, kNoBroker, 0, {1}, 0}}};
  return image;
}

TEST(ImageCodec, ComesBack) {
  const absl::StatusOr<ClusterImage> back = FromProto(ToProto(Image()));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, Image());
}

// Each of these makes a good image bad.
TEST(ImageCodec, RefusesWhatIsWrong) {
  using Change = std::function<void(v1::ClusterImage&)>;
  const auto topic = [](v1::ClusterImage& i) { return i.mutable_topics(0); };
  const auto part = [&](v1::ClusterImage& i) {
    return topic(i)->mutable_partitions(0);
  };
  const Change changes[] = {
      [](auto& i) { i.clear_controller(); },
      [](auto& i) { i.mutable_controller()->set_ensemble_id("short"); },
      [](auto& i) { i.mutable_controller()->set_controller_epoch(0); },
      [](auto& i) { i.mutable_controller()->set_czxid(0); },
      [](auto& i) { i.mutable_controller()->set_broker_id(-1); },
      [](auto& i) { i.set_version(0); },
      [](auto& i) { i.mutable_brokers(0)->set_id(0); },
      [](auto& i) { i.mutable_brokers(0)->set_id(2); },
      [](auto& i) { i.mutable_brokers(0)->clear_address(); },
      [](auto& i) { i.mutable_brokers(0)->clear_broker_epoch(); },
      [](auto& i) { *i.add_topics() = i.topics(0); },
      [&](auto& i) { topic(i)->set_name("a/b"); },
      [&](auto& i) { topic(i)->set_name(".."); },
      [&](auto& i) { topic(i)->set_name(std::string(201, 'x')); },
      [&](auto& i) { topic(i)->set_topic_id(0); },
      [&](auto& i) { topic(i)->clear_config(); },
      [&](auto& i) { topic(i)->mutable_config()->set_segment_bytes(1); },
      [&](auto& i) { topic(i)->mutable_config()->set_retention_ms(-1); },
      [&](auto& i) { topic(i)->mutable_config()->set_min_insync_replicas(3); },
      [&](auto& i) { topic(i)->clear_partitions(); },
      [&](auto& i) { part(i)->set_partition(1); },
      [&](auto& i) { part(i)->clear_replicas(); },
      [&](auto& i) { part(i)->add_replicas(1); },
      [&](auto& i) { part(i)->set_replicas(0, -4); },
      [&](auto& i) { part(i)->clear_isr(); },
      [&](auto& i) { part(i)->add_isr(3); },
      [&](auto& i) { part(i)->add_isr(2); },
      [&](auto& i) { part(i)->mutable_isr()->SwapElements(0, 1); },
      [&](auto& i) { part(i)->set_leader(3); },
      [&](auto& i) { part(i)->set_leader(-2); },
      [&](auto& i) { part(i)->set_leader_epoch(-1); },
      [&](auto& i) { part(i)->set_version(-1); },
  };
  int number = 0;
  for (const Change& change : changes) {
    v1::ClusterImage proto = ToProto(Image());
    change(proto);
    const absl::StatusOr<ClusterImage> parsed = FromProto(proto);
    EXPECT_TRUE(Is(parsed.status(), ErrorKind::kBadRequest))
        << "change " << number << ": " << parsed.status();
    ++number;
  }
}

TEST(Rules, NamesOfTopics) {
  for (const char* good : {"a", "A-1_b.c", "...", "0"}) {
    EXPECT_TRUE(CheckTopicName(good).ok()) << good;
  }
  for (const char* bad : {"", ".", "..", "a b", "a/b", "\xc3\xa4", "a\n"}) {
    EXPECT_TRUE(Is(CheckTopicName(bad), ErrorKind::kBadRequest)) << bad;
  }
}

}  // namespace
}  // namespace quorate::broker
