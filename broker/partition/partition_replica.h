// PartitionReplica: what one replica of a partition decides; leader or follower
// as the image says. A state machine without I/O and without a clock: its owner
// tells it what has happened and the time, carries out what it returns.
//
// High watermark: the lowest durable end in the larger of the in-sync sets that
// may hold: that of the image, and those that were asked for since. It never
// goes back. Only what is durable here is shown to anybody, followers included:
// so nobody can hold what this replica may lose.
//
// Times are in milliseconds of a monotonic clock. Not thread-safe.

#ifndef QUORATE_BROKER_PARTITION_PARTITION_REPLICA_H_
#define QUORATE_BROKER_PARTITION_PARTITION_REPLICA_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/image/cluster_image.h"
#include "broker/log/epoch_table.h"

namespace quorate::broker {

// What an image says of one partition.
struct Assignment {
  PartitionState state = {};
  int32_t min_insync_replicas = 1;
  std::string leader_address = {};  // for those who ask the wrong broker
};

struct FollowerFetch {
  BrokerId replica_id = kNoBroker;
  uint64_t broker_epoch = 0;
  int32_t leader_epoch = -1;
  int64_t offset = 0;               // its durable end
  int32_t last_fetched_epoch = -1;  // of its last batch; -1: it holds none
};

class PartitionReplica {
 public:
  enum class Role : uint8_t { kNone, kLeader, kFollower };

  // As found on disk.
  PartitionReplica(BrokerId self, int64_t replica_lag_ms,
                   int64_t high_watermark, int64_t durable_end)
      : self_(self),
        replica_lag_ms_(replica_lag_ms),
        high_watermark_(high_watermark),
        durable_end_(durable_end) {}

  // --- Image ----------------------------------------------------------------
  // What is older than, or the same as, what it knows changes nothing: false.
  // `log_end`: also what is not durable yet.
  bool Apply(Assignment assignment, int64_t log_end, int64_t now_ms);

  Role role() const { return role_; }
  const PartitionState& state() const { return assignment_.state; }
  int32_t leader_epoch() const { return state().leader_epoch; }
  int64_t high_watermark() const { return high_watermark_; }
  int64_t durable_end() const { return durable_end_; }

  // OK if it leads. `epoch`: what the asker takes for the leader epoch; -1: it
  // does not care. NotLeader, NoLeader, FencedLeaderEpoch, UnknownLeaderEpoch.
  absl::Status CheckLeader(int32_t epoch) const;

  // --- Leader ---------------------------------------------------------------
  // Whether a batch may be appended that is to be acknowledged by the in-sync
  // set, or by this replica alone. As CheckLeader(); NotEnoughReplicas.
  absl::Status CheckProduce(bool by_all) const;
  // The request `id` is to be answered once the log is safe up to `end_offset`.
  // Answers come in the order of their offsets. REQUIRES: it leads.
  void Await(uint64_t id, int64_t end_offset, bool by_all);
  // It is answered by somebody else, if it was not yet.
  void GiveUp(uint64_t id);
  struct Answer {
    uint64_t id = 0;
    absl::Status status = {};
  };
  // To be called after every call that may change something.
  std::vector<Answer> TakeAnswers();

  // What a follower's fetch tells. Cut here first; nothing: it may read from
  // its offset up to durable_end(). As CheckLeader(), StaleBroker,
  // OffsetOutOfRange (it must begin anew at the log's start), BadRequest.
  absl::StatusOr<std::optional<EpochTable::End>> OnFollowerFetch(
      const FollowerFetch& fetch, const EpochTable& epochs, int64_t log_start,
      int64_t log_end, int64_t now_ms);

  // Another in-sync set that is worth asking for, to be called every now and
  // then. One at a time: until ProposalAnswered() there is no other.
  struct Proposal {
    std::vector<BrokerId> isr = {};
    std::vector<uint64_t> broker_epochs = {};  // heard from; 0: never
  };
  std::optional<Proposal> Propose(uint64_t own_broker_epoch, int64_t now_ms);
  // The controller has answered, or nobody has. After most errors the change
  // may have been made: it counts on the larger set until a newer state tells.
  // (The one that it answers with is to be told to Apply().)
  void ProposalAnswered(const absl::Status& status, int64_t now_ms);

  // --- Both -----------------------------------------------------------------
  // The log is durable up to here: farther, or, after a cut, less.
  void Durable(int64_t durable_end);

  // --- Follower -------------------------------------------------------------
  // What the leader of this epoch takes for committed.
  void OnLeaderHighWatermark(int64_t high_watermark);
  struct Cut {
    bool whole = false;  // all of it: to begin anew at `offset`
    int64_t offset = 0;
  };
  // Where to cut the log. DataLoss: it would lose what is committed.
  absl::StatusOr<Cut> CutFor(const EpochTable::End& divergence,
                             const EpochTable& epochs, int64_t log_end) const;
  // It is to begin anew where the leader's log does. DataLoss as above.
  absl::StatusOr<Cut> CutForStart(int64_t leader_log_start) const;
  // It has begun anew there.
  void OnReset(int64_t offset);

 private:
  struct Follower {
    uint64_t broker_epoch = 0;
    int64_t fetch_offset = -1;  // -1: not heard from in this reign
    int64_t caught_up_ms = 0;   // when it last held all there was
    int64_t fetched_ms = -1;    // when it last asked, and for what there was
    int64_t end_when_fetched = 0;
  };
  struct Waiting {
    int64_t end_offset = 0;
    bool by_all = false;
  };

  void BeginReign(int64_t log_end, int64_t now_ms);
  void FailAll(const absl::Status& status);
  void Advance();
  void AnswerThose(bool by_all, int64_t up_to);
  void Heard(Follower& follower, const FollowerFetch& fetch, int64_t now_ms);
  bool IsInLargerSet(BrokerId id) const;
  std::vector<BrokerId> BestIsr(int64_t now_ms) const;
  Proposal WithEpochs(std::vector<BrokerId> isr,
                      uint64_t own_broker_epoch) const;

  const BrokerId self_;
  const int64_t replica_lag_ms_;
  Role role_ = Role::kNone;
  bool has_state_ = false;
  Assignment assignment_;
  int64_t high_watermark_ = 0;
  int64_t durable_end_ = 0;

  // Of a leader. A reign is as long as it leads without a break.
  int64_t reign_start_ = 0;  // where the log ended then
  std::map<BrokerId, Follower> followers_;
  std::map<uint64_t, Waiting> waiting_;
  std::set<std::pair<int64_t, uint64_t>> by_all_;     // end offset, id
  std::set<std::pair<int64_t, uint64_t>> by_leader_;  // the same
  std::vector<Answer> answers_;
  bool is_proposing_ = false;
  int64_t propose_after_ms_ = 0;
  int64_t looked_ms_ = 0;
  // Proposed for this version, and may be in sync for all that is known.
  std::set<BrokerId> maybe_in_sync_;
  Proposal proposed_;          // the last one
  bool may_be_taken_ = false;  // one of them, though it was not answered well
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_PARTITION_PARTITION_REPLICA_H_
