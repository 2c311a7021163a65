// Campaigns and votes: pre-vote, vote, stickiness, leadership transfer.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/functional/function_ref.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/persist_queue.h"
#include "coord/consensus/quorum.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

void Core::ResetElectionTimer() {
  election_at_ms_ = now_ms_ + random_.Between(options_.election_ms,
                                              2 * options_.election_ms - 1);
}

void Core::CampaignOrAsk() {
  if (MayCampaign()) {
    const bool pre = On(Guard::kPreVote) && On(Guard::kRule19NoDisturbance);
    return StartCampaign(pre, NextEpoch(), 0);
  }
  // Rule 20: without a vote it never campaigns; it asks whether it belongs.
  BecomeFollower(MemberId(), "");
  ResetElectionTimer();
  AskWhetherMember();
}

// One above every epoch that this member or a voter it heard has accepted, and
// above `above`.
Epoch Core::NextEpoch(Epoch above) const {
  const Epoch highest = std::max({epoch(), epoch_floor_, above});
  return IsUnsafe() ? static_membership_->NextEpoch(highest) : highest + 1;
}

void Core::StartCampaign(bool pre, Epoch aim, Epoch transfer_of) {
  if (aim == 0) {  // wrapped around
    return Stop({Rule::kBadStorage,
                 "the last epoch is used up; rescue into a new ensemble",
                 {},
                 {}});
  }
  BecomeFollower(MemberId(), "");  // answers whatever reads still wait
  Candidate candidate;
  candidate.pre = pre;
  candidate.epoch = aim;
  candidate.transfer_of = transfer_of;
  role_ = std::move(candidate);
  ResetElectionTimer();
  if (pre) {
    std::get<Candidate>(role_).votes[hard_state_.member] = true;
    SendToVoters(PreVote{aim, log_.last()});
    return DecideCampaign();
  }
  Emit({EventKind::kCampaign, MemberId(), Rule::kNone, aim, log_.last()});
  hard_state_.accepted_epoch = aim;
  hard_state_.voted_for = key();
  SaveHardState();
  SendToVoters(Vote{aim, log_.last(), transfer_of});
  CountOwnVote();
}

void Core::SendToVoters(const Message& message) {
  for (const Member& member : Effective().members()) {
    if (member.IsLearner() || member.id == hard_state_.member) continue;
    SendDurably(member.id, member.address, message);
  }
}

// A vote is a promise: its own counts once it is durable, like any other.
void Core::CountOwnVote() {
  auto* candidate = std::get_if<Candidate>(&role_);
  if (candidate == nullptr || candidate->pre) return;
  const bool durable = persists_.durable_epoch() >= candidate->epoch;
  if (!durable && On(Guard::kSyncBeforeOwnCount)) return;
  candidate->votes[hard_state_.member] = true;
  DecideCampaign();
}

void Core::DecideCampaign() {
  const auto& candidate = std::get<Candidate>(role_);
  auto vote = [&](MemberId voter) -> std::optional<bool> {
    const auto answer = candidate.votes.find(voter);
    if (answer == candidate.votes.end()) return std::nullopt;
    return answer->second;
  };
  const VoteResult result = On(Guard::kQuorumOfBothInElection)
                                ? Effective().Vote(vote)
                                : MajorityVote(Effective().voters(), vote);
  if (result != VoteResult::kWon) return;  // lost: the timer ends it
  if (candidate.pre) {
    // In just the epoch that was asked for.
    return StartCampaign(false, candidate.epoch, candidate.transfer_of);
  }
  BecomeLeader();
}

void Core::OnPreVote(const Envelope& envelope, const PreVote& request) {
  const bool granted = request.epoch > epoch() &&
                       WouldVote(envelope, request.epoch, request.last_zxid, 0);
  SendDurably(envelope.from.id, envelope.from_address,
              PreVoteReply{request.epoch, granted, epoch()});
}

