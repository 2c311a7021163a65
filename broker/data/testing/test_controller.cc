#include "broker/data/testing/test_controller.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "broker/data/data_plane.h"
#include "broker/data/outside.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "coord/base/check.h"

namespace quorate::broker {

TestController::TestController() {
  image_.controller.token = {kEnsemble, 1};
  image_.controller.controller_epoch = 1;
  image_.controller.broker_id = 1;
}

void TestController::Changed(PartitionState& state) {
  ++state.version;
  ++state.leader_epoch;
}

void TestController::PushLocked() {
  ++image_.version;
  const auto image = std::make_shared<const ClusterImage>(image_);
  for (const auto& [id, plane] : planes_) {
    if (hears_[id]) plane->ApplyImage(image).IgnoreError();
  }
  changed_.notify_all();
}

void TestController::SetBroker(BrokerId id, const std::string& address,
                               DataPlane* plane) {
  const std::scoped_lock lock(mutex_);
  if (plane != nullptr) {
    const uint64_t epoch = next_czxid_++;
    plane->SetBrokerEpoch(epoch);
    planes_[id] = plane;
    hears_[id] = true;
    image_.brokers[id] = {id, address, epoch};
  } else {
    planes_.erase(id);
    image_.brokers.erase(id);
  }
  for (auto& [name, topic] : image_.topics) {
    for (PartitionState& state : topic.partitions) {
      const bool was_leader = state.leader == id;
      if (plane == nullptr && state.isr.size() > 1) {
        std::erase(state.isr, id);
      }
      if (was_leader && plane == nullptr) {
        state.leader = state.isr.front() == id ? kNoBroker : state.isr.front();
      } else if (state.leader == kNoBroker && state.IsInSync(id)) {
        state.leader = id;
      }
      Changed(state);
    }
  }
  PushLocked();
}

void TestController::CreateTopic(const std::string& name, int32_t partitions,
                                 const TopicConfig& config) {
  const std::scoped_lock lock(mutex_);
  TopicState topic;
  topic.topic_id = next_czxid_++;
  topic.config = config;
  PartitionState state;
  for (BrokerId id = 1; id <= config.replication_factor; ++id) {
    state.replicas.push_back(id);
  }
  state.isr = state.replicas;
  state.leader = 1;
  state.leader_epoch = 1;
  topic.partitions.assign(static_cast<size_t>(partitions), state);
  image_.topics[name] = topic;
  PushLocked();
}

void TestController::DeleteTopic(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  image_.topics.erase(name);
  PushLocked();
}

void TestController::SetLeader(const std::string& topic, int32_t partition,
                               BrokerId leader) {
  const std::scoped_lock lock(mutex_);
  PartitionState& state =
      image_.topics.at(topic).partitions.at(static_cast<size_t>(partition));
  QUORATE_CHECK(state.IsInSync(leader));
  state.leader = leader;
  Changed(state);
  PushLocked();
}

void TestController::SetHears(BrokerId id, bool hears) {
  const std::scoped_lock lock(mutex_);
  hears_[id] = hears;
  if (hears) PushLocked();
}

PartitionState TestController::Partition(const std::string& topic,
                                         int32_t partition) {
  const std::scoped_lock lock(mutex_);
  return *image_.Find(topic, partition);
}

void TestController::AwaitIsr(const std::string& topic, int32_t partition,
                              const std::vector<BrokerId>& isr) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock,
                [&] { return image_.Find(topic, partition)->isr == isr; });
}

void TestController::AlterIsr(
    const IsrChange& change,
    std::function<void(absl::StatusOr<PartitionState>)> done) {
  absl::StatusOr<PartitionState> answer = BrokerError(ErrorKind::kNoTopic, "");
  {
    const std::scoped_lock lock(mutex_);
    const auto topic = image_.topics.find(change.topic);
    if (topic != image_.topics.end() &&
        topic->second.topic_id == change.topic_id) {
      PartitionState& state =
          topic->second.partitions.at(static_cast<size_t>(change.partition));
      answer = BrokerError(ErrorKind::kStaleVersion, "");
      if (state.version == change.version) {
        state.isr = change.isr;
        Changed(state);
        answer = state;
        PushLocked();
      }
    }
  }
  done(answer);
}

void TestController::Next(std::function<void(absl::StatusOr<uint64_t>)> done) {
  uint64_t id = 0;
  {
    const std::scoped_lock lock(mutex_);
    id = next_producer_++;
  }
  done(id);
}

}  // namespace quorate::broker
