#include "coord/consensus/core.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/configuration_history.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/persist_queue.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {
namespace {

template <typename... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <typename... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

Zxid EndOf(const DurableState& state) {
  return state.log.empty() ? state.log_base : state.log.back().zxid;
}

// Messages that a member without an ensemble may act on (rule 2).
bool IsForNewcomers(const Message& message) {
  return std::holds_alternative<FoundingConfirm>(message) ||
         std::holds_alternative<FoundingVeto>(message) ||
         std::holds_alternative<Founded>(message) ||
         std::holds_alternative<JoinReply>(message) ||
         std::holds_alternative<Refused>(message);
}

// Messages that a member without an ensemble may send.
bool IsFromNewcomers(const Message& message) {
  return std::holds_alternative<FoundingConfirm>(message) ||
         std::holds_alternative<FoundingVeto>(message) ||
         std::holds_alternative<JoinRequest>(message);
}

// Answers; refusing one of these could make two members refuse each other for
// ever.
bool IsFinalWord(const Message& message) {
  return std::holds_alternative<Refused>(message) ||
         std::holds_alternative<FoundingVeto>(message) ||
         std::holds_alternative<JoinReply>(message);
}

}  // namespace

Core::Core(Options options, DurableState recovered, uint64_t seed)
    : options_(std::move(options)),
      random_(seed),
      hard_state_(recovered.hard_state),
      snapshot_(recovered.snapshot),
      log_(recovered.log_base),
      persists_(EndOf(recovered), recovered.hard_state.accepted_epoch),
      next_read_batch_(random_.Next()) {
  if (!options_.static_members.empty()) BelieveListOrStop();
  if (!IsStopped()) RecoverOrStop(recovered);
  if (!IsStopped()) StartRole();
}

void Core::RecoverOrStop(const DurableState& recovered) {
  if (hard_state_.member.IsNone() || hard_state_.incarnation.IsNone()) {
    return Stop({Rule::kBadStorage,
                 "the data directory names no member id or incarnation; "
                 "restore it or start with an empty one",
                 {},
                 {}});
  }
  if (snapshot_.has_value()) {
    commit_ = applied_ = snapshot_->zxid;
    if (On(Guard::kSnapshotConfiguration)) {
      history_.Reset(snapshot_->configuration_zxid, snapshot_->configuration);
    }
  }
  for (const Record& record : recovered.log) {
    if (!log_.Follows(record.zxid)) {
      return Stop({Rule::kBadStorage,
                   absl::StrCat("record ", ToString(record.zxid),
                                " does not follow ", ToString(log_.last()),
                                " in the log; repair it from the peers"),
                   {},
                   {}});
    }
    log_.Append(record);
    if (record.CarriesConfiguration() && record.zxid > applied_) {
      history_.Append(record.zxid, record.configuration);
    }
  }
  if (!log_.Contains(applied_)) {
    return Stop({Rule::kBadStorage,
                 absl::StrCat("the log does not contain the snapshot's record ",
                              ToString(applied_), "; repair it from the peers"),
                 {},
                 {}});
  }
}

void Core::StartRole() {
  if (std::optional<Refusal> refusal = CheckSafety()) {
    return Stop(*std::move(refusal));
  }
  if (IsUnsafe()) return StartStatic();
  if (hard_state_.removed) {
    return Stop({Rule::kOrderlyExit,
                 absl::StrCat("member ", ToString(hard_state_.member),
                              " was removed from the ensemble; to come back, "
                              "join with an empty disk under a new id"),
                 {},
                 {}});
  }
  if (MintedInVain()) {
    hard_state_.ensemble = EnsembleId();
    return StartFounding();
  }
  if (!hard_state_.ensemble.IsNone()) return StartAsMember();
  if (options_.manifest.has_value() == !options_.seeds.empty()) {
    return Stop({Rule::kNoSelfStart,
                 "the disk is empty: give either a manifest to found an "
                 "ensemble or seeds to join one",
                 {},
                 {}});
  }
  if (options_.manifest.has_value()) return StartFounding();
  role_ = Joining{};
}

void Core::StartAsMember() {
  const bool other_manifest =
      options_.manifest.has_value() &&
      options_.manifest->Hash() != hard_state_.manifest_hash;
  if (other_manifest && On(Guard::kRule6OneTruth)) {
    return Stop({Rule::kOneTruth,
                 absl::StrCat("the data directory belongs to ensemble ",
                              ToString(hard_state_.ensemble),
                              ", which was not founded from this manifest; "
                              "start without it, membership is in the log"),
                 {},
                 {}});
  }
  BecomeFollower(MemberId(), "");
  ResetElectionTimer();
}

void Core::Step(const Envelope& envelope) {
  if (IsStopped() || !Admissible(envelope)) return;
  Dispatch(envelope);
}

