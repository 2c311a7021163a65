#include "broker/client/testing/model_cluster.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/client/cluster_view.h"
#include "broker/client/producer_core.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/record/record_batch.h"
#include "coord/base/check.h"

namespace quorate::broker {
namespace {

constexpr size_t kRemembered = 5;

}  // namespace

ModelCluster::ModelCluster(int brokers, int partitions, uint64_t seed)
    : random_(seed) {
  image_.controller.controller_epoch = 1;
  image_.version = 1;
  for (BrokerId id = 1; id <= brokers; ++id) {
    image_.brokers[id] = {.id = id, .address = absl::StrCat("b", id, ":1")};
  }
  TopicState& topic = image_.topics["t"];
  topic.config.max_batch_bytes = 1 << 20;
  for (int p = 0; p < partitions; ++p) {
    const BrokerId leader = 1 + p % brokers;
    topic.partitions.push_back(
        {.replicas = {leader}, .leader = leader, .isr = {leader}});
    logs_.emplace_back();
  }
}

std::shared_ptr<const ClusterImage> ModelCluster::Image() const {
  return std::make_shared<const ClusterImage>(image_);
}

void ModelCluster::ChangeLeader(int32_t partition, BrokerId leader) {
  PartitionState& state =
      image_.topics["t"].partitions.at(static_cast<size_t>(partition));
  if (state.leader == leader) return;
  state.leader = leader;
  ++state.leader_epoch;
  ++image_.version;
  PartitionLog& log = logs_.at(static_cast<size_t>(partition));
  // The new leader has some of it, from the beginning on.
  for (const auto& [header, records] : log.unacknowledged) {
    if (random_.Chance(500'000)) break;
    Commit(log, header, records);
  }
  log.unacknowledged.clear();
}

void ModelCluster::SetInSync(int32_t partition, bool in_sync) {
  PartitionLog& log = logs_.at(static_cast<size_t>(partition));
  log.in_sync = in_sync;
  if (!in_sync) return;
  for (const auto& [header, records] : log.unacknowledged) {
    Commit(log, header, records);
  }
  log.unacknowledged.clear();
}

bool ModelCluster::in_sync(int32_t partition) const {
  return logs_.at(static_cast<size_t>(partition)).in_sync;
}

void ModelCluster::Commit(PartitionLog& log, const BatchHeader& header,
                          const std::vector<Record>& records) {
  auto& taken = log.producers[header.producer_id];
  taken.push_back({header, static_cast<int64_t>(log.records.size())});
  if (taken.size() > kRemembered) taken.erase(taken.begin());
  log.records.insert(log.records.end(), records.begin(), records.end());
}

ProduceAnswer ModelCluster::Take(const std::string& address,
                                 const ProduceCall::Batch& batch) {
  const int32_t partition = batch.partition.partition;
  const absl::StatusOr<std::string> leader =
      LeaderAddress(image_, batch.partition.topic, partition);
  if (!leader.ok() || *leader != address) {
    return {.status = BrokerError(ErrorKind::kNotLeader, "another leads")};
  }
  PartitionLog& log = logs_.at(static_cast<size_t>(partition));
  const absl::StatusOr<BatchHeader> header = VerifyBatch(*batch.bytes);
  QUORATE_CHECK(header.ok());
  int32_t expected = 0;
  for (const auto& [known, offset] : log.producers[header->producer_id]) {
    expected = (known.last_sequence() + 1) & 0x7fffffff;
    if (known.base_sequence == header->base_sequence) {
      return {.base_offset = offset, .duplicate = true};
    }
  }
  for (const auto& [known, records] : log.unacknowledged) {
    if (known.producer_id != header->producer_id) continue;
    expected = (known.last_sequence() + 1) & 0x7fffffff;
    if (known.base_sequence == header->base_sequence) {
      return {.status = BrokerError(ErrorKind::kRequestTimedOut, "not yet")};
    }
  }
  if (header->base_sequence != expected) {
    return {.status = BrokerError(ErrorKind::kOutOfOrderSequence, "a gap")};
  }
  const absl::StatusOr<std::vector<Record>> records = DecodeBatch(*batch.bytes);
  QUORATE_CHECK(records.ok());
  if (!log.in_sync) {
    log.unacknowledged.push_back({*header, *records});
    return {.status = BrokerError(ErrorKind::kRequestTimedOut, "too slow")};
  }
  QUORATE_CHECK(log.unacknowledged.empty());
  Commit(log, *header, *records);
  return {.base_offset =
              static_cast<int64_t>(log.records.size()) - header->record_count};
}

const std::vector<Record>& ModelCluster::Log(int32_t partition) const {
  return logs_.at(static_cast<size_t>(partition)).records;
}

}  // namespace quorate::broker
