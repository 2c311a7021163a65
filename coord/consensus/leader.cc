// Leading: broadcast with flow control, acks, commit, quorum check, handing
// over, moving to a fresh epoch.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/log_view.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/progress.h"
#include "coord/consensus/quorum.h"
#include "coord/consensus/record.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

// --- Reign
// ----------------------------------------------------------------------

void Core::BecomeLeader() {
  Leader leader;
  leader.since_ms = now_ms_;
  leader.ticked_ms = now_ms_;
  leader.watching_since_ms = now_ms_;
  leader.heartbeat_at_ms = now_ms_;
  leader.newleader = Zxid(epoch(), 0);
  role_ = std::move(leader);
  Emit({EventKind::kBecameLeader, MemberId(), Rule::kNone, epoch(),
        log_.last()});
  ConfigurationChanged();
  AppendToLog({Zxid(epoch(), 0), RecordKind::kNewLeader, nullptr, nullptr});
}

void Core::StepDown() {
  BecomeFollower(MemberId(), "");
  ResetElectionTimer();
}

void Core::TickLeader() {
  if (!HoldsQuorum() && On(Guard::kQuorumCheck)) return StepDown();
  if (log_.last().counter() >= options_.last_counter) {
    return MoveToFreshEpoch(epoch());
  }
  auto& leader = std::get<Leader>(role_);
  for (auto& [id, peer] : leader.peers) TickPeer(peer);
  if (now_ms_ >= leader.heartbeat_at_ms) SendHeartbeats();
  TickTransfer(leader);
  TickAutopilot(leader);
}

void Core::TickPeer(Progress& peer) {
  peer.ObserveFitness(log_, configuration().limits(), now_ms_);
  switch (peer.state) {
    case Progress::State::kAsking:
      if (now_ms_ - peer.asked_ms >= options_.heartbeat_ms) AskHistory(peer);
      return;
    case Progress::State::kSnapshotDue:
      return StartSnapshot(peer);
    case Progress::State::kSnapshotting:
      return TickSnapshot(peer);
    case Progress::State::kStreaming:
    case Progress::State::kShunned:
      return;
  }
}

// True if the voters heard from of late, this one included, are a quorum.
bool Core::HoldsQuorum() const {
  const auto& leader = std::get<Leader>(role_);
  return Effective().HasQuorum([&](MemberId id) {
    if (id == hard_state_.member) return true;
    const auto peer = leader.peers.find(id);
    if (peer == leader.peers.end()) return false;
    const int64_t heard = peer->second.last_heard_ms.value_or(leader.since_ms);
    return now_ms_ - heard < options_.election_ms;
  });
}

// Elects this leader anew in a higher epoch: before the counter runs out, or to
// take back a member that has accepted a higher epoch than this one's.
void Core::MoveToFreshEpoch(Epoch above) {
  Emit({EventKind::kFreshEpoch, MemberId(), Rule::kNone, epoch(), log_.last()});
  StepDown();
  if (!MayCampaign()) return;
  StartCampaign(true, NextEpoch(above), 0);
}

void Core::SendHeartbeats() {
  auto& leader = std::get<Leader>(role_);
  leader.heartbeat_at_ms = now_ms_ + options_.heartbeat_ms;
  for (auto& [id, peer] : leader.peers) {
    if (peer.state == Progress::State::kShunned) continue;
    SendTo(id, peer.address,
           Heartbeat{epoch(), commit_, leader.reads.round(), now_ms_});
  }
}

// --- Broadcast
// --------------------------------------------------------------------

absl::StatusOr<Zxid> Core::Propose(Bytes payload) {
  const absl::Status status = CanPropose(SizeOf(payload));
  if (!status.ok()) return status;
  const Zxid zxid = log_.last().Next();
  AppendToLog({zxid, RecordKind::kTxn, std::move(payload), nullptr});
  return zxid;
}

absl::Status Core::CanPropose(uint64_t bytes) const {
  const auto* leader = std::get_if<Leader>(&role_);
  if (leader == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat(
        "member ", ToString(hard_state_.member), " is a ", RoleName(),
        "; the leader is ",
        this->leader().IsNone() ? "unknown" : ToString(this->leader())));
  }
  if (!leader->transfer_to.IsNone() || Leaving()) {
    return absl::UnavailableError("leadership is changing hands; try again");
  }
  if (log_.last().counter() >= options_.last_counter) {
    return absl::UnavailableError("a fresh epoch is due; try again");
  }
  if (UncommittedBytes() + bytes > options_.max_uncommitted_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat(UncommittedBytes(), " bytes wait for a quorum, at most ",
                     options_.max_uncommitted_bytes, " may; try again later"));
  }
  return absl::OkStatus();
}

uint64_t Core::UncommittedBytes() const {
  return log_.BytesAfter(log_.Contains(commit_) ? commit_ : log_.base());
}

void Core::Replicate() {
  for (auto& [id, peer] : std::get<Leader>(role_).peers) ReplicateTo(peer);
}

