// Applying what is committed, and telling those who wait for it.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/replica_impl.h"
#include "coord/replica/write_reply.h"
#include "coord/tree/acl.h"
#include "coord/tree/error.h"
#include "coord/tree/txn_codec.h"

namespace quorate::replica {
namespace {

// What one output applies at most, so that a member that has much to catch up
// with goes on answering its peers.
constexpr size_t kApplyRecords = 20'000;
constexpr size_t kApplyBytes = 16 << 20;

}  // namespace

void Replica::Impl::ApplyCommitted() {
  if (install_.has_value()) return;
  size_t bytes = 0;
  for (size_t i = 0; i < kApplyRecords && bytes < kApplyBytes; ++i) {
    if (to_apply_.empty()) break;
    const consensus::Record record = std::move(to_apply_.front());
    to_apply_.pop_front();
    bytes += record.SizeBytes();
    const absl::Status status = ApplyRecord(record);
    if (!status.ok()) {
      return Stop(absl::DataLossError(absl::StrCat(
          "record ", consensus::ToString(record.zxid),
          " cannot be applied: ", status.message(),
          "; this member has diverged or its log is damaged: replace it",
          WhyDiverged())));
    }
    if (!stop_reason_.ok()) return;
  }
  for (const ConnectionId id : reads_.TakeReady(state_->applied())) Pump(id);
  MaybeTakeSnapshot();
}

absl::Status Replica::Impl::ApplyRecord(const consensus::Record& record) {
  applied_bytes_ += record.SizeBytes();
  if (record.kind == consensus::RecordKind::kTxn) {
    const absl::StatusOr<tree::Txn> txn = tree::DecodeTxn(
        record.payload != nullptr ? *record.payload : std::string());
    if (!txn.ok()) return txn.status();
    const absl::Status status = ApplyTxn(record.zxid, *txn);
    if (!status.ok()) return status;
  } else {
    const absl::Status status = state_->Skip(record.zxid);
    if (!status.ok()) return status;
    if (proposer_.has_value()) proposer_->OnApplied(record.zxid, nullptr);
  }
  if (!DigestLog::IsMarked(record.zxid)) return absl::OkStatus();
  const auto divergence = digests_.Note(record.zxid, state_->digest());
  if (divergence.has_value()) Diverged(*divergence);
  return absl::OkStatus();
}

absl::Status Replica::Impl::ApplyTxn(consensus::Zxid zxid,
                                     const tree::Txn& txn) {
  AnswerBefore(txn);
  absl::StatusOr<tree::Applied> applied = state_->Apply(zxid, txn);
  if (!applied.ok()) return applied.status();
  ++counters_.txns;
  if (proposer_.has_value()) proposer_->OnApplied(zxid, &txn);
  TellWatchers(applied->events);
  TellAsker(zxid, txn, applied->result);
  return absl::OkStatus();
}

// Every read in front of a write is answered from the state before it, which
// holds all that was committed when the read came, as the write was proposed
// later. That is not certain of a write that was refused once: it may have been
// logged, by a stray copy, long before it was submitted again.
void Replica::Impl::AnswerBefore(const tree::Txn& txn) {
  if (txn.session.IsNone() || txn.request_id == 0) return;
  Connection* connection = connections_.FindServing(txn.session);
  if (connection == nullptr) return;
  if (txn.request_id <= connection->refused_through) {
    size_t end = 0;
    for (size_t i = 0; i < connection->taken_in; ++i) {
      const auto* write =
          std::get_if<WriteRequest>(&connection->queue[i].request.body);
      if (write != nullptr && write->request_id == txn.request_id) end = i;
    }
    RefuseReads(*connection, end, true);
  }
  Pump(connection->id, txn.request_id);
}

void Replica::Impl::TellWatchers(const std::vector<tree::TreeEvent>& events) {
  if (events.empty()) return;
  history_.Add(events);
  for (const tree::WatchFiring& firing : watches_.Fire(events)) {
    for (const tree::SessionId session : firing.sessions) {
      const Connection* connection = connections_.FindServing(session);
      if (connection == nullptr ||
          !tree::Permits(*firing.event.acl, tree::kRead,
                         connection->identities)) {
        continue;
      }
      WatchEvent event;
      event.type = firing.event.type;
      event.path = firing.event.path;
      event.zxid = firing.event.zxid;
      Deliver(connection->id, std::move(event));
    }
  }
}

void Replica::Impl::TellAsker(consensus::Zxid zxid, const tree::Txn& txn,
                              const tree::TxnResult& result) {
  if (const auto* create = std::get_if<tree::CreateSessionTxn>(&txn.body)) {
    return OnSessionOpened(txn, create->password);
  }
  if (std::holds_alternative<tree::CloseSessionTxn>(txn.body)) {
    return OnSessionClosed(zxid, txn, result);
  }
  if (txn.request_id == 0) return;
  const ConnectionId asker = writes_.Take({txn.session, txn.request_id, ""});
  if (!asker.IsNone()) ++counters_.writes;
  if (txn.session.IsNone()) {
    Connection* call = connections_.Find(asker);
    if (call != nullptr) AnswerCall(*call, ReplyOf(zxid, result));
    return;
  }
  // Also if it was submitted again since it was sent.
  const Connection* connection = connections_.FindServing(txn.session);
  if (connection != nullptr) Pump(connection->id);
}

void Replica::Impl::OnSessionOpened(const tree::Txn& txn,
                                    const std::string& password) {
  opened_.Add(password, txn.session);
  const ConnectionId asker = writes_.Take({tree::SessionId(), 0, password});
  Connection* connection = connections_.Find(asker);
  if (connection == nullptr) return;
  ++counters_.writes;
  connection->session = txn.session;
  WelcomeOrClose(*connection);
}

void Replica::Impl::OnSessionClosed(consensus::Zxid zxid, const tree::Txn& txn,
                                    const tree::TxnResult& result) {
  writes_.Take({txn.session, txn.request_id, ""});
  Connection* connection = connections_.FindServing(txn.session);
  if (connection == nullptr) return;
  const auto* asked =
      connection->taken_in == 0
          ? nullptr
          : std::get_if<WriteRequest>(&connection->queue.front().request.body);
  if (txn.request_id > 0 && asked != nullptr &&
      asked->request_id == txn.request_id) {
    ++counters_.writes;
    Reply reply = ReplyOf(zxid, result);
    reply.tag = connection->queue.front().request.tag;
    Deliver(connection->id, std::move(reply));
    return Close(*connection, absl::OkStatus());
  }
  Close(*connection, tree::Error(tree::ErrorCode::kSessionExpired, ""));
}

void Replica::Impl::Diverged(const Divergence& divergence) {
  Stop(absl::DataLossError(absl::StrCat(
      "the state of this member at ", consensus::ToString(divergence.zxid),
      " has the digest ", absl::Hex(divergence.ours, absl::kZeroPad16),
      ", the leader's ", absl::Hex(divergence.theirs, absl::kZeroPad16),
      ": replace this member", WhyDiverged())));
}

std::string Replica::Impl::WhyDiverged() const {
  if (!core_.IsUnsafe()) return "";
  return "; histories that diverge are what UNSAFE static membership leads to";
}

}  // namespace quorate::replica
