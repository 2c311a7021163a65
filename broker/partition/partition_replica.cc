#include "broker/partition/partition_replica.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/log/epoch_table.h"
#include "coord/base/check.h"

namespace quorate::broker {
namespace {

// After a proposal was not answered well.
constexpr int64_t kProposePauseMs = 200;

absl::Status WouldLose(int64_t offset, int64_t high_watermark) {
  return absl::DataLossError(
      absl::StrCat("the leader's log parts from this one at offset ", offset,
                   ", below the high watermark ", high_watermark,
                   ": one of both has lost what was acknowledged"));
}

}  // namespace

// --- Image ------------------------------------------------------------------

bool PartitionReplica::Apply(Assignment assignment, int64_t log_end,
                             int64_t now_ms) {
  const PartitionState& next = assignment.state;
  if (has_state_ && next.version <= state().version) return false;
  const bool leads = next.leader == self_;
  // The versions in between may have been another's reign.
  const bool goes_on =
      leads && role_ == Role::kLeader && next.version == state().version + 1;
  has_state_ = true;
  assignment_ = std::move(assignment);
  is_proposing_ = false;
  may_be_taken_ = false;
  maybe_in_sync_.clear();
  if (!goes_on) {
    if (role_ == Role::kLeader) {
      role_ = Role::kFollower;
      FailAll(CheckLeader(-1).ok()
                  ? BrokerError(ErrorKind::kNotLeader, "it has led in between")
                  : CheckLeader(-1));
    }
    role_ = leads                      ? Role::kLeader
            : state().IsReplica(self_) ? Role::kFollower
                                       : Role::kNone;
    if (leads) BeginReign(log_end, now_ms);
  }
  Advance();
  return true;
}

void PartitionReplica::BeginReign(int64_t log_end, int64_t now_ms) {
  reign_start_ = log_end;
  followers_.clear();
  for (const BrokerId id : state().replicas) {
    if (id != self_) followers_[id].caught_up_ms = now_ms;
  }
  looked_ms_ = now_ms;
  propose_after_ms_ = now_ms;
}

absl::Status PartitionReplica::CheckLeader(int32_t epoch) const {
  if (epoch >= 0 && has_state_ && epoch != leader_epoch()) {
    const bool is_old = epoch < leader_epoch();
    return BrokerError(
        is_old ? ErrorKind::kFencedLeaderEpoch : ErrorKind::kUnknownLeaderEpoch,
        absl::StrCat("the leader epoch is ", leader_epoch(), " here, ", epoch,
                     " in the request"),
        assignment_.leader_address);
  }
  if (role_ == Role::kLeader) return absl::OkStatus();
  if (!has_state_ || state().leader == kNoBroker) {
    return BrokerError(ErrorKind::kNoLeader,
                       "no in-sync replica of the partition is alive");
  }
  return BrokerError(
      ErrorKind::kNotLeader,
      absl::StrCat("the leader is broker ", state().leader, ", not ", self_),
      assignment_.leader_address);
}

// --- Leader -----------------------------------------------------------------

absl::Status PartitionReplica::CheckProduce(bool by_all) const {
  absl::Status leads = CheckLeader(-1);
  if (!leads.ok()) return leads;
  const auto in_sync = static_cast<int32_t>(state().isr.size());
  if (by_all && in_sync < assignment_.min_insync_replicas) {
    return BrokerError(
        ErrorKind::kNotEnoughReplicas,
        absl::StrCat(in_sync, " replicas are in sync, at least ",
                     assignment_.min_insync_replicas, " must be"));
  }
  return absl::OkStatus();
}

void PartitionReplica::Await(uint64_t id, int64_t end_offset, bool by_all) {
  QUORATE_CHECK(role_ == Role::kLeader);
  waiting_[id] = {end_offset, by_all};
  (by_all ? by_all_ : by_leader_).emplace(end_offset, id);
  Advance();
}

void PartitionReplica::GiveUp(uint64_t id) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  const Waiting& waiting = found->second;
  (waiting.by_all ? by_all_ : by_leader_).erase({waiting.end_offset, id});
  waiting_.erase(found);
}

std::vector<PartitionReplica::Answer> PartitionReplica::TakeAnswers() {
  return std::exchange(answers_, {});
}

