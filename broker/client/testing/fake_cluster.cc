#include "broker/client/testing/fake_cluster.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/client/testing/fake_node.h"
#include "broker/client/topic_partition.h"
#include "broker/image/cluster_image.h"
#include "broker/record/record_batch.h"
#include "coord/base/check.h"

namespace quorate::broker {

FakeCluster::FakeCluster(int brokers, std::string ensemble_id)
    : ensemble_id_(std::move(ensemble_id)) {
  image_.controller = {.token = {.ensemble_id = ensemble_id_, .czxid = 7},
                       .controller_epoch = 1,
                       .broker_id = 1};
  image_.version = 1;
  for (BrokerId id = 1; id <= brokers; ++id) {
    auto node = std::make_unique<Node>(*this, id);
    const std::lock_guard<std::mutex> lock(mutex_);
    addresses_[id] = absl::StrCat("127.0.0.1:", node->port());
    image_.brokers[id] = {.id = id,
                          .address = addresses_[id],
                          .broker_epoch = 10 + static_cast<uint64_t>(id)};
    nodes_[id] = std::move(node);
  }
}

FakeCluster::~FakeCluster() {
  std::map<BrokerId, std::unique_ptr<Node>> nodes;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    nodes = std::move(nodes_);
  }
}

std::vector<std::string> FakeCluster::Addresses() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::string> addresses;
  for (const auto& [id, address] : addresses_) addresses.push_back(address);
  return addresses;
}

std::string FakeCluster::AddressOf(BrokerId id) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return addresses_.at(id);
}

void FakeCluster::SetFaultHook(FaultHook hook) {
  const std::lock_guard<std::mutex> lock(mutex_);
  hook_ = std::move(hook);
}

void FakeCluster::AddTopic(const std::string& name, int partitions,
                           TopicConfig config) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (config.replication_factor == 0) config.replication_factor = 1;
  if (config.min_insync_replicas == 0) config.min_insync_replicas = 1;
  if (config.segment_bytes == 0) config.segment_bytes = 64 << 20;
  if (config.max_batch_bytes == 0) config.max_batch_bytes = 1 << 20;
  TopicState topic = {.topic_id = next_topic_id_++, .config = config};
  for (int p = 0; p < partitions; ++p) {
    const auto leader =
        static_cast<BrokerId>(1 + p % static_cast<int>(image_.brokers.size()));
    topic.partitions.push_back({.replicas = {leader},
                                .leader = leader,
                                .leader_epoch = 1,
                                .isr = {leader},
                                .version = 0});
    partitions_[{name, p}] = Partition();
  }
  image_.topics[name] = std::move(topic);
  Changed();
}

void FakeCluster::RemoveTopic(const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  image_.topics.erase(name);
  std::erase_if(partitions_, [&name](const auto& entry) {
    return entry.first.topic == name;
  });
  Changed();
}

void FakeCluster::SetLeader(const TopicPartition& partition, BrokerId leader) {
  const std::lock_guard<std::mutex> lock(mutex_);
  PartitionState& state =
      image_.topics.at(partition.topic)
          .partitions.at(static_cast<size_t>(partition.partition));
  if (leader != kNoBroker) state.replicas = state.isr = {leader};
  state.leader = leader;
  ++state.leader_epoch;
  Changed();
}

void FakeCluster::SetController(BrokerId id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++image_.controller.controller_epoch;
  ++image_.controller.token.czxid;
  image_.controller.broker_id = id;
  image_.version = 0;
  Changed();
}

void FakeCluster::FreezeImage(BrokerId broker) {
  const std::lock_guard<std::mutex> lock(mutex_);
  frozen_[broker] = image_;
}

void FakeCluster::SetLogStart(const TopicPartition& partition, int64_t offset) {
  const std::lock_guard<std::mutex> lock(mutex_);
  partitions_.at(partition).start = offset;
  changed_.notify_all();
}

void FakeCluster::ForgetMembers(const std::string& group) {
  const std::lock_guard<std::mutex> lock(mutex_);
  groups_[group].members.clear();
}

void FakeCluster::Kill(BrokerId broker) {
  std::unique_ptr<Node> node;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    node = std::move(nodes_.at(broker));
    image_.brokers.erase(broker);
    Changed();
  }
}

ClusterImage FakeCluster::Image() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return image_;
}

std::vector<Record> FakeCluster::Log(const TopicPartition& partition) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Record> all;
  const auto it = partitions_.find(partition);
  if (it == partitions_.end()) return all;
  for (const std::string& batch : it->second.batches) {
    absl::StatusOr<std::vector<Record>> records = DecodeBatch(batch);
    QUORATE_CHECK(records.ok());
    for (Record& record : *records) all.push_back(std::move(record));
  }
  return all;
}

int64_t FakeCluster::CommittedOffset(const std::string& group,
                                     const TopicPartition& partition) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto it = groups_.find(group);
  if (it == groups_.end()) return -1;
  const auto offset = it->second.offsets.find(partition);
  return offset == it->second.offsets.end() ? -1 : offset->second;
}

int FakeCluster::Members(const std::string& group) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto it = groups_.find(group);
  return it == groups_.end() ? 0 : static_cast<int>(it->second.members.size());
}

int FakeCluster::Calls(Method method) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto it = calls_.find(method);
  return it == calls_.end() ? 0 : it->second;
}

bool FakeCluster::WaitUntil(const std::function<bool()>& done) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (std::chrono::steady_clock::now() > deadline) return false;
    changed_.wait_for(lock, std::chrono::milliseconds(20));
  }
  return true;
}

FakeCluster::Partition* FakeCluster::Find(const TopicPartition& partition) {
  const auto it = partitions_.find(partition);
  return it == partitions_.end() ? nullptr : &it->second;
}

void FakeCluster::Changed() {
  ++image_.version;
  changed_.notify_all();
}

}  // namespace quorate::broker