void Core::ReplicateTo(Progress& peer) {
  if (peer.state != Progress::State::kStreaming) return;
  if (!log_.Contains(peer.sent)) return AskHistory(peer);  // compacted away
  bool sent_any = false;
  while (peer.sent < log_.last()) {
    const uint64_t inflight = peer.InflightBytes(log_);
    if (inflight >= options_.max_inflight_bytes) break;
    Proposals proposals;
    proposals.epoch = epoch();
    proposals.preceding = peer.sent;
    proposals.commit = commit_;
    log_.CopyAfter(peer.sent,
                   std::min(options_.max_batch_bytes,
                            options_.max_inflight_bytes - inflight),
                   proposals.records);
    peer.sent = proposals.records.back().zxid;
    peer.sent_ms = now_ms_;
    peer.commit_sent = commit_;
    SendTo(peer.key.id, peer.address, std::move(proposals));
    sent_any = true;
  }
  if (sent_any || peer.commit_sent == commit_) return;
  // Nothing to ride on: the commit point goes by itself.
  peer.commit_sent = commit_;
  SendTo(peer.key.id, peer.address, Proposals{epoch(), peer.sent, commit_, {}});
}

void Core::AskHistory(Progress& peer) {
  peer.state = Progress::State::kAsking;
  peer.asked_ms = now_ms_;
  peer.match_when_asked = peer.match;
  SendTo(peer.key.id, peer.address, HistoryRequest{epoch(), ++peer.ask});
}

// The sender, if it is a member of this leader's configuration and answers this
// very reign; nullptr otherwise. It counts as heard.
Progress* Core::PeerOf(const Envelope& envelope, Epoch answered) {
  auto* leader = std::get_if<Leader>(&role_);
  if (leader == nullptr || answered != epoch()) return nullptr;
  const auto found = leader->peers.find(envelope.from.id);
  if (found == leader->peers.end()) return nullptr;
  Progress& peer = found->second;
  const bool same = peer.key.incarnation == envelope.from.incarnation;
  if (!same && On(Guard::kRule4Incarnation)) return nullptr;
  if (peer.state == Progress::State::kShunned) return nullptr;
  peer.Heard(now_ms_, configuration().limits());
  return &peer;
}

void Core::OnHistoryReply(const Envelope& envelope, const HistoryReply& reply) {
  Progress* peer = PeerOf(envelope, reply.epoch);
  if (peer == nullptr) return;
  if (peer->state == Progress::State::kStreaming && reply.ask == 0) {
    return AskHistory(*peer);  // proposals did not fit
  }
  if (peer->state != Progress::State::kAsking || reply.ask != peer->ask) {
    return;
  }
  const std::optional<Zxid> common = log_.LastCommon(reply.base, reply.runs);
  // If we still hold what it had acknowledged, it must have that in common.
  const Zxid shared = common.value_or(Zxid());
  if (log_.Contains(peer->match_when_asked) &&
      shared < peer->match_when_asked && On(Guard::kRule4Incarnation)) {
    if (!IsUnsafe()) return Shun(*peer, shared);
    // A list knows no incarnations: what it has now is believed.
    peer->match = peer->received = shared;
  }
  if (!common.has_value()) return StartSnapshot(*peer);
  peer->state = Progress::State::kStreaming;
  peer->sent = *common;
  peer->received = std::max(peer->match, *common);
  // Even if there is nothing to send, one message must tell it how far its
  // history matches; before that it acknowledges nothing.
  peer->commit_sent.reset();
  const bool truncates = reply.last_zxid != *common;
  Emit({truncates ? EventKind::kSyncTrunc : EventKind::kSyncDiff, peer->key.id,
        Rule::kNone, 0, *common});
}

// The member had acknowledged more than it has now: its disk was copied back or
// lost synced writes. Its acks mean nothing any more (rule 4).
void Core::Shun(Progress& peer, Zxid shared) {
  peer.state = Progress::State::kShunned;
  Refusal refusal = {
      Rule::kIncarnation,
      absl::StrCat("member ", ToString(peer.key.id), " had acknowledged ",
                   ToString(peer.match), " and now has only ", ToString(shared),
                   ": its disk was copied back or lost writes; remove it and "
                   "join under a new id"),
      {},
      {}};
  Count(refusal.rule, peer.key.id, refusal.reason);
  SendTo(peer.key.id, peer.address, Refused{std::move(refusal)});
}

void Core::OnAck(const Envelope& envelope, const Ack& ack) {
  Progress* peer = PeerOf(envelope, ack.epoch);
  if (peer != nullptr) TakeAck(*peer, ack.durable);
}

void Core::TakeAck(Progress& peer, Zxid acked) {
  if (acked <= peer.match) return;
  // Anything that is not in our log was acknowledged in error.
  if (!log_.Contains(acked) && acked > log_.base()) return;
  peer.match = acked;
  peer.received = std::max(peer.received, acked);
  AdvanceCommit();
}

