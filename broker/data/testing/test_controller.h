// TestController: the controller of tests. It has one image, changes it when a
// test or a leader says so, and hands it to the data planes at once.

#ifndef QUORATE_BROKER_DATA_TESTING_TEST_CONTROLLER_H_
#define QUORATE_BROKER_DATA_TESTING_TEST_CONTROLLER_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "broker/data/data_plane.h"
#include "broker/data/outside.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {

// Thread-safe.
class TestController final : public IsrClient, public ProducerIds {
 public:
  static constexpr char kEnsemble[] = "0123456789abcdef";

  TestController();

  // A broker registers, or registers again: then its life is another. Told of
  // images from now on. nullptr: it is gone; its partitions get other leaders.
  void SetBroker(BrokerId id, const std::string& address, DataPlane* plane);
  // Replicas are brokers 1, 2, ...; the first leads, all are in sync.
  void CreateTopic(const std::string& name, int32_t partitions,
                   const TopicConfig& config);
  void DeleteTopic(const std::string& name);
  void SetLeader(const std::string& topic, int32_t partition, BrokerId leader);
  // Whether changes reach this broker.
  void SetHears(BrokerId id, bool hears);

  PartitionState Partition(const std::string& topic, int32_t partition);
  // Until the in-sync set is this one.
  void AwaitIsr(const std::string& topic, int32_t partition,
                const std::vector<BrokerId>& isr);

  void AlterIsr(
      const IsrChange& change,
      std::function<void(absl::StatusOr<PartitionState>)> done) override;
  void Next(std::function<void(absl::StatusOr<uint64_t>)> done) override;

 private:
  void Changed(PartitionState& state);
  void PushLocked();

  std::mutex mutex_;
  std::condition_variable changed_;
  // All below is guarded by mutex_.
  ClusterImage image_;
  std::map<BrokerId, DataPlane*> planes_;
  std::map<BrokerId, bool> hears_;
  uint64_t next_czxid_ = 100;
  uint64_t next_producer_ = 1;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DATA_TESTING_TEST_CONTROLLER_H_