bool Core::Admissible(const Envelope& envelope) {
  const Message& message = envelope.message;
  if (!envelope.to.IsNone() && envelope.to != hard_state_.member) {
    Count(Rule::kNoResurrection, envelope.from.id,  // an address used again
          absl::StrCat("member ", ToString(envelope.from.id),
                       " takes this address, ", options_.address,
                       ", for that of member ", ToString(envelope.to),
                       "; it is that of member ", ToString(hard_state_.member),
                       ": correct the list of one of them"));
    return false;
  }
  if (hard_state_.ensemble.IsNone()) {
    if (IsForNewcomers(message) || !On(Guard::kRule2NoSelfStart)) return true;
    Count(Rule::kNoSelfStart, envelope.from.id);
    return false;
  }
  if (envelope.ensemble != hard_state_.ensemble &&
      On(Guard::kRule1EnsembleId)) {
    if (envelope.ensemble.IsNone() && IsFromNewcomers(message)) return true;
    RefuseOtherEnsemble(envelope);
    return false;
  }
  return AdmissibleSender(envelope);
}

void Core::RefuseOtherEnsemble(const Envelope& envelope) {
  if (IsFinalWord(envelope.message)) {
    Count(Rule::kEnsembleId, envelope.from.id);
    // It changes nothing here, but whoever reads our log learns why.
    if (const auto* refused = std::get_if<Refused>(&envelope.message)) {
      Emit({EventKind::kRefusedByPeer, envelope.from.id, Rule::kEnsembleId, 0,
            Zxid(), refused->refusal.reason});
    }
    return;
  }
  const bool left_behind = envelope.ensemble == configuration().parent() &&
                           !envelope.ensemble.IsNone();
  Refuse(envelope,
         {Rule::kEnsembleId,
          absl::StrCat(
              "expected ensemble ", ToString(hard_state_.ensemble), ", found ",
              ToString(envelope.ensemble),
              left_behind
                  ? absl::StrCat(
                        ", from which it was rescued: member ",
                        ToString(envelope.from.id),
                        " can never come back; stop it, and let it join with "
                        "an empty directory under a new id")
                  : absl::StrCat("; correct the address list of member ",
                                 ToString(envelope.from.id))),
          {},
          {}});
}

// A sender is judged by the committed configuration, as only that is for ever:
// an uncommitted one may name an incarnation that never comes to be.
bool Core::AdmissibleSender(const Envelope& envelope) {
  const Message& message = envelope.message;
  const MemberKey& from = envelope.from;
  if (IsUnsafe() && !IsStaticPeer(from.id)) {
    Count(Rule::kOneTruth, from.id);
    return false;
  }
  const Configuration& committed = *history_.At(commit_).configuration;
  const Member* known = committed.Find(from.id);
  const bool stranger =
      known != nullptr && known->incarnation != from.incarnation;
  if (stranger && On(Guard::kRule4Incarnation) &&
      !std::holds_alternative<JoinRequest>(message)) {
    if (!IsFinalWord(message)) Refuse(envelope, OtherIncarnation(*known));
    return false;
  }
  const bool asks = std::holds_alternative<PreVote>(message) ||
                    std::holds_alternative<Vote>(message);
  if (asks && SettledAway(from.id) && On(Guard::kRule18OrderlyExit)) {
    Refuse(envelope, WasRemovedRefusal(from.id));
    return false;
  }
  return true;
}

void Core::Dispatch(const Envelope& envelope) {
  std::visit(
      Overloaded{
          [&](const PreVote& m) { OnPreVote(envelope, m); },
          [&](const PreVoteReply& m) { OnPreVoteReply(envelope, m); },
          [&](const Vote& m) { OnVote(envelope, m); },
          [&](const VoteReply& m) { OnVoteReply(envelope, m); },
          [&](const TransferNow& m) { OnTransferNow(envelope, m); },
          [&](const HistoryRequest& m) { OnHistoryRequest(envelope, m); },
          [&](const HistoryReply& m) { OnHistoryReply(envelope, m); },
          [&](const Proposals& m) { OnProposals(envelope, m); },
          [&](const Ack& m) { OnAck(envelope, m); },
          [&](const Heartbeat& m) { OnHeartbeat(envelope, m); },
          [&](const HeartbeatAck& m) { OnHeartbeatAck(envelope, m); },
          [&](const StaleEpoch& m) { OnStaleEpoch(envelope, m); },
          [&](const SnapshotChunk& m) { OnSnapshotChunk(envelope, m); },
          [&](const SnapshotAck& m) { OnSnapshotAck(envelope, m); },
          [&](const ReadRequest& m) { OnReadRequest(envelope, m); },
          [&](const ReadReply& m) { OnReadReply(envelope, m); },
          [&](const FoundingConfirm& m) { OnFoundingConfirm(envelope, m); },
          [&](const Founded& m) { OnFounded(envelope, m); },
          [&](const FoundingVeto& m) { OnFoundingVeto(envelope, m); },
          [&](const JoinRequest&) { OnJoinRequest(envelope); },
          [&](const JoinReply& m) { OnJoinReply(envelope, m); },
          [&](const Refused& m) { OnRefused(envelope, m); },
      },
      envelope.message);
}