void PartitionReplica::FailAll(const absl::Status& status) {
  for (auto* queue : {&by_leader_, &by_all_}) {
    for (const auto& [end_offset, id] : *queue)
      answers_.push_back({id, status});
    queue->clear();
  }
  waiting_.clear();
}

void PartitionReplica::AnswerThose(bool by_all, int64_t up_to) {
  auto& queue = by_all ? by_all_ : by_leader_;
  while (!queue.empty() && queue.begin()->first <= up_to) {
    const uint64_t id = queue.begin()->second;
    // The set may have shrunk since the request was let in.
    answers_.push_back({id, CheckProduce(by_all)});
    waiting_.erase(id);
    queue.erase(queue.begin());
  }
}

bool PartitionReplica::IsInLargerSet(BrokerId id) const {
  return state().IsInSync(id) || maybe_in_sync_.contains(id);
}

void PartitionReplica::Advance() {
  if (role_ != Role::kLeader) return;
  int64_t lowest = durable_end_;
  for (const BrokerId id : state().replicas) {
    if (id == self_ || !IsInLargerSet(id)) continue;
    lowest = std::min(lowest, followers_[id].fetch_offset);
  }
  high_watermark_ = std::max(high_watermark_, lowest);
  AnswerThose(/*by_all=*/false, durable_end_);
  AnswerThose(/*by_all=*/true, high_watermark_);
}

absl::StatusOr<std::optional<EpochTable::End>>
PartitionReplica::OnFollowerFetch(const FollowerFetch& fetch,
                                  const EpochTable& epochs, int64_t log_start,
                                  int64_t log_end, int64_t now_ms) {
  // It must know: an older fetch may tell what is true no more.
  absl::Status leads = CheckLeader(std::max(fetch.leader_epoch, 0));
  if (!leads.ok()) return leads;
  const auto found = followers_.find(fetch.replica_id);
  if (found == followers_.end()) {
    return BrokerError(
        ErrorKind::kBadRequest,
        absl::StrCat("broker ", fetch.replica_id, " is no follower here"));
  }
  Follower& follower = found->second;
  if (fetch.broker_epoch < follower.broker_epoch) {
    return BrokerError(
        ErrorKind::kStaleBroker,
        absl::StrCat("broker ", fetch.replica_id, " has registered again"));
  }
  if (fetch.broker_epoch > follower.broker_epoch) {
    // Another life, perhaps with another disk.
    follower.broker_epoch = fetch.broker_epoch;
    follower.fetch_offset = follower.fetched_ms = -1;
  }
  const auto out_of_range = [&] {
    return BrokerError(ErrorKind::kOffsetOutOfRange,
                       absl::StrCat("the log has ", log_start, " to ", log_end,
                                    ", asked for ", fetch.offset));
  };
  if (fetch.offset < log_start) return out_of_range();
  if (fetch.last_fetched_epoch >= 0) {
    const EpochTable::End end =
        epochs.EndFor(fetch.last_fetched_epoch, log_end);
    if (end.epoch != fetch.last_fetched_epoch ||
        end.end_offset < fetch.offset) {
      return std::optional<EpochTable::End>(end);
    }
  } else if (fetch.offset > log_end) {
    return out_of_range();
  }
  Heard(follower, fetch, now_ms);
  Advance();
  return std::optional<EpochTable::End>();
}

void PartitionReplica::Heard(Follower& follower, const FollowerFetch& fetch,
                             int64_t now_ms) {
  if (fetch.offset >= durable_end_) {
    follower.caught_up_ms = now_ms;
  } else if (follower.fetched_ms >= 0 &&
             fetch.offset >= follower.end_when_fetched) {
    // It has all that there was when it asked the last time.
    follower.caught_up_ms =
        std::max(follower.caught_up_ms, follower.fetched_ms);
  }
  follower.fetched_ms = now_ms;
  follower.end_when_fetched = durable_end_;
  // A late packet tells less than is known.
  follower.fetch_offset = std::max(follower.fetch_offset, fetch.offset);
}

