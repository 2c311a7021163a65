// ModelCluster: brokers as a ProducerCore meets them, without gRPC, threads or
// time: leaders that change and lose what was not acknowledged, messages that
// are lost, late or out of order.
//
// What it keeps is what the checks look at. Not thread-safe.

#ifndef QUORATE_BROKER_CLIENT_TESTING_MODEL_CLUSTER_H_
#define QUORATE_BROKER_CLIENT_TESTING_MODEL_CLUSTER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "broker/client/producer_core.h"
#include "broker/client/topic_partition.h"
#include "broker/image/cluster_image.h"
#include "broker/record/record_batch.h"
#include "coord/base/seeded_random.h"

namespace quorate::broker {

class ModelCluster {
 public:
  ModelCluster(int brokers, int partitions, uint64_t seed);

  std::shared_ptr<const ClusterImage> Image() const;
  // Another leader, or none; what the old one had not acknowledged is lost, or
  // not, as chance has it.
  void ChangeLeader(int32_t partition, BrokerId leader);
  // The partition's followers keep up, or do not: then nothing is acknowledged.
  void SetInSync(int32_t partition, bool in_sync);
  bool in_sync(int32_t partition) const;
  // What the leader of the batch's partition does with it now.
  ProduceAnswer Take(const std::string& address,
                     const ProduceCall::Batch& batch);

  // What consumers can read of a partition.
  const std::vector<Record>& Log(int32_t partition) const;
  int partitions() const { return static_cast<int>(logs_.size()); }

 private:
  struct PartitionLog {
    std::vector<Record> records;
    std::map<uint64_t, std::vector<std::pair<BatchHeader, int64_t>>> producers;
    // Of the leader alone, behind `records`.
    std::vector<std::pair<BatchHeader, std::vector<Record>>> unacknowledged;
    bool in_sync = true;
  };

  void Commit(PartitionLog& log, const BatchHeader& header,
              const std::vector<Record>& records);

  SeededRandom random_;
  ClusterImage image_;
  std::vector<PartitionLog> logs_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_TESTING_MODEL_CLUSTER_H_
