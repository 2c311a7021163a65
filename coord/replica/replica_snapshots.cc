// Snapshots: the member's own, and those that replace its state.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/consensus/configuration_history.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/error.h"
#include "coord/replica/queries.h"
#include "coord/replica/replica_impl.h"
#include "coord/tree/error.h"
#include "coord/tree/sessions.h"
#include "coord/tree/state_machine.h"

namespace quorate::replica {
namespace {

// After a snapshot could not be written, the next is not tried before.
constexpr int64_t kRetryMs = 10'000;

}  // namespace

absl::Status Replica::Impl::TakeSnapshot() {
  if (!stop_reason_.ok() || core_.hard_state().ensemble.IsNone() ||
      install_.has_value()) {
    return absl::FailedPreconditionError(
        "the member has stopped, belongs to no ensemble, or is loading a "
        "snapshot");
  }
  if (!snapshotter_.IsIdle()) {
    return absl::FailedPreconditionError("a snapshot is under way");
  }
  const consensus::Zxid newest =
      core_.snapshot().has_value() ? core_.snapshot()->zxid : consensus::Zxid();
  if (state_->applied() <= newest) {
    return absl::FailedPreconditionError(
        absl::StrCat("nothing was applied since the snapshot at ",
                     consensus::ToString(newest)));
  }
  BeginSnapshot();
  return absl::OkStatus();
}

void Replica::Impl::BeginSnapshot() {
  snapshot_bytes_ = std::exchange(applied_bytes_, 0);
  snapshotter_.Begin(*state_, core_.ConfigurationAt(state_->applied()),
                     output_.jobs);
}

void Replica::Impl::MaybeTakeSnapshot() {
  if (!snapshotter_.IsIdle() || now_ms_ < snapshot_after_ms_) return;
  const uint64_t last_size =
      core_.snapshot().has_value() ? core_.snapshot()->size_bytes : 0;
  if (applied_bytes_ < std::max(options_.snapshot_log_bytes, last_size) &&
      !core_.NeedsSnapshot()) {
    return;
  }
  if (!TakeSnapshot().ok()) snapshot_after_ms_ = now_ms_ + kRetryMs;
}

void Replica::Impl::SnapshotPublished(consensus::Zxid zxid,
                                      uint64_t size_bytes) {
  const std::optional<consensus::SnapshotMeta> meta =
      snapshotter_.Published(zxid, size_bytes);
  if (!meta.has_value() || !stop_reason_.ok()) return;
  ++counters_.snapshots_taken;
  core_.SnapshotTaken(*meta);
  const auto in_use = core_.SnapshotsInUse();
  output_.jobs.emplace_back(
      Compact{core_.log().base(), {in_use.begin(), in_use.end()}});
}

void Replica::Impl::SnapshotFailed() {
  if (!snapshotter_.Failed()) return;
  ++counters_.snapshots_failed;
  applied_bytes_ += snapshot_bytes_;
  snapshot_after_ms_ = now_ms_ + kRetryMs;
}

void Replica::Impl::BeginInstall(uint64_t batch,
                                 const consensus::SnapshotMeta& meta) {
  snapshotter_.Abandon(output_.jobs);
  snapshot_after_ms_ = now_ms_ + kRetryMs;
  to_apply_.clear();
  proposer_.reset();
  if (!install_.has_value()) install_.emplace();
  install_->zxid = meta.zxid;
  install_->batch = batch;
}

void Replica::Impl::BeginRollBack() {
  to_apply_.clear();
  if (install_.has_value()) return;  // the snapshot is on its way already
  snapshotter_.Abandon(output_.jobs);
  snapshot_after_ms_ = now_ms_ + kRetryMs;
  proposer_.reset();
  if (!core_.snapshot().has_value()) {
    return TakeState(std::make_unique<tree::StateMachine>());
  }
  install_.emplace();
  install_->zxid = core_.snapshot()->zxid;
  install_->loads = 1;
  output_.jobs.emplace_back(LoadSnapshot{install_->zxid});
}

void Replica::Impl::Written(uint64_t id) {
  if (!stop_reason_.ok()) return;
  core_.Persisted(id);
  if (install_.has_value() && install_->batch != 0 && id >= install_->batch) {
    install_->batch = 0;
    ++install_->loads;
    output_.jobs.emplace_back(LoadSnapshot{install_->zxid});
  }
  ObserveCore();
}

void Replica::Impl::SnapshotLoaded(
    absl::StatusOr<std::unique_ptr<tree::StateMachine>> state) {
  if (!stop_reason_.ok() || !install_.has_value() || install_->loads == 0) {
    return;
  }
  // A newer one has taken its place, or is about to.
  if (--install_->loads > 0 || install_->batch != 0) return;
  if (!state.ok()) return Stop(state.status());
  if ((*state)->applied() != install_->zxid) {
    return Stop(absl::DataLossError(absl::StrCat(
        "the snapshot at ", consensus::ToString(install_->zxid),
        " holds the state at ", consensus::ToString((*state)->applied()))));
  }
  install_.reset();
  ++counters_.snapshots_installed;
  TakeState(*std::move(state));
}

void Replica::Impl::TakeState(std::unique_ptr<tree::StateMachine> state) {
  SettleReadsBeforeLoad(*state);
  state_ = std::move(state);
  applied_bytes_ = 0;
  history_.Reset(state_->applied());
  digests_.Clear();
  ObserveCore();
  TellGaps();
  SettleWritesAfterLoad();
  for (const ConnectionId id : connections_.All()) {
    Connection* connection = connections_.Find(id);
    if (connection == nullptr ||
        connection->state != Connection::State::kServing) {
      continue;
    }
    TakeInAll(*connection);
    Pump(id);
  }
}

// A read in front of a write of its own connection that the new state contains
// must not see it. At the head of the queue it can still be answered from the
// old state, if that is new enough for it; else from neither.
void Replica::Impl::SettleReadsBeforeLoad(const tree::StateMachine& next) {
  for (const ConnectionId id : connections_.All()) {
    Connection* connection = connections_.Find(id);
    if (connection == nullptr || connection->is_call ||
        connection->state != Connection::State::kServing) {
      continue;
    }
    const tree::Session* then = next.sessions().Find(connection->session);
    if (then == nullptr) continue;  // it is closed below
    const auto contained_to = [&] {
      for (size_t i = connection->queue.size(); i > 0; --i) {
        const QueuedRequest& queued = connection->queue[i - 1];
        const auto* write = std::get_if<WriteRequest>(&queued.request.body);
        if (write != nullptr && !queued.answer.has_value() &&
            write->request_id <= then->last_request_id) {
          return i - 1;
        }
      }
      return size_t{0};
    };
    RefuseReads(*connection, contained_to(), true);
    Pump(id);
    RefuseReads(*connection, contained_to(), false);
  }
}

void Replica::Impl::RefuseReads(Connection& connection, size_t end,
                                bool linearizable_only) {
  for (size_t i = 0; i < end; ++i) {
    QueuedRequest& queued = connection.queue[i];
    const auto* read = std::get_if<ReadRequest>(&queued.request.body);
    const bool waits = read != nullptr && IsLinearizable(*read) &&
                       !reads_.IsReady(queued.read_token);
    const bool shows = read != nullptr ||
                       std::holds_alternative<AddWatch>(queued.request.body);
    if (queued.answer.has_value() || !(linearizable_only ? waits : shows)) {
      continue;
    }
    Reply& reply = queued.answer.emplace();
    reply.not_taken = true;
    reply.status = Error(ErrorKind::kNotServing,
                         "what is read has been overtaken by a later write of "
                         "the same connection; ask again");
  }
}

// What happened between the old state and the new one is not known. Watches
// that stay, stay; the others have fired with this.
void Replica::Impl::TellGaps() {
  struct Watch {
    tree::SessionId session;
    std::string path;
    uint8_t kinds;
  };
  std::vector<Watch> watches;
  watches_.ForEach(
      [&](absl::string_view path, tree::SessionId session, uint8_t kinds) {
        watches.push_back({session, std::string(path), kinds});
        return true;
      });
  for (const Watch& watch : watches) {
    for (const tree::WatchKind kind :
         {tree::WatchKind::kData, tree::WatchKind::kChild,
          tree::WatchKind::kPersistent, tree::WatchKind::kRecursive}) {
      if ((watch.kinds & static_cast<uint8_t>(kind)) == 0) continue;
      if (kind == tree::WatchKind::kData || kind == tree::WatchKind::kChild) {
        watches_.Remove(watch.session, watch.path, kind).IgnoreError();
      }
      const Connection* connection = connections_.FindServing(watch.session);
      if (connection == nullptr) continue;
      WatchEvent gap;
      gap.path = watch.path;
      gap.zxid = state_->applied();
      gap.gap = true;
      gap.kind = kind;
      Deliver(connection->id, std::move(gap));
    }
  }
}

// The txns of waiting writes may be among those that were never seen here. A
// session remembers its results, and its password; of other writes nothing
// tells what became of them.
void Replica::Impl::SettleWritesAfterLoad() {
  for (const ConnectionId id : connections_.All()) {
    Connection* connection = connections_.Find(id);
    if (connection != nullptr && !connection->is_call &&
        connection->state == Connection::State::kServing &&
        !state_->sessions().Has(connection->session)) {
      Close(*connection, tree::Error(tree::ErrorCode::kSessionExpired, ""));
    }
  }
  std::vector<tree::SessionId> opened;
  for (const auto& [id, session] : state_->sessions().sessions()) {
    const WriteKey key{tree::SessionId(), 0, session.password};
    if (writes_.Find(key) != nullptr) opened.push_back(id);
  }
  for (const tree::SessionId id : opened) {
    tree::Txn txn;
    txn.session = id;
    OnSessionOpened(txn, state_->sessions().Find(id)->password);
  }
  for (const WriteKey& key : writes_.Keys()) {
    const PendingWrites::Write* write = writes_.Find(key);
    if (!key.session.IsNone()) {
      const tree::Session* session = state_->sessions().Find(key.session);
      if (session == nullptr || key.request_id <= session->last_request_id) {
        writes_.Take(key);
      }
    } else if (key.password.empty() && write->was_sent) {
      Connection* call = connections_.Find(writes_.Take(key));
      if (call == nullptr) continue;
      Reply reply;
      reply.status = Error(ErrorKind::kUnknownOutcome,
                           "the member was brought up to date by a snapshot; "
                           "the write may or may not be applied");
      AnswerCall(*call, std::move(reply));
    }
  }
}

}  // namespace quorate::replica
