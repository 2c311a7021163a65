// Core: one member's part in the consensus protocol, as a pure state machine.
//
// Messages, ticks and requests go in; one Output comes out. It has no threads,
// files, sockets or clocks; its only chance is the generator that it is given.
// The same inputs in the same order give the same outputs. PROTOCOL.md explains
// the protocol; output.h states what the driver owes.
//
//   Core core(options, recovered, seed);
//   for (;;) {
//     core.Step(...) or core.Tick(elapsed_ms) or core.Propose(...) ...
//     Output output = core.TakeOutput();
//     persist it, send its messages, apply what is committed
//     core.Persisted(output.persist_id);
//   }
//
// Not thread-safe: one thread drives it, or a lock does.

#ifndef QUORATE_COORD_CONSENSUS_CORE_H_
#define QUORATE_COORD_CONSENSUS_CORE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/configuration_history.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/log_view.h"
#include "coord/consensus/message.h"
#include "coord/consensus/options.h"
#include "coord/consensus/output.h"
#include "coord/consensus/persist_queue.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/static_membership.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

// Where a membership change stands (rule 18).
enum class ChangeState {
  kUnknown,    // never accepted, or forgotten (kRememberedChanges)
  kPending,    // appended, not committed
  kJoint,      // the joint configuration is committed
  kCommitted,  // the final configuration is committed
  kDone,       // and something after it: old members may be shut down
};
absl::string_view ChangeStateName(ChangeState state);

class Core {
 public:
  // `recovered` is what the driver found on disk; for an empty disk its hard
  // state names only the member id and a freshly drawn incarnation, and must be
  // durable before the core is made. A recovered state that contradicts the
  // options gives a core that is stopped and says why (stop_reason()).
  Core(Options options, DurableState recovered, uint64_t seed);

  // A message arrived. Bad ones are refused and counted, never trusted.
  void Step(const Envelope& envelope);

  // Time went on by `elapsed_ms` of a monotonic clock since the last call. To
  // be called about twice every heartbeat.
  void Tick(int64_t elapsed_ms);

  // See output.h. Persisted(0) does nothing.
  void Persisted(uint64_t persist_id);
  // A write, sync or truncation failed, or damage was found (rule 21).
  void StorageFailed(const std::string& what);
  // Slowest fsync of late, reported to the leader (rule 12).
  void ReportFsync(int64_t fsync_ms) { fsync_ms_ = fsync_ms; }

  // Appends a txn. FailedPrecondition: not the leader. Unavailable: leadership
  // or the epoch is just changing hands; try again. ResourceExhausted: too much
  // waits for a quorum. The txn is committed only when it comes out in
  // Output::committed under the zxid returned.
  absl::StatusOr<Zxid> Propose(Bytes payload);
  // What Propose() would say now of a payload of at most so many bytes.
  absl::Status CanPropose(uint64_t bytes) const;

  // Asks from which zxid on a local read is linearizable. The answer comes in
  // Output::reads, always, unless the member stops. `token` is the caller's.
  void RequestRead(uint64_t token);

  // Asks for a change of membership; PlanMembership only asks (dry run). On a
  // member that is not the leader both refuse by rule 8.
  AdmissionDecision ChangeMembership(const MembershipChange& change);
  AdmissionDecision PlanMembership(const MembershipChange& change) const;
  ChangeState StateOfChange(uint64_t change_id) const;

  // Hands leadership to `target`, or to the voter that is furthest if none.
  // FailedPrecondition: not the leader. InvalidArgument: no such other voter.
  absl::Status TransferLeadership(MemberId target);

  // The driver has made a snapshot durable that contains everything applied up
  // to `meta.zxid`. Older records may be dropped; log().base() says up to
  // where. REQUIRES: meta.zxid <= applied().
  void SnapshotTaken(const SnapshotMeta& meta);
  // The configuration to store with a snapshot at `zxid`, and its zxid.
  // REQUIRES: zxid <= applied(), and at or above the newest snapshot.
  ConfigurationHistory::Entry ConfigurationAt(Zxid zxid) const;
  // A follower waits for a snapshot, and there is none fit for it: the driver
  // takes one now. Only with unsafe static membership.
  bool NeedsSnapshot() const;
  // Snapshots that chunks are being sent of: the driver keeps their files.
  std::set<Zxid> SnapshotsInUse() const;

  Output TakeOutput();

