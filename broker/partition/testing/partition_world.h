// PartitionWorld: three replicas of one partition, a controller, producers and
// a network that loses, delays and doubles, all by one seed. It carries out
// what PartitionReplica decides, as broker/data does, and looks for what must
// never be seen.

#ifndef QUORATE_BROKER_PARTITION_TESTING_PARTITION_WORLD_H_
#define QUORATE_BROKER_PARTITION_TESTING_PARTITION_WORLD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "broker/image/cluster_image.h"
#include "broker/log/epoch_table.h"
#include "broker/partition/partition_replica.h"
#include "broker/partition/producer_table.h"
#include "coord/base/seeded_random.h"

namespace quorate::broker {

// A rule that is broken on purpose, to see that the checks can fail.
enum class Mutation : uint8_t {
  kNone,
  kAckAtOnce,        // before the high watermark covers it
  kUncleanElection,  // of any replica that is alive
  kNoSequenceCheck,  // leaders append whatever comes
  kNoDivergence,     // leaders do not look where logs part
  kAckUnsynced,  // followers fetch from where their log ends, not their disk
};

class PartitionWorld {
 public:
  PartitionWorld(uint64_t seed, Mutation mutation);
  ~PartitionWorld();

  // Runs with faults, then without, until all values are acknowledged.
  void Run();

  // What was seen that must not be: "lost", "duplicated", "order",
  // "two values", "stuck", "apart".
  const std::set<std::string>& violations() const { return violations_; }
  uint64_t acknowledged() const { return acknowledged_; }
  uint64_t crashes() const { return crashes_; }
  uint64_t cuts() const { return cuts_; }

 private:
  struct Entry {
    uint64_t producer = 0;
    int32_t sequence = 0;
    int32_t epoch = 0;

    bool operator==(const Entry&) const = default;
  };
  struct Waiter {
    uint64_t producer = 0;
    int32_t sequence = 0;
    int64_t offset = 0;
  };
  struct Node {
    BrokerId id = kNoBroker;
    bool is_up = true;
    bool is_paused = false;
    uint64_t life = 0;
    std::unique_ptr<PartitionReplica> replica;
    ProducerTable producers;
    EpochTable epochs;
    std::vector<Entry> log;
    int64_t durable = 0;
    int64_t checkpoint = 0;  // the high watermark on disk
    int64_t checked = 0;     // below: looked at by CheckCommitted()
    bool is_syncing = false;
    uint64_t cuts = 0;
    uint64_t fetch = 0;  // the one under way
    int64_t fetch_until = 0;
    std::map<uint64_t, Waiter> waiting;
    std::vector<std::function<void()>> backlog;  // while it is paused

    int64_t end() const { return static_cast<int64_t>(log.size()); }
  };
  struct FetchReply {
    absl::Status status;
    std::optional<EpochTable::End> divergence;
    int64_t high_watermark = 0;
    std::vector<Entry> entries;
  };
  struct Producer {
    uint64_t id = 0;
    int32_t next_new = 0;
    // In flight: by sequence, when to try again.
    std::map<int32_t, int64_t> open;
    std::set<int32_t> acknowledged;
  };

  // --- Time and network
  void At(int64_t delay_ms, std::function<void()> task);
  // Runs on the node unless it is down or has another life by then.
  void Deliver(BrokerId to, std::function<void(Node&)> task);
  void Send(BrokerId from, BrokerId to, std::function<void(Node&)> task);
  bool Passes(BrokerId from, BrokerId to);

  // --- Nodes
  void TickNode(Node& node);
  void StartNode(Node& node);
  void Crash(Node& node);
  void AfterChange(Node& node);
  void Append(Node& node, const Entry& entry);
  void CutTo(Node& node, int64_t offset);
  void BeginSync(Node& node);
  void Fetch(Node& node);
  void OnFetch(Node& leader, const FollowerFetch& fetch, uint64_t number);
  void OnReply(Node& node, const FollowerFetch& asked, uint64_t number,
               const FetchReply& reply);
  void OnProduce(Node& node, uint64_t producer, int32_t sequence);
  void Acknowledge(Node& node, const Waiter& waiter);

  // --- Controller
  void TickController();
  void Changed();
  void PushImage();
  void OnAlterIsr(BrokerId from, uint64_t life, int32_t version,
                  const PartitionReplica::Proposal& proposal);
  bool IsLive(BrokerId id) const;

  // --- Producers and faults
  void TickProducers();
  void TickFaults();
  void Heal();

  // --- Checks
  void CheckCommitted(Node& node);
  void CheckEnd();
  void Violate(const std::string& what);

  SeededRandom random_;
  const Mutation mutation_;
  bool has_faults_ = true;
  int64_t now_ms_ = 0;
  uint64_t next_number_ = 1;
  std::multimap<int64_t, std::function<void()>> events_;
  std::map<BrokerId, Node> nodes_;
  std::set<std::pair<BrokerId, BrokerId>> cut_links_;
  PartitionState state_;  // the controller's
  std::map<BrokerId, uint64_t> registered_;
  std::vector<Producer> producers_;
  std::map<int64_t, Entry> committed_;
  std::map<int64_t, Entry> promised_;  // acknowledged, by offset
  std::set<std::string> violations_;
  uint64_t acknowledged_ = 0;
  uint64_t crashes_ = 0;
  uint64_t cuts_ = 0;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_PARTITION_TESTING_PARTITION_WORLD_H_
