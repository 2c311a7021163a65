// FakeCluster: brokers of this process behind real gRPC, which share one state:
// no replication, no disk, but leaders, logs, sequences and groups as clients
// meet them, and faults as the test wants them.
//
// Thread-safe.

#ifndef QUORATE_BROKER_CLIENT_TESTING_FAKE_CLUSTER_H_
#define QUORATE_BROKER_CLIENT_TESTING_FAKE_CLUSTER_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "broker/client/topic_partition.h"
#include "broker/image/cluster_image.h"
#include "broker/record/record_batch.h"

namespace quorate::broker {

class FakeCluster {
 public:
  enum class Method {
    kMetadata,
    kInitProducer,
    kProduce,
    kFetch,
    kListOffsets,
    kCreateTopic,
    kDeleteTopic,
    kElectPreferred,
    kJoin,
    kHeartbeat,
    kLeave,
    kCommitOffsets,
    kFetchOffsets,
    kDescribeGroup,
    kListGroups,
    kDeleteGroup,
  };
  struct Fault {
    absl::Status before;  // not OK: refuse with it, and do nothing
    absl::Status after;   // not OK: do it, and answer with this
  };
  using FaultHook = std::function<Fault(Method method, BrokerId broker)>;

  // Brokers 1 to `brokers`; 1 is the controller. `ensemble_id`: 16 bytes.
  explicit FakeCluster(int brokers,
                       std::string ensemble_id = "ensemble-id-0001");
  ~FakeCluster();

  std::vector<std::string> Addresses() const;
  std::string AddressOf(BrokerId id) const;

  // Asked at the beginning of every call; null: no faults.
  void SetFaultHook(FaultHook hook);
  void AddTopic(const std::string& name, int partitions,
                TopicConfig config = {});
  void RemoveTopic(const std::string& name);
  // kNoBroker: there is none for now.
  void SetLeader(const TopicPartition& partition, BrokerId leader);
  void SetController(BrokerId id);
  // What `broker` shows from now on is the image as it is now.
  void FreezeImage(BrokerId broker);
  // Forgets everything below this offset.
  void SetLogStart(const TopicPartition& partition, int64_t offset);
  // As if all sessions of its members had run out.
  void ForgetMembers(const std::string& group);
  // Ends this broker's server; its address refuses connections.
  void Kill(BrokerId broker);

  ClusterImage Image() const;
  // All of a partition, in order.
  std::vector<Record> Log(const TopicPartition& partition) const;
  int64_t CommittedOffset(const std::string& group,
                          const TopicPartition& partition) const;  // -1: none
  int Members(const std::string& group) const;
  int Calls(Method method) const;
  // Waits for the state to change, or for long enough, until `done`.
  bool WaitUntil(const std::function<bool()>& done);

 private:
  class Node;
  struct Partition {
    std::vector<std::string> batches;
    int64_t start = 0;
    int64_t end = 0;
    // Of each producer: sequences that were taken, with their offsets.
    std::map<uint64_t, std::vector<std::pair<BatchHeader, int64_t>>> producers;
  };
  struct Member {
    std::vector<std::string> topics;
    bool joined = false;  // in the generation that is being made
    std::vector<TopicPartition> assigned;
  };
  struct Group {
    int32_t generation = 0;
    bool rebalancing = false;
    int next_member = 1;
    std::map<std::string, Member> members;
    std::map<TopicPartition, int64_t> offsets;
  };

  Partition* Find(const TopicPartition& partition);
  void Changed();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  const std::string ensemble_id_;
  ClusterImage image_;
  std::map<BrokerId, ClusterImage> frozen_;
  std::map<TopicPartition, Partition> partitions_;
  std::map<std::string, Group> groups_;
  std::map<Method, int> calls_;
  uint64_t next_producer_id_ = 1000;
  uint64_t next_topic_id_ = 1;
  FaultHook hook_;
  bool stopping_ = false;
  std::map<BrokerId, std::string> addresses_;
  std::map<BrokerId, std::unique_ptr<Node>> nodes_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_TESTING_FAKE_CLUSTER_H_