  // --- What it knows, for status, metrics, tests and checks ---------------
  const Role& role() const { return role_; }
  bool IsLeader() const { return std::holds_alternative<Leader>(role_); }
  bool IsStopped() const { return std::holds_alternative<Stopped>(role_); }
  // "joining", "founding", "learner", "follower", "candidate", "leader",
  // "stopped".
  absl::string_view RoleName() const;
  MemberId leader() const;  // none: unknown
  Epoch epoch() const { return hard_state_.accepted_epoch; }
  const HardState& hard_state() const { return hard_state_; }
  MemberKey key() const {
    return {hard_state_.member, hard_state_.incarnation};
  }
  const Options& options() const { return options_; }
  // It runs with static membership, to show the outage.
  bool IsUnsafe() const { return static_membership_.has_value(); }
  const LogView& log() const { return log_; }
  const ConfigurationHistory& configurations() const { return history_; }
  const Configuration& configuration() const {
    return *history_.Newest().configuration;
  }
  const std::optional<SnapshotMeta>& snapshot() const { return snapshot_; }
  Zxid commit() const { return commit_; }
  // Last record handed out in Output::committed.
  Zxid applied() const { return applied_; }
  Zxid durable() const { return persists_.durable(); }
  int64_t now_ms() const { return now_ms_; }
  // Refusals so far, of messages and of changes, by rule number.
  const std::array<uint64_t, kRuleCount>& refusals() const { return refusals_; }
  // Why it stopped; nullptr while it runs.
  const Refusal* stop_reason() const;
  // What a leader knows of its members; nothing on others.
  std::optional<AdmissionFacts> Facts() const;

 private:
  // core.cc: what is common to all roles.
  void RecoverOrStop(const DurableState& recovered);
  void StartRole();
  void StartAsMember();
  bool Admissible(const Envelope& envelope);
  bool AdmissibleSender(const Envelope& envelope);
  void RefuseOtherEnsemble(const Envelope& envelope);
  void Dispatch(const Envelope& envelope);
  void Stop(Refusal why);
  void Send(const Envelope& to, Message message);  // answers `to`
  void SendTo(const Member& member, Message message);
  void SendTo(MemberId id, const std::string& address, Message message);
  // Sends once the newest hard state is durable.
  void SendDurably(MemberId id, const std::string& address, Message message);
  Envelope MakeEnvelope(MemberId id, const std::string& address,
                        Message message) const;
  void Refuse(const Envelope& envelope, Refusal refusal);
  void Count(Rule rule, MemberId peer, const std::string& reason = "");
  void Emit(Event event) { output_.events.push_back(event); }
  // What `hard_state_` says now is to be made durable.
  void SaveHardState() { output_.hard_state = hard_state_; }
  void AppendToLog(Record record);
  void TruncateLog(Zxid zxid);
  void ResetLog(const SnapshotMeta& meta);
  void HandOutCommitted();
  void FinishPersist();
  // This output holds something that a message may have to wait for.
  bool PromisePending() const;
  // The configuration that counts (rule 10).
  const Configuration& Effective() const;
  bool MayCampaign() const;
  bool SettledAway(MemberId id) const;

  // founding.cc: founders and joiners.
  void StartFounding();
  void TickFounding(Founding& founding);
  void TellMissing(Founding& founding);
  void TickJoining(Joining& joining);
  void OnFoundingConfirm(const Envelope& envelope,
                         const FoundingConfirm& confirm);
  void OnFounded(const Envelope& envelope, const Founded& founded);
  void OnFoundingVeto(const Envelope& envelope, const FoundingVeto& veto);
  void FoundIfUnanimous(const Founding& founding);
  void AnswerLateFounder(const Envelope& envelope,
                         const FoundingConfirm& confirm,
                         absl::FunctionRef<void(Rule, std::string)> veto);
  void EnterEnsemble(EnsembleId ensemble);
  bool MintedInVain() const;
  std::string NextAddress();
  void OnJoinReply(const Envelope& envelope, const JoinReply& reply);

  // election.cc: campaigns and votes.
  void ResetElectionTimer();
  void CampaignOrAsk();
  Epoch NextEpoch(Epoch above = 0) const;
  void StartCampaign(bool pre, Epoch aim, Epoch transfer_of);
  void OnPreVote(const Envelope& envelope, const PreVote& request);
  void OnVote(const Envelope& envelope, const Vote& request);
  void OnPreVoteReply(const Envelope& envelope, const PreVoteReply& reply);
  void OnVoteReply(const Envelope& envelope, const VoteReply& reply);
  void OnTransferNow(const Envelope& envelope, const TransferNow& order);
  bool WouldVote(const Envelope& envelope, Epoch asked, Zxid last_zxid,
                 Epoch transfer_of) const;
  bool HearsALeaderOtherThan(MemberId candidate) const;
  void NoteAnswer(const Envelope& envelope, Epoch accepted_epoch, bool granted);
  void CountOwnVote();
  void DecideCampaign();
  void SendToVoters(const Message& message);

