// Replica: one replica of this broker, its log and its state machine together.
//
// Thread-safe. Callbacks are called without its lock.

#ifndef QUORATE_BROKER_DATA_REPLICA_H_
#define QUORATE_BROKER_DATA_REPLICA_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/data/data_options.h"
#include "broker/data/outside.h"
#include "broker/data/requests.h"
#include "broker/image/cluster_image.h"
#include "broker/log/partition_log.h"
#include "broker/log/read_plan.h"
#include "broker/partition/partition_replica.h"
#include "broker/partition/producer_table.h"
#include "broker/record/record_batch.h"
#include "coord/storage/file_system.h"

namespace quorate::broker {

// Waits for something to be read.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // Must not block, nor call the replica.
  virtual void Wake() = 0;
};

class Replica : public std::enable_shared_from_this<Replica> {
 public:
  // What all replicas of a broker share. `grown` is not called any more once a
  // replica has been retired.
  struct Owner {
    BrokerId id = kNoBroker;
    int64_t replica_lag_ms = 0;
    std::string directory = {};  // of the logs
    storage::FileSystem* files = nullptr;
    // The log has grown: Sync() is to be called.
    std::function<void(std::shared_ptr<Replica>)> grown = {};
    std::function<void(const PartitionId&, const absl::Status&)> failed = {};
  };
  using Reply = std::function<void(BatchReply)>;

  // Opens what is on disk. Damage is no error here: the replica has failed.
  static std::shared_ptr<Replica> Open(std::shared_ptr<const Owner> owner,
                                       const PartitionId& of);
  static absl::StatusOr<std::shared_ptr<Replica>> Create(
      std::shared_ptr<const Owner> owner, const PartitionId& of,
      uint64_t topic_id);

  const PartitionId& of() const { return of_; }
  // 0: not known, as what says so is damaged.
  uint64_t topic_id() const { return topic_id_; }
  ReplicaInfo Info() const;

  // --- Image ----------------------------------------------------------------
  void Apply(const Assignment& assignment, const TopicConfig& config,
             int64_t now_ms);
  // It is to be deleted: answers all that waits with `status`, and does nothing
  // more. Also used to stop.
  void Retire(const absl::Status& status);

  // --- Leader ---------------------------------------------------------------
  // `reply` comes once the batch is safe. Returns what GiveUp() takes.
  uint64_t Produce(std::string batch, const BatchHeader& header, Acks acks,
                   Reply reply);
  // Answers RequestTimedOut, unless it was answered.
  void GiveUp(uint64_t id);
  absl::StatusOr<int64_t> ListOffset(OffsetKind at, int64_t timestamp_ms);
  // All of the reply but its batches, and the plan for these.
  PartitionReply PlanFetch(const FetchQuery& query, const PartitionQuery& asked,
                           size_t max_bytes, int64_t now_ms, ReadPlan* plan);
  // What was read by the plan is still part of the log.
  bool StillCounts(const ReadPlan& plan) const;
  // A read has found damage.
  void Fail(const absl::Status& status);
  // Is woken when there may be more to read, or the role has changed; until the
  // pointer is gone.
  void Watch(std::weak_ptr<Watcher> watcher);
  // A change to ask for, and later what came of it.
  std::optional<IsrChange> ProposeIsr(uint64_t own_broker_epoch,
                                      int64_t now_ms);
  void IsrAnswered(int32_t version,
                   const absl::StatusOr<PartitionState>& answer,
                   int64_t now_ms);

  // --- Follower -------------------------------------------------------------
  // What to ask `leader` for. Nothing: it does not follow that one.
  std::optional<PartitionQuery> NextFetch(BrokerId leader) const;
  // Does what the reply to that says. `durable` is called once what it appended
  // is durable or never will be; not at all after an error or if nothing was
  // appended: then false.
  absl::StatusOr<bool> TakeFetched(const PartitionQuery& asked,
                                   const PartitionReply& reply,
                                   std::function<void()> durable);

  // --- Disk -----------------------------------------------------------------
  // By one thread at a time. WriteOut() before Sync() when there are several to
  // sync: then the first sync does most of the work for all.
  void WriteOut();
  void Sync();
  // Makes the high watermark durable; removes old segments. `wall_ms`: since
  // 1970.
  void KeepHouse(int64_t wall_ms);

 private:
  struct Waiting {
    Reply reply;
    BatchReply answer;
  };
  // What is to be called without the lock.
  struct Ready {
    std::vector<std::pair<Reply, BatchReply>> replies;
    std::vector<std::weak_ptr<Watcher>> watchers;
    std::vector<std::function<void()>> durable;
    absl::Status failed;
    bool grown = false;
  };

  Replica(std::shared_ptr<const Owner> owner, const PartitionId& of);

  // Runs `work` with the lock, then what has become ready.
  template <typename Work>
  auto Do(Work work) -> decltype(work());
  Ready Collect();
  void CallAll(Ready ready);
  absl::Status CheckUsable() const;
  void StopFor(const absl::Status& cause);
  absl::Status RebuildProducers();
  absl::StatusOr<bool> TakeLocked(const PartitionQuery& asked,
                                  const PartitionReply& reply,
                                  std::function<void()>* durable);
  absl::Status CutTo(const PartitionReplica::Cut& cut);
  absl::Status AppendBatch(std::string* batch, const BatchHeader& header,
                           BatchReply* answer, int64_t* end_offset, Acks acks);

  const std::shared_ptr<const Owner> owner_;
  const PartitionId of_;
  uint64_t topic_id_ = 0;

  mutable std::mutex mutex_;
  // All below is guarded by mutex_.
  std::unique_ptr<PartitionLog> log_;  // nullptr: failed or retired
  std::unique_ptr<PartitionReplica> state_;
  ProducerTable producers_;
  TopicConfig config_;
  Assignment assignment_;
  absl::Status failed_;  // also in log_
  bool told_failed_ = false;
  absl::Status retired_;
  uint64_t next_id_ = 1;
  std::map<uint64_t, Waiting> waiting_;
  std::vector<std::weak_ptr<Watcher>> watchers_;
  std::vector<std::function<void()>> durable_;
  // As watchers have been told.
  int64_t seen_watermark_ = 0;
  int64_t seen_durable_ = 0;
  int32_t seen_version_ = -1;
  bool is_queued_ = false;  // for Sync()
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DATA_REPLICA_H_
