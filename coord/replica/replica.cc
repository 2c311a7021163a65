#include "coord/replica/replica.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/batch.h"
#include "coord/replica/error.h"
#include "coord/replica/replica_impl.h"

namespace quorate::replica {
namespace {

// How often a leader tells its digest, if there is a new one.
constexpr int64_t kTellDigestMs = 1'000;

}  // namespace

Replica::Impl::Impl(const Options& options, Recovered recovered, uint64_t seed)
    : options_(options),
      random_(seed),
      core_(options.core, std::move(recovered.durable), random_.Next()),
      state_(std::move(recovered.state)),
      history_(options.watch_history_bytes),
      snapshotter_(options.snapshot_piece_bytes) {
  history_.Reset(state_->applied());
  ObserveCore();
}

void Replica::Impl::Tick(int64_t elapsed_ms, int64_t wall_ms) {
  now_ms_ += std::max<int64_t>(elapsed_ms, 0);
  wall_ms_ = wall_ms;
  core_.Tick(elapsed_ms);
  ObserveCore();
  if (!stop_reason_.ok()) return;
  reads_.Retry();
  writes_.Tick(now_ms_, options_.resend_ms);
  SendTouches();
  if (proposer_.has_value()) {
    counters_.sessions_expired += proposer_->Advance(elapsed_ms, wall_ms);
  }
  TickDeadlines();
  AdvanceConnecting();
  CloseLeaderless();
  snapshotter_.MakePiece(output_.jobs);
  MaybeTakeSnapshot();
  TellDigest();
}

void Replica::Impl::ObserveCore() {
  if (!stop_reason_.ok()) return;
  if (const consensus::Refusal* why = core_.stop_reason()) {
    return Stop(RefusalError(*why));
  }
  const bool leads = core_.IsLeader();
  if (proposer_.has_value() &&
      (!leads || proposer_->epoch() != core_.epoch())) {
    proposer_.reset();
  }
  // It refers to the state, which a snapshot on its way will replace.
  if (leads && !proposer_.has_value() && !install_.has_value()) {
    proposer_.emplace(options_, core_, *state_);
    proposer_->SetDiskFull(disk_full_);
  }
  if (core_.leader().IsNone()) return;
  led_ms_ = now_ms_;
  const std::pair<MemberId, consensus::Epoch> leader(core_.leader(),
                                                     core_.epoch());
  if (leader == leader_) return;
  leader_ = leader;
  refused_changes_.Clear();
  writes_.SendAllAgain();
  for (const ConnectionId id : connections_.Connecting()) {
    connections_.Find(id)->asked_ms.reset();
  }
}

bool Replica::Impl::CanSend() const {
  if (install_.has_value() || core_.leader().IsNone()) return false;
  if (core_.IsLeader()) return proposer_.has_value() && proposer_->IsReady();
  return state_->applied().epoch() == core_.epoch();
}

bool Replica::Impl::CanAsk() const {
  if (core_.IsLeader()) return proposer_.has_value() && proposer_->IsReady();
  return !core_.leader().IsNone();
}

int64_t Replica::Impl::LeaderlessMs() const {
  return core_.leader().IsNone() ? now_ms_ - led_ms_ : 0;
}

Output Replica::Impl::TakeOutput() {
  do {
    if (stop_reason_.ok()) {
      SendWrites();
      if (const std::optional<uint64_t> token = reads_.TakeNew()) {
        core_.RequestRead(*token);
      }
    }
    Absorb(core_.TakeOutput());
    if (!stop_reason_.ok()) break;
    ApplyCommitted();
    AdvanceConnecting();
  } while (stop_reason_.ok() &&
           (reads_.HasNew() || (CanSend() && writes_.HasUnsent())));
  return std::exchange(output_, Output());
}

void Replica::Impl::Absorb(consensus::Output output) {
  ObserveCore();
  output_.consensus_messages.insert(
      output_.consensus_messages.end(),
      std::make_move_iterator(output.messages.begin()),
      std::make_move_iterator(output.messages.end()));
  output_.events.insert(output_.events.end(), output.events.begin(),
                        output.events.end());
  if (!stop_reason_.ok()) {
    SaveRemoval(output);
    return;
  }
  if (output.persist_id != 0) {
    output_.jobs.emplace_back(WriteBatch{output.persist_id, ToBatch(output)});
  }
  if (output.install_snapshot.has_value()) {
    BeginInstall(output.persist_id, *output.install_snapshot);
  }
  if (output.roll_back) BeginRollBack();
  to_apply_.insert(to_apply_.end(),
                   std::make_move_iterator(output.committed.begin()),
                   std::make_move_iterator(output.committed.end()));
  for (const consensus::ReadResult& read : output.reads) reads_.Answer(read);
}

// A member that has stopped writes nothing, but that it was removed: it is not
// to trouble the others with that question at each start.
void Replica::Impl::SaveRemoval(const consensus::Output& output) {
  if (!output.hard_state.has_value() || !output.hard_state->removed) return;
  consensus::Output removal;
  removal.hard_state = output.hard_state;
  output_.jobs.emplace_back(WriteBatch{output.persist_id, ToBatch(removal)});
}

void Replica::Impl::Stop(const absl::Status& why) {
  if (!stop_reason_.ok()) return;
  stop_reason_ = why;
  core_.StorageFailed(std::string(why.message()));
  proposer_.reset();
  const absl::Status goodbye = Error(ErrorKind::kStopped, why.message());
  for (const ConnectionId id : connections_.All()) {
    Connection& connection = *connections_.Find(id);
    if (connection.is_call) {
      Reply reply;
      reply.status = goodbye;
      if (!connection.queue.empty()) {
        reply.tag = connection.queue.front().request.tag;
      }
      Deliver(id, std::move(reply));
      Forget(connection);
    } else {
      Close(connection, goodbye);
    }
  }
  reads_.Clear();
  to_apply_.clear();
  install_.reset();
  snapshotter_.Failed();
}

void Replica::Impl::SetDiskFull(bool full) {
  disk_full_ = full;
  if (proposer_.has_value()) proposer_->SetDiskFull(full);
}

void Replica::Impl::TellDigest() {
  if (!proposer_.has_value() || now_ms_ < tell_digest_at_ms_) return;
  const auto newest = digests_.Newest();
  if (!newest.has_value() || newest->first <= digest_told_) return;
  digest_told_ = newest->first;
  tell_digest_at_ms_ = now_ms_ + kTellDigestMs;
  for (const consensus::Member& member : core_.configuration().members()) {
    if (member.id == core_.key().id) continue;
    SendToPeer(member.id, member.address,
               StateDigest{newest->first, newest->second});
  }
}

void Replica::Impl::Deliver(ConnectionId connection, ServerMessage message) {
  if (const auto* reply = std::get_if<Reply>(&message)) {
    if (reply->not_taken) ++counters_.not_taken;
  } else if (std::holds_alternative<WatchEvent>(message)) {
    ++counters_.watch_events;
  }
  output_.deliveries.push_back({connection, std::move(message)});
}

void Replica::Impl::SendToPeer(MemberId to, const std::string& address,
                               PeerMessage message) {
  output_.peer_messages.push_back({core_.hard_state().ensemble, core_.key(),
                                   options_.core.address, to, address,
                                   std::move(message)});
}

Counters Replica::Impl::CountersNow() const {
  Counters counters = counters_;
  counters.connections = connections_.size();
  counters.sessions = state_->sessions().sessions().size();
  counters.watches = watches_.size();
  counters.znodes = state_->tree().size();
  counters.waiting_requests = connections_.queued();
  counters.waiting_bytes = connections_.queued_bytes();
  return counters;
}

bool Replica::Impl::IsServing() const {
  return stop_reason_.ok() && !core_.hard_state().ensemble.IsNone() &&
         !core_.leader().IsNone() && !install_.has_value();
}

// --- Replica ----------------------------------------------------------------

Replica::Replica(const Options& options, Recovered recovered, uint64_t seed)
    : impl_(std::make_unique<Impl>(options, std::move(recovered), seed)) {}
Replica::~Replica() = default;

void Replica::Step(const consensus::Envelope& envelope) {
  impl_->core().Step(envelope);
  impl_->ObserveCore();
}
void Replica::Step(const PeerEnvelope& envelope) { impl_->OnPeer(envelope); }
void Replica::Tick(int64_t elapsed_ms, int64_t wall_ms) {
  impl_->Tick(elapsed_ms, wall_ms);
}

void Replica::Written(uint64_t id) { impl_->Written(id); }
void Replica::StorageFailed(const absl::Status& status) { impl_->Stop(status); }
void Replica::SetDiskFull(bool full) { impl_->SetDiskFull(full); }
void Replica::ReportFsync(int64_t fsync_ms) {
  impl_->core().ReportFsync(fsync_ms);
}
void Replica::SnapshotPieceWritten() {
  impl_->snapshotter().PieceWritten();
  impl_->snapshotter().MakePiece(impl_->jobs());
}
void Replica::SnapshotPublished(consensus::Zxid zxid, uint64_t size_bytes) {
  impl_->SnapshotPublished(zxid, size_bytes);
}
void Replica::SnapshotFailed(const absl::Status&) { impl_->SnapshotFailed(); }
void Replica::SnapshotLoaded(
    absl::StatusOr<std::unique_ptr<tree::StateMachine>> state) {
  impl_->SnapshotLoaded(std::move(state));
}

void Replica::Connect(ConnectionId connection, const Hello& hello) {
  impl_->Connect(connection, hello);
}
void Replica::Submit(ConnectionId connection, ClientRequest request) {
  impl_->Submit(connection, std::move(request));
}
void Replica::Disconnect(ConnectionId connection) {
  impl_->Disconnect(connection);
}
void Replica::SubmitCall(ConnectionId call, const consensus::ClientPin& pin,
                         std::vector<tree::Identity> identities,
                         ClientRequest request) {
  impl_->Call(call, pin, std::move(identities), std::move(request));
}

consensus::AdmissionDecision Replica::ChangeMembership(
    const consensus::MembershipChange& change) {
  consensus::AdmissionDecision decision =
      impl_->core().ChangeMembership(change);
  impl_->ObserveCore();
  impl_->refused_changes().Note(change.change_id, decision);
  return decision;
}
const consensus::AdmissionDecision* Replica::RefusedChange(
    uint64_t change_id) const {
  return impl_->refused_changes().Find(change_id);
}
consensus::AdmissionDecision Replica::PlanMembership(
    const consensus::MembershipChange& change) const {
  return impl_->core().PlanMembership(change);
}
absl::Status Replica::TransferLeadership(MemberId target) {
  return impl_->core().TransferLeadership(target);
}
absl::Status Replica::TakeSnapshot() { return impl_->TakeSnapshot(); }

Output Replica::TakeOutput() { return impl_->TakeOutput(); }

const consensus::Core& Replica::core() const { return impl_->core(); }
const tree::StateMachine& Replica::state() const { return impl_->state(); }
Counters Replica::counters() const { return impl_->CountersNow(); }
void Replica::ForEachWatch(
    absl::FunctionRef<bool(absl::string_view path, tree::SessionId session,
                           uint8_t kinds)>
        visit) const {
  impl_->watches().ForEach(visit);
}
bool Replica::IsAttachedHere(tree::SessionId session) const {
  return impl_->connections().FindServing(session) != nullptr;
}
bool Replica::IsServing() const { return impl_->IsServing(); }
absl::Status Replica::stop_reason() const { return impl_->stop_reason(); }
bool Replica::disk_full() const { return impl_->disk_full(); }

}  // namespace quorate::replica