  // follower.cc: following a leader.
  void BecomeFollower(MemberId leader, const std::string& address);
  // Follows the sender if its epoch allows; false if the message is void.
  bool FollowSender(const Envelope& envelope, Epoch sender_epoch);
  void OnHistoryRequest(const Envelope& envelope,
                        const HistoryRequest& request);
  void OnProposals(const Envelope& envelope, const Proposals& proposals);
  bool AcceptRecords(const Proposals& proposals);
  void OnHeartbeat(const Envelope& envelope, const Heartbeat& heartbeat);
  void OnSnapshotChunk(const Envelope& envelope, const SnapshotChunk& chunk);
  void SendHistory(uint64_t ask);
  void SendAck();
  void FollowCommit(Follower& follower, Zxid commit);
  Zxid AckZxid(const Follower& follower) const;
  void AskWhetherMember();

  // leader.cc: leading.
  void BecomeLeader();
  void StepDown();
  void TickLeader();
  void SendHeartbeats();
  void Replicate();
  void ReplicateTo(Progress& peer);
  void TickPeer(Progress& peer);
  void AskHistory(Progress& peer);
  void Shun(Progress& peer, Zxid shared);
  void OnHistoryReply(const Envelope& envelope, const HistoryReply& reply);
  void OnAck(const Envelope& envelope, const Ack& ack);
  void OnHeartbeatAck(const Envelope& envelope, const HeartbeatAck& ack);
  void OnStaleEpoch(const Envelope& envelope, const StaleEpoch& stale);
  Progress* PeerOf(const Envelope& envelope, Epoch answered);
  void TakeAck(Progress& peer, Zxid acked);
  void AdvanceCommit();
  Zxid OwnAck() const;
  bool HoldsQuorum() const;
  void MoveToFreshEpoch(Epoch above);
  void HandOver(MemberId target);
  void TickTransfer(Leader& leader);
  bool Leaving() const;
  MemberId FurthestVoter() const;
  uint64_t UncommittedBytes() const;

  // snapshot_transfer.cc: the leader's side of SNAP.
  void StartSnapshot(Progress& peer);
  void SendChunk(Progress& peer);
  void TickSnapshot(Progress& peer);
  void OnSnapshotAck(const Envelope& envelope, const SnapshotAck& ack);
  size_t TransfersUnderWay() const;

  // reads.cc: linearizable reads.
  void OnReadRequest(const Envelope& envelope, const ReadRequest& request);
  void OnReadReply(const Envelope& envelope, const ReadReply& reply);
  void LeadRead(MemberId from, uint64_t token);
  void StartReadRound();
  void ForwardReads(Follower& follower);
  void TickReads(Follower& follower);
  void FailReads(const std::vector<uint64_t>& tokens);
  void ConfirmReads();
  void AnswerRead(const ReadQueue::Read& read, bool ok);

  // unsafe.cc: static membership, to show the outage.
  void BelieveListOrStop();
  std::optional<Refusal> CheckSafety() const;
  void StartStatic();
  bool IsStaticPeer(MemberId id) const;
  bool MayFollow(const Envelope& envelope, Epoch sender_epoch);
  Zxid TruncationFloor() const;
  HistoryReply HistoryAboveFloor(uint64_t ask) const;
  void RollBack();
  bool SnapshotIsFit() const;
  void BelieveOwnHistory();

  // membership.cc: changes of configuration.
  void TickAutopilot(Leader& leader);
  void AppendConfiguration(Configuration next);
  void ConfigurationChanged();
  void MembershipCommitted();
  void TellRemoved();
  Refusal WasRemovedRefusal(MemberId id) const;
  Refusal OtherIncarnation(const Member& known) const;
  void OnJoinRequest(const Envelope& envelope);
  void AdmitJoiner(const Envelope& envelope);
  void OnRefused(const Envelope& envelope, const Refused& refused);

  Options options_;
  SeededRandom random_;
  HardState hard_state_;
  std::optional<SnapshotMeta> snapshot_;
  LogView log_;
  ConfigurationHistory history_;
  std::optional<StaticMembership> static_membership_;  // nothing: safe
  PersistQueue persists_;
  Role role_;

  Zxid commit_;
  Zxid applied_;
  int64_t now_ms_ = 0;
  int64_t election_at_ms_ = 0;
  int64_t fsync_ms_ = 0;
  // Highest epoch that a voter was found to have accepted; a campaign aims
  // above it. Volatile: it only saves a round.
  Epoch epoch_floor_ = 0;
  uint64_t next_persist_id_ = 1;
  // Begins at random in every life, so that a late answer to an earlier life
  // of this member answers nothing.
  uint64_t next_read_batch_;
  size_t next_address_ = 0;
  std::array<uint64_t, kRuleCount> refusals_ = {};

  Output output_;
  // Messages of this output that wait for its own hard state.
  std::vector<Envelope> held_;
};

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_CORE_H_
