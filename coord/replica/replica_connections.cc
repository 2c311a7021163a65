// A connection from Hello to Goodbye.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/consensus/client_pin.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/error.h"
#include "coord/replica/replica_impl.h"
#include "coord/tree/error.h"
#include "coord/tree/request.h"

namespace quorate::replica {
namespace {

// How long a client that has seen more waits for this member to catch up.
constexpr int64_t kPinWaitMs = 1'000;
// After the leader has said "not now", it is asked again.
constexpr int64_t kAskAgainMs = 50;

}  // namespace

void Replica::Impl::Connect(ConnectionId id, const Hello& hello) {
  if (connections_.Find(id) != nullptr) return;
  const auto refuse = [&](const absl::Status& why) {
    Deliver(id, Goodbye{why});
  };
  if (!stop_reason_.ok()) {
    return refuse(Error(ErrorKind::kStopped, stop_reason_.message()));
  }
  if (core_.hard_state().ensemble.IsNone()) {
    return refuse(Error(ErrorKind::kNotServing,
                        "the member belongs to no ensemble yet; use another"));
  }
  if (hello.password.size() != kPasswordBytes) {
    return refuse(Error(ErrorKind::kBadRequest,
                        absl::StrCat("a password has ", kPasswordBytes,
                                     " bytes; found ", hello.password.size())));
  }
  if (connections_.size() >= options_.max_connections) {
    return refuse(Error(ErrorKind::kOverloaded,
                        absl::StrCat(connections_.size(),
                                     " clients are connected; use another "
                                     "member")));
  }
  Connection& connection = connections_.Add(id);
  connection.pin = hello.pin;
  connection.session = hello.session;
  connection.password = hello.password;
  connection.timeout_ms = std::clamp(hello.timeout_ms, options_.min_session_ms,
                                     options_.max_session_ms);
  connection.identities = connection.newest_identities = hello.identities;
  connection.since_ms = now_ms_;
  AdvanceOne(id);
}

void Replica::Impl::Call(ConnectionId id, const consensus::ClientPin& pin,
                         std::vector<tree::Identity> identities,
                         ClientRequest request) {
  if (connections_.Find(id) != nullptr) return;
  Reply refusal;
  refusal.tag = request.tag;
  refusal.not_taken = true;
  if (!stop_reason_.ok()) {
    refusal.status = Error(ErrorKind::kStopped, stop_reason_.message());
  } else if (core_.hard_state().ensemble.IsNone()) {
    refusal.status =
        Error(ErrorKind::kNotServing,
              "the member belongs to no ensemble yet; use another");
  } else if (connections_.size() >= options_.max_connections) {
    refusal.status = Error(ErrorKind::kOverloaded,
                           absl::StrCat(connections_.size(),
                                        " clients are connected; use another "
                                        "member"));
  }
  if (!refusal.status.ok()) return Deliver(id, std::move(refusal));
  Connection& connection = connections_.Add(id);
  connection.is_call = true;
  connection.pin = pin;
  connection.identities = connection.newest_identities = std::move(identities);
  connection.since_ms = now_ms_;
  Enqueue(connection, std::move(request));
  AdvanceOne(id);
}

void Replica::Impl::Disconnect(ConnectionId id) {
  if (Connection* connection = connections_.Find(id)) Forget(*connection);
}

absl::Status Replica::Impl::CheckPin(const Connection& connection) const {
  const std::optional<consensus::Refusal> refusal =
      consensus::CheckPin(connection.pin, core_.hard_state().ensemble,
                          state_->applied(), core_.configuration().parent());
  if (!refusal.has_value()) return absl::OkStatus();
  // Another ensemble's client is refused at once; one that has seen more may
  // be served before long.
  return refusal->retry_after_ms.has_value()
             ? absl::UnavailableError(refusal->reason)
             : absl::FailedPreconditionError(refusal->reason);
}

void Replica::Impl::AdvanceConnecting() {
  if (!connections_.HasConnecting()) return;
  for (const ConnectionId id : connections_.Connecting()) AdvanceOne(id);
}

// One that has got nowhere for too long is told to look elsewhere.
void Replica::Impl::AdvanceOne(ConnectionId id) {
  Connection* connection = connections_.Find(id);
  if (connection == nullptr) return;
  const Connection::State before = connection->state;
  if (!install_.has_value()) Advance(*connection);
  connection = connections_.Find(id);
  if (connection == nullptr || connection->state == Connection::State::kServing)
    return;
  if (connection->state != before) return AdvanceOne(id);
  const int64_t waited_ms = now_ms_ - connection->since_ms;
  const int64_t election_ms = 2 * options_.core.election_ms;
  if (waited_ms < options_.request_deadline_ms &&
      std::min(waited_ms, LeaderlessMs()) < election_ms) {
    return;
  }
  if (connection->is_call) return;  // waits for its pin alone
  Close(*connection,
        Error(ErrorKind::kNoLeader,
              absl::StrCat("no leader has answered for ", waited_ms,
                           " ms; use another member or try again")));
}

void Replica::Impl::Advance(Connection& connection) {
  switch (connection.state) {
    case Connection::State::kBehindPin:
      return LeavePin(connection);
    case Connection::State::kOpening:
      return;  // until its txn is applied
    case Connection::State::kAttaching:
      return AskForSession(connection);
    case Connection::State::kAttached:
      if (state_->applied() >= connection.serve_at) WelcomeOrClose(connection);
      return;
    case Connection::State::kServing:
      return;
  }
}

void Replica::Impl::LeavePin(Connection& connection) {
  const absl::Status pin = CheckPin(connection);
  if (!pin.ok()) {
    const bool wait =
        absl::IsUnavailable(pin) && now_ms_ - connection.since_ms < kPinWaitMs;
    if (wait) return;
    const absl::Status why = Error(ErrorKind::kPinned, pin.message());
    if (!connection.is_call) return Close(connection, why);
    Reply reply;
    reply.tag = connection.queue.front().request.tag;
    reply.status = why;
    reply.not_taken = true;
    Deliver(connection.id, std::move(reply));
    return Forget(connection);
  }
  if (connection.is_call) {
    connections_.StartServing(connection);
    TakeInAll(connection);
    return Pump(connection.id);
  }
  uint64_t attachment = 0;
  while (attachment == 0 ||
         connections_.FindAttachment(attachment) != nullptr) {
    attachment = random_.Next();
  }
  connections_.SetAttachment(connection, attachment);
  if (!connection.session.IsNone()) {
    connection.state = Connection::State::kAttaching;
    return;
  }
  OpenSession(connection);
}

void Replica::Impl::OpenSession(Connection& connection) {
  // The client may have opened it before, and not been told.
  const WriteKey key{tree::SessionId(), 0, connection.password};
  if (const PendingWrites::Write* write = writes_.Find(key)) {
    Close(*connections_.Find(write->connection),
          tree::Error(tree::ErrorCode::kSessionMoved, "",
                      "its client has come again"));
  }
  const tree::SessionId opened = opened_.Find(connection.password);
  if (state_->sessions().Has(opened)) {
    connection.session = opened;
    connection.state = Connection::State::kAttaching;
    return;
  }
  ForwardedRequest open;
  open.attachment = connection.attachment;
  open.body =
      tree::CreateSessionRequest{connection.timeout_ms, connection.password};
  connection.state = Connection::State::kOpening;
  writes_.Add(connection.id, std::move(open));
}

void Replica::Impl::AskForSession(Connection& connection) {
  if (!CanAsk()) return;
  if (connection.asked_ms.has_value() &&
      now_ms_ - *connection.asked_ms < options_.resend_ms) {
    return;
  }
  connection.asked_ms = now_ms_;
  const AttachSession attach{connection.session, connection.password,
                             connection.attachment};
  if (proposer_.has_value()) return OnAttached(proposer_->Attach(attach));
  const auto& follower = std::get<consensus::Follower>(core_.role());
  SendToPeer(follower.leader, follower.leader_address, attach);
}

void Replica::Impl::OnAttached(const SessionAttached& attached) {
  Connection* connection = connections_.FindAttachment(attached.attachment);
  if (connection == nullptr || connection->session != attached.session) return;
  if (tree::ErrorCodeOf(attached.status) == tree::ErrorCode::kSessionMoved) {
    return Close(*connection, attached.status);
  }
  if (connection->state != Connection::State::kAttaching) return;
  if (attached.status.ok()) {
    connection->state = Connection::State::kAttached;
    connection->serve_at = attached.zxid;
  } else if (absl::IsUnavailable(attached.status)) {
    connection->asked_ms = now_ms_ + kAskAgainMs - options_.resend_ms;
  } else {
    Close(*connection, attached.status);
  }
}

void Replica::Impl::WelcomeOrClose(Connection& connection) {
  const tree::Session* session = state_->sessions().Find(connection.session);
  if (session == nullptr) {
    return Close(connection, tree::Error(tree::ErrorCode::kSessionExpired, ""));
  }
  if (Connection* other = connections_.FindServing(connection.session)) {
    Close(*other, tree::Error(tree::ErrorCode::kSessionMoved, "",
                              "the session has a new connection"));
  }
  connection.timeout_ms = session->timeout_ms;
  connections_.StartServing(connection);
  Welcome welcome;
  welcome.ensemble = core_.hard_state().ensemble;
  welcome.member = core_.key().id;
  welcome.session = connection.session;
  welcome.timeout_ms = session->timeout_ms;
  welcome.zxid = state_->applied();
  welcome.last_request_id = session->last_request_id;
  welcome.max_outstanding = options_.max_outstanding;
  welcome.max_outstanding_bytes = options_.max_outstanding_bytes;
  Deliver(connection.id, welcome);
  Touch(connection);
  TakeInAll(connection);
  Pump(connection.id);
}

void Replica::Impl::Close(Connection& connection, const absl::Status& status) {
  Deliver(connection.id, Goodbye{status});
  Forget(connection);
}

// What is in the log already comes out of it, and nobody here is told.
void Replica::Impl::Forget(Connection& connection) {
  if (connection.state == Connection::State::kOpening) {
    writes_.Take({tree::SessionId(), 0, connection.password});
  }
  for (const QueuedRequest& queued : connection.queue) {
    const auto* write = std::get_if<WriteRequest>(&queued.request.body);
    if (write == nullptr) continue;
    const WriteKey key =
        connection.is_call
            ? WriteKey{tree::SessionId(), queued.random_id, ""}
            : WriteKey{connection.session, write->request_id, ""};
    const PendingWrites::Write* pending = writes_.Find(key);
    if (pending != nullptr && pending->connection == connection.id) {
      writes_.Take(key);
    }
  }
  if (!connection.is_call && connection.state == Connection::State::kServing) {
    watches_.RemoveSession(connection.session);
  }
  connections_.Remove(connection.id);
}

void Replica::Impl::Touch(Connection& connection) {
  if (connection.touched || connection.attachment == 0) return;
  connection.touched = true;
  touched_.push_back(connection.id);
}

// Kept while there is nobody to tell; there is at most one for a connection.
void Replica::Impl::SendTouches() {
  if (touched_.empty() || !CanAsk()) return;
  SessionTouches touches;
  for (const ConnectionId id : std::exchange(touched_, {})) {
    Connection* connection = connections_.Find(id);
    if (connection == nullptr) continue;
    connection->touched = false;
    if (connection->state != Connection::State::kServing) continue;
    if (!proposer_.has_value()) {
      touches.touches.push_back({connection->session, connection->attachment});
    } else if (!proposer_->Touch(connection->session, connection->attachment)) {
      Close(*connection, tree::Error(tree::ErrorCode::kSessionMoved, ""));
    }
  }
  if (touches.touches.empty()) return;
  const auto& follower = std::get<consensus::Follower>(core_.role());
  SendToPeer(follower.leader, follower.leader_address, std::move(touches));
}

// Elsewhere there may be a leader that does not hear of these sessions, so
// that they expire although their clients are well.
void Replica::Impl::CloseLeaderless() {
  const int64_t leaderless_ms = LeaderlessMs();
  if (leaderless_ms < 2 * options_.core.election_ms) return;
  for (const ConnectionId id : connections_.All()) {
    Connection& connection = *connections_.Find(id);
    if (connection.is_call || connection.state != Connection::State::kServing ||
        leaderless_ms < connection.timeout_ms / 2) {
      continue;
    }
    Close(connection, Error(ErrorKind::kNoLeader,
                            absl::StrCat("no leader for ", leaderless_ms,
                                         " ms; use another member")));
  }
}

}  // namespace quorate::replica
