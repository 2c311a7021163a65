// GroupState: one consumer group at its coordinator, as a state machine
// without I/O. Time comes in as milliseconds of a clock that never goes back.
//
// A join begins a round: all known members have to join again, or are members
// no more once the longest of their rebalance time-outs has passed. Then the
// partitions are assigned, the next generation is written, and once that is
// durable every join is answered. While it is being written nobody commits; so
// of a generation that is over nothing is ever written.
//
// At most one write is under way; what comes meanwhile goes into the next one,
// all together or not at all. Answers that show or promise what is durable wait
// for a write, even if there is nothing to change: that it was taken proves
// that this coordinator was still the one.
//
//   state.Commit(now, request, arguments);
//   if (auto ops = state.TakeWrite()) ... begin with the fence, write, then
//   state.Written(now, status);
//   for (GroupReply& reply : state.TakeReplies()) ...

#ifndef QUORATE_BROKER_GROUP_GROUP_STATE_H_
#define QUORATE_BROKER_GROUP_GROUP_STATE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "broker/group/group_record.h"
#include "broker/group/group_types.h"
#include "coord/client/types.h"

namespace quorate::broker {

// The answer to a request that waits.
struct GroupReply {
  uint64_t request = 0;
  absl::Status status = {};
  JoinAnswer join = {};       // to a join
  GroupOffsets offsets = {};  // if offsets were fetched
};

class GroupState {
 public:
  // `stored`: nothing: the group has no znode.
  GroupState(std::string name, std::optional<StoredGroup> stored,
             std::shared_ptr<const TopicTable> topics);

  // --- Requests; `request` names them in replies
  // ------------------------------ Arguments are within the limits of
  // group_types.h, lists of topics may have repetitions. `fresh_id`: the id
  // that a new member would get, never given to another.
  void Join(int64_t now_ms, uint64_t request, const std::string& fresh_id,
            const JoinArguments& arguments);
  void Commit(int64_t now_ms, uint64_t request,
              const CommitArguments& arguments);
  void FetchOffsets(uint64_t request);
  void Delete(uint64_t request);
  absl::Status Heartbeat(int64_t now_ms, const std::string& member_id,
                         int32_t generation);
  absl::Status Leave(int64_t now_ms, const std::string& member_id);
  // Nobody waits for this request's reply any more: a join is answered with
  // Cancelled. A member that was told nothing yet is none.
  void Cancel(int64_t now_ms, uint64_t request);

  // The cluster has these topics now. Never null.
  void SetTopics(int64_t now_ms, std::shared_ptr<const TopicTable> topics);
  // Time-outs. Call it a few times a second.
  void Tick(int64_t now_ms);
  // Answers all that waits with `status`, but `commit_status` what may have
  // been written. Nothing else may be called afterwards but TakeReplies().
  void Abandon(const absl::Status& status, const absl::Status& commit_status);

  // --- Output
  // ----------------------------------------------------------------- What is
  // to be written next, without the fence; maybe nothing but that. Nothing:
  // there is no need, or a write is under way.
  std::optional<std::vector<client::MultiOp>> TakeWrite();
  // The write that is under way is durable, or `status` says why it was not
  // applied.
  void Written(int64_t now_ms, const absl::Status& status);
  std::vector<GroupReply> TakeReplies();

  GroupDescription Describe() const;
  bool IsStored() const { return stored_.has_value(); }
  // It is not stored, has no members, and nothing is going on.
  bool IsUnused() const;

 private:
  enum class Phase {
    kEmpty,    // no members
    kJoining,  // members have to join again
    kWriting,  // all have; the generation becomes durable
    kStable,
  };
  struct Member {
    std::string client_id = {};
    std::vector<std::string> topics = {};  // sorted, each once
    int64_t session_timeout_ms = 0;
    int64_t rebalance_timeout_ms = 0;
    int64_t heard_ms = 0;
    std::optional<uint64_t> join = {};  // its request, that waits
    // Its latest generation, and what it was assigned in it. 0: it was told
    // nothing yet, not even its id.
    int32_t generation = 0;
    std::vector<GroupPartition> partitions = {};
  };
  struct Round {
    int32_t generation = 0;
    std::map<std::string, std::vector<GroupPartition>> assignment = {};
    TopicTable topics = {};
  };
  struct Write {
    std::vector<uint64_t> commits = {};
    std::vector<uint64_t> fetches = {};
    std::optional<uint64_t> removal = {};
    bool has_round = false;
    StoredGroup result = {};
  };

  void Reply(uint64_t request, absl::Status status) {
    replies_.push_back({request, std::move(status)});
  }
  void AnswerJoin(const std::string& id, Member& member);
  absl::Status CheckCommit(int64_t now_ms, const CommitArguments& arguments);
  // Nothing: the topic of the commit is gone, or another by now.
  const TopicFacts* FactsFor(const OffsetCommit& commit, bool by_hand) const;
  void Remove(int64_t now_ms, const std::string& id,
              const absl::Status& reason);
  void BeginRound(int64_t now_ms);
  void CompleteRoundIfAllJoined();
  // The topics of the members that there are.
  TopicTable Subscribed() const;
  bool IsOfThisTopic(const std::string& topic,
                     const TopicOffsets& offsets) const;
  void DropOffsetsOfGoneTopics();
  // Durable, and of topics that there are.
  GroupOffsets DurableOffsets() const;
  bool IsBusy() const;
  void BuildOps(Write& write, std::vector<client::MultiOp>& ops) const;
  void RoundWritten(int64_t now_ms);
  void RoundFailed(int64_t now_ms, const absl::Status& status);

  std::string name_;
  std::optional<StoredGroup> stored_;
  std::shared_ptr<const TopicTable> topics_;
  GroupOffsets accepted_;  // `stored_`, and all that was taken since
  bool dirty_ = false;     // there is something to write besides requests

  Phase phase_ = Phase::kEmpty;
  std::map<std::string, Member> members_;
  int64_t round_end_ms_ = 0;        // kJoining
  Round round_;                     // kWriting
  bool another_round_ = false;      // kWriting: begin one at once
  TopicTable assigned_topics_;      // of the latest generation
  Write next_;                      // gathered
  std::optional<Write> under_way_;  // at most one
  std::vector<GroupReply> replies_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_GROUP_GROUP_STATE_H_