void Core::Tick(int64_t elapsed_ms) {
  if (IsStopped()) return;
  now_ms_ += std::max<int64_t>(elapsed_ms, 0);
  if (auto* founding = std::get_if<Founding>(&role_)) {
    TickFounding(*founding);
  } else if (auto* joining = std::get_if<Joining>(&role_)) {
    TickJoining(*joining);
  } else if (IsLeader()) {
    TickLeader();
  } else {
    if (auto* follower = std::get_if<Follower>(&role_)) TickReads(*follower);
    if (now_ms_ >= election_at_ms_) CampaignOrAsk();
  }
}

void Core::Persisted(uint64_t persist_id) {
  if (IsStopped()) return;
  std::vector<Envelope> released = persists_.Complete(persist_id);
  output_.messages.insert(output_.messages.end(),
                          std::make_move_iterator(released.begin()),
                          std::make_move_iterator(released.end()));
  if (std::holds_alternative<Follower>(role_)) SendAck();
  CountOwnVote();
  AdvanceCommit();
}

void Core::StorageFailed(const std::string& what) {
  if (IsStopped() || !On(Guard::kRule21BadStorage)) return;
  Stop({Rule::kBadStorage,
        absl::StrCat("storage failed: ", what,
                     "; repair the disk, then restart or replace the member"),
        {},
        {}});
}

Output Core::TakeOutput() {
  if (IsLeader()) {
    StartReadRound();
    Replicate();
  } else if (auto* follower = std::get_if<Follower>(&role_)) {
    ForwardReads(*follower);
  }
  HandOutCommitted();
  FinishPersist();
  return std::exchange(output_, Output());
}

void Core::HandOutCommitted() {
  const Zxid limit = std::min(commit_, durable());
  while (applied_ < limit) {
    const Record* next = log_.After(applied_);
    if (next == nullptr || next->zxid > limit) return;
    applied_ = next->zxid;
    output_.committed.push_back(*next);
  }
}

bool Core::PromisePending() const {
  return output_.hard_state.has_value() || !output_.snapshot_chunks.empty() ||
         output_.install_snapshot.has_value();
}

void Core::FinishPersist() {
  const bool promise = PromisePending();
  if (!promise && !output_.truncate_after.has_value() &&
      output_.append.empty()) {
    QUORATE_CHECK(held_.empty());
    return;
  }
  output_.persist_id = next_persist_id_++;
  persists_.Add({output_.persist_id, log_.last(), promise,
                 hard_state_.accepted_epoch, now_ms_,
                 std::exchange(held_, {})});
}

void Core::Stop(Refusal why) {
  BecomeFollower(MemberId(), "");  // answers whatever reads still wait
  Count(why.rule, MemberId());
  Emit({EventKind::kStopped, MemberId(), why.rule, 0, Zxid(), why.reason});
  role_ = Stopped{std::move(why)};
}

Envelope Core::MakeEnvelope(MemberId id, const std::string& address,
                            Message message) const {
  return {hard_state_.ensemble, key(), options_.address, id, address,
          std::move(message)};
}

void Core::Send(const Envelope& to, Message message) {
  SendTo(to.from.id, to.from_address, std::move(message));
}

void Core::SendTo(MemberId id, const std::string& address, Message message) {
  output_.messages.push_back(MakeEnvelope(id, address, std::move(message)));
}

void Core::SendDurably(MemberId id, const std::string& address,
                       Message message) {
  Envelope envelope = MakeEnvelope(id, address, std::move(message));
  if (PromisePending() && On(Guard::kSyncBeforeVote)) {
    held_.push_back(std::move(envelope));
  } else if (!On(Guard::kSyncBeforeVote) || !persists_.Hold(envelope)) {
    output_.messages.push_back(std::move(envelope));
  }
}

void Core::Refuse(const Envelope& envelope, Refusal refusal) {
  Count(refusal.rule, envelope.from.id, refusal.reason);
  Send(envelope, Refused{std::move(refusal)});
}

void Core::Count(Rule rule, MemberId peer, const std::string& reason) {
  ++refusals_[static_cast<size_t>(rule)];
  Emit({EventKind::kRefused, peer, rule, 0, Zxid(), reason});
}