void Core::OnHeartbeatAck(const Envelope& envelope, const HeartbeatAck& ack) {
  Progress* peer = PeerOf(envelope, ack.epoch);
  if (peer == nullptr) return;
  if (ack.sent_ms >= peer->fsync_sent_ms) {  // a late answer is out of date
    peer->fsync_sent_ms = ack.sent_ms;
    peer->fsync_ms = ack.fsync_ms;
  }
  peer->read_round = std::max(peer->read_round, ack.read_round);
  if (peer->state == Progress::State::kStreaming &&
      ack.sent_ms > peer->sent_ms && ack.received < peer->sent) {
    // All that was sent before that heartbeat and is not there is lost.
    AskHistory(*peer);
  } else if (log_.Contains(ack.received)) {
    peer->received = std::max(peer->received, ack.received);
  }
  ConfirmReads();
  TakeAck(*peer, ack.durable);
}

// A member that accepted a higher epoch can never follow this reign. Nobody but
// a member of the configuration can cause a fresh epoch (rule 19); that it got
// so far needed a pre-vote that a quorum granted.
void Core::OnStaleEpoch(const Envelope& envelope, const StaleEpoch& stale) {
  if (!IsLeader() || stale.accepted_epoch <= epoch()) return;
  const bool member = PeerOf(envelope, stale.epoch) != nullptr;
  if (!member && On(Guard::kRule19NoDisturbance)) return;
  MoveToFreshEpoch(stale.accepted_epoch);
}

Zxid Core::OwnAck() const {
  return On(Guard::kSyncBeforeOwnCount) ? durable() : log_.last();
}

// Commits what a quorum has on its disks, but nothing of an earlier epoch by
// count alone: NEWLEADER's commit commits it (Raft paper, section 5.4.2).
void Core::AdvanceCommit() {
  const auto* leader = std::get_if<Leader>(&role_);
  if (leader == nullptr) return;
  auto reached = [&](MemberId id) {
    if (id == hard_state_.member) return OwnAck();
    const auto peer = leader->peers.find(id);
    return peer == leader->peers.end() ? Zxid() : peer->second.match;
  };
  const Zxid quorum = On(Guard::kQuorumOfBothInCommit)
                          ? Effective().QuorumZxid(reached)
                          : MajorityZxid(Effective().voters(), reached);
  if (quorum <= commit_) return;
  if (quorum.epoch() != epoch() && On(Guard::kOwnEpochCommit)) return;
  commit_ = quorum;
  MembershipCommitted();
}

// --- Handing over
// -------------------------------------------------------------------

absl::Status Core::TransferLeadership(MemberId target) {
  if (!IsLeader()) {
    return absl::FailedPreconditionError(
        absl::StrCat("member ", ToString(hard_state_.member), " is a ",
                     RoleName(), ", not the leader"));
  }
  if (target.IsNone()) target = FurthestVoter();
  const Member* member = configuration().Find(target);
  if (member == nullptr || !member->voter || target == hard_state_.member) {
    return absl::InvalidArgumentError(absl::StrCat("no other voter ",
                                                   ToString(target), " in ",
                                                   configuration().Describe()));
  }
  HandOver(target);
  return absl::OkStatus();
}

void Core::HandOver(MemberId target) {
  auto& leader = std::get<Leader>(role_);
  leader.transfer_to = target;
  leader.transfer_until_ms = now_ms_ + options_.election_ms;
  Emit({EventKind::kTransfer, target, Rule::kNone, epoch(), log_.last()});
  TickTransfer(leader);
}

void Core::TickTransfer(Leader& leader) {
  const bool stalled =
      persists_.oldest_ms().has_value() &&
      now_ms_ - *persists_.oldest_ms() > options_.disk_stall_ms;
  if (leader.transfer_to.IsNone()) {
    // A removed leader hands over once it may (rule 18), and one whose disk
    // stands still lets somebody else lead.
    if (!stalled && !Leaving()) return;
    const MemberId heir = FurthestVoter();
    if (!heir.IsNone()) HandOver(heir);
    return;
  }
  const auto peer = leader.peers.find(leader.transfer_to);
  if (peer == leader.peers.end() || now_ms_ >= leader.transfer_until_ms) {
    leader.transfer_to = MemberId();  // gone or too slow: lead on
    return;
  }
  if (peer->second.match != log_.last() && On(Guard::kTransferCaughtUp)) {
    return;
  }
  SendTo(peer->first, peer->second.address, TransferNow{epoch()});
}

// Rule 18: it leads until the configuration without it is committed.
bool Core::Leaving() const {
  const ConfigurationHistory::Entry& newest = history_.Newest();
  const bool committed = newest.zxid <= commit_;
  return !newest.configuration->IsVoter(key()) &&
         (committed || !On(Guard::kRule18OrderlyExit));
}

MemberId Core::FurthestVoter() const {
  const auto& leader = std::get<Leader>(role_);
  const Limits& limits = configuration().limits();
  MemberId furthest;
  Zxid best;
  for (const auto& [id, peer] : leader.peers) {
    const Member* member = configuration().Find(id);
    if (member == nullptr || !member->voter) continue;
    if (!IsInContact(peer.Facts(log_), limits, now_ms_)) continue;
    if (!furthest.IsNone() && peer.match <= best) continue;
    furthest = id;
    best = peer.match;
  }
  return furthest;
}

}  // namespace quorate::consensus