void Core::OnVote(const Envelope& envelope, const Vote& request) {
  if (!WouldVote(envelope, request.epoch, request.last_zxid,
                 request.transfer_of)) {
    return SendDurably(envelope.from.id, envelope.from_address,
                       VoteReply{request.epoch, false, epoch()});
  }
  hard_state_.accepted_epoch = request.epoch;
  hard_state_.voted_for = envelope.from;
  SaveHardState();
  BecomeFollower(MemberId(), "");
  ResetElectionTimer();
  SendDurably(envelope.from.id, envelope.from_address,
              VoteReply{request.epoch, true, request.epoch});
}

// The epoch of a refused candidate changes nothing here: only a vote given, or
// a leader that was elected, moves this member to a higher epoch (rule 19).
bool Core::WouldVote(const Envelope& envelope, Epoch asked, Zxid last_zxid,
                     Epoch transfer_of) const {
  const bool again = asked == epoch() && hard_state_.voted_for == envelope.from;
  const bool free = asked > epoch() || again ||
                    (asked == epoch() && !On(Guard::kVoteOncePerEpoch));
  if (!free) return false;
  if (last_zxid < log_.last() && On(Guard::kHistoryRankInVote)) return false;
  // Rule 20: a learner may have been promoted without knowing it yet, so it
  // grants its vote like everybody else; who counts it is the candidate's
  // configuration's business.
  if (!On(Guard::kRule20WhoVotes) && !MayCampaign()) return false;
  const bool asked_by_leader = transfer_of != 0 && transfer_of == epoch();
  return asked_by_leader || !On(Guard::kStickiness) ||
         !On(Guard::kRule19NoDisturbance) ||
         !HearsALeaderOtherThan(envelope.from.id);
}

// A leader that moves to a fresh epoch asks its own followers: that is no
// disturbance, so only another candidate is turned away.
bool Core::HearsALeaderOtherThan(MemberId candidate) const {
  if (IsLeader()) return HoldsQuorum();
  const auto* follower = std::get_if<Follower>(&role_);
  return follower != nullptr && !follower->leader.IsNone() &&
         follower->leader != candidate &&
         now_ms_ - follower->heard_ms < options_.election_ms;
}

void Core::OnPreVoteReply(const Envelope& envelope, const PreVoteReply& reply) {
  if (IsUnsafe()) {
    static_membership_->Note(envelope.from.id, reply.accepted_epoch);
  }
  const auto* candidate = std::get_if<Candidate>(&role_);
  if (candidate == nullptr || !candidate->pre ||
      candidate->epoch != reply.epoch) {
    return;
  }
  NoteAnswer(envelope, reply.accepted_epoch, reply.granted);
}

void Core::OnVoteReply(const Envelope& envelope, const VoteReply& reply) {
  if (IsUnsafe()) {
    static_membership_->Note(envelope.from.id, reply.accepted_epoch);
  }
  const auto* candidate = std::get_if<Candidate>(&role_);
  if (candidate == nullptr || candidate->pre ||
      candidate->epoch != reply.epoch) {
    return;
  }
  NoteAnswer(envelope, reply.accepted_epoch, reply.granted);
}

// Only voters of our own configuration count, by id and incarnation (rule 4),
// and only they can make us aim at a higher epoch (rule 19).
void Core::NoteAnswer(const Envelope& envelope, Epoch accepted_epoch,
                      bool granted) {
  const Member* voter = On(Guard::kRule4Incarnation)
                            ? Effective().Find(envelope.from)
                            : Effective().Find(envelope.from.id);
  if (voter == nullptr || voter->IsLearner()) return;
  epoch_floor_ = std::max(epoch_floor_, accepted_epoch);
  std::get<Candidate>(role_).votes[envelope.from.id] = granted;
  DecideCampaign();
}

void Core::OnTransferNow(const Envelope& envelope, const TransferNow& order) {
  const auto* follower = std::get_if<Follower>(&role_);
  if (follower == nullptr || follower->leader != envelope.from.id ||
      order.epoch != epoch() || !MayCampaign()) {
    return;
  }
  StartCampaign(false, NextEpoch(), order.epoch);
}

}  // namespace quorate::consensus