void Core::AppendToLog(Record record) {
  const Zxid zxid = record.zxid;
  const ConfigurationPtr configuration = record.configuration;
  output_.append.push_back(record);
  log_.Append(std::move(record));
  if (configuration == nullptr) return;
  history_.Append(zxid, configuration);
  Emit({EventKind::kConfiguration, MemberId(), Rule::kNone,
        configuration->version(), zxid});
  ConfigurationChanged();
}

void Core::TruncateLog(Zxid zxid) {
  if (zxid < commit_ && IsUnsafe()) RollBack();
  QUORATE_CHECK(zxid >= commit_);
  log_.TruncateAfter(zxid);
  persists_.LogTruncated(zxid);
  while (!output_.append.empty() && output_.append.back().zxid > zxid) {
    output_.append.pop_back();
  }
  output_.truncate_after =
      std::min(zxid, output_.truncate_after.value_or(zxid));
  if (history_.Newest().zxid <= zxid || !On(Guard::kConfigurationTruncation)) {
    return;
  }
  history_.TruncateAfter(zxid);
  Emit({EventKind::kConfigurationTakenBack, MemberId(), Rule::kNone,
        configuration().version(), zxid});
  ConfigurationChanged();
}

void Core::ResetLog(const SnapshotMeta& meta) {
  log_.Reset(meta.zxid);
  persists_.LogReset();
  output_.append.clear();
  output_.truncate_after.reset();
  snapshot_ = meta;
  commit_ = applied_ = meta.zxid;
  if (!On(Guard::kSnapshotConfiguration)) return;
  history_.Reset(meta.configuration_zxid, meta.configuration);
  Emit({EventKind::kConfiguration, MemberId(), Rule::kNone,
        configuration().version(), meta.configuration_zxid});
  ConfigurationChanged();
}

void Core::SnapshotTaken(const SnapshotMeta& meta) {
  if (meta.zxid > applied_ && IsUnsafe()) return;  // rolled back since
  QUORATE_CHECK(meta.zxid <= applied_);
  if (snapshot_.has_value() && meta.zxid <= snapshot_->zxid) return;
  snapshot_ = meta;
  // A follower that is being sent an older snapshot goes on from there.
  Zxid limit = meta.zxid;
  for (Zxid in_use : SnapshotsInUse()) limit = std::min(limit, in_use);
  log_.CompactTo(log_.CompactionPoint(limit, options_.retained_log_bytes));
  history_.CompactTo(log_.base());
}

ConfigurationHistory::Entry Core::ConfigurationAt(Zxid zxid) const {
  ConfigurationHistory::Entry entry = history_.At(zxid);
  // A list is in no record, but a snapshot must name one.
  if (IsUnsafe()) entry.zxid = kFoundingZxid;
  return entry;
}

// Rule 10: the newest configuration counts, committed or not.
const Configuration& Core::Effective() const {
  if (On(Guard::kRule10EffectiveOnAppend)) return configuration();
  return *history_.At(commit_).configuration;
}

// A voter that is being removed must still be able to win while the
// configuration without it is not known to be committed: it may be the only one
// that has it (Ongaro's thesis, section 4.2.2).
bool Core::MayCampaign() const {
  if (Effective().IsVoter(key())) return true;
  const auto& entries = history_.entries();
  return entries.size() >= 2 && entries.back().zxid > commit_ &&
         entries[entries.size() - 2].configuration->IsVoter(key());
}

// Removed, and the configuration without it has committed something of its own
// (rule 18): from here on nobody needs its vote.
bool Core::SettledAway(MemberId id) const {
  const ConfigurationHistory::Entry& committed = history_.At(commit_);
  return committed.configuration->WasRemoved(id) && committed.zxid < commit_ &&
         !committed.configuration->IsJoint();
}

absl::string_view Core::RoleName() const {
  return std::visit(
      Overloaded{
          [](const Joining&) -> absl::string_view { return "joining"; },
          [](const Founding&) -> absl::string_view { return "founding"; },
          [this](const Follower&) -> absl::string_view {
            return MayCampaign() ? "follower" : "learner";
          },
          [](const Candidate&) -> absl::string_view { return "candidate"; },
          [](const Leader&) -> absl::string_view { return "leader"; },
          [](const Stopped&) -> absl::string_view { return "stopped"; },
      },
      role_);
}

MemberId Core::leader() const {
  if (IsLeader()) return hard_state_.member;
  const auto* follower = std::get_if<Follower>(&role_);
  return follower != nullptr ? follower->leader : MemberId();
}

const Refusal* Core::stop_reason() const {
  const auto* stopped = std::get_if<Stopped>(&role_);
  return stopped != nullptr ? &stopped->why : nullptr;
}

}  // namespace quorate::consensus