std::vector<BrokerId> PartitionReplica::BestIsr(int64_t now_ms) const {
  std::vector<BrokerId> isr;
  for (const BrokerId id : state().replicas) {
    if (id == self_) {
      isr.push_back(id);
      continue;
    }
    const Follower& follower = followers_.at(id);
    const bool is_late = now_ms - follower.caught_up_ms > replica_lag_ms_;
    const bool has_caught_up =
        follower.fetched_ms >= 0 &&
        follower.fetch_offset >= std::max(high_watermark_, reign_start_);
    if (!is_late && (state().IsInSync(id) || has_caught_up)) isr.push_back(id);
  }
  return isr;
}

std::optional<PartitionReplica::Proposal> PartitionReplica::Propose(
    uint64_t own_broker_epoch, int64_t now_ms) {
  if (role_ != Role::kLeader) return std::nullopt;
  // If nobody looked for long, this process was paused, and has not had the
  // time to hear the followers.
  const int64_t gap_ms = now_ms - std::exchange(looked_ms_, now_ms);
  if (gap_ms > replica_lag_ms_ / 2) {
    for (auto& [id, follower] : followers_) follower.caught_up_ms += gap_ms;
  }
  if (is_proposing_ || now_ms < propose_after_ms_) return std::nullopt;
  std::vector<BrokerId> isr = BestIsr(now_ms);
  if (isr == state().isr) {
    // Asking again is what settles whether somebody was taken in.
    const bool is_settled =
        std::all_of(maybe_in_sync_.begin(), maybe_in_sync_.end(),
                    [&](BrokerId id) { return state().IsInSync(id); });
    if (is_settled) return std::nullopt;
    isr = proposed_.isr;
  }
  proposed_ = WithEpochs(std::move(isr), own_broker_epoch);
  maybe_in_sync_.insert(proposed_.isr.begin(), proposed_.isr.end());
  is_proposing_ = true;
  return proposed_;
}

PartitionReplica::Proposal PartitionReplica::WithEpochs(
    std::vector<BrokerId> isr, uint64_t own_broker_epoch) const {
  Proposal proposal;
  for (const BrokerId id : isr) {
    proposal.broker_epochs.push_back(
        id == self_ ? own_broker_epoch : followers_.at(id).broker_epoch);
  }
  proposal.isr = std::move(isr);
  return proposal;
}

void PartitionReplica::ProposalAnswered(const absl::Status& status,
                                        int64_t now_ms) {
  if (!is_proposing_) return;
  is_proposing_ = false;
  if (status.ok()) return;
  propose_after_ms_ = now_ms + kProposePauseMs;
  // These are decided before anything is written.
  const bool is_refused =
      Is(status, ErrorKind::kStaleBroker) || Is(status, ErrorKind::kBadRequest);
  may_be_taken_ = may_be_taken_ || !is_refused;
  if (!may_be_taken_) {
    maybe_in_sync_.clear();
    Advance();
  }
}

// --- Both -------------------------------------------------------------------

void PartitionReplica::Durable(int64_t durable_end) {
  durable_end_ = durable_end;
  Advance();
}

// --- Follower ---------------------------------------------------------------

void PartitionReplica::OnLeaderHighWatermark(int64_t high_watermark) {
  if (role_ != Role::kFollower) return;
  high_watermark_ =
      std::max(high_watermark_, std::min(high_watermark, durable_end_));
}

absl::StatusOr<PartitionReplica::Cut> PartitionReplica::CutFor(
    const EpochTable::End& divergence, const EpochTable& epochs,
    int64_t log_end) const {
  Cut cut;
  cut.whole = divergence.epoch < 0;
  cut.offset = divergence.end_offset;
  if (!cut.whole) {
    const EpochTable::End own = epochs.EndFor(divergence.epoch, log_end);
    cut.offset = std::min({cut.offset, own.end_offset, log_end});
  }
  if (cut.offset < high_watermark_) {
    return WouldLose(cut.offset, high_watermark_);
  }
  return cut;
}

absl::StatusOr<PartitionReplica::Cut> PartitionReplica::CutForStart(
    int64_t leader_log_start) const {
  if (leader_log_start < high_watermark_) {
    return WouldLose(leader_log_start, high_watermark_);
  }
  return Cut{true, leader_log_start};
}

void PartitionReplica::OnReset(int64_t offset) {
  durable_end_ = high_watermark_ = offset;
}

}  // namespace quorate::broker
