// Requests of connections: taking in, and answering in order.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/error.h"
#include "coord/replica/queries.h"
#include "coord/replica/replica_impl.h"
#include "coord/replica/request_size.h"
#include "coord/replica/write_reply.h"
#include "coord/tree/acl.h"
#include "coord/tree/error.h"
#include "coord/tree/path.h"
#include "coord/tree/request.h"
#include "coord/tree/sessions.h"
#include "coord/tree/txn.h"

namespace quorate::replica {
namespace {

// Of a leader that has missed so many, it is not certain that it hears us.
constexpr int64_t kSilentHeartbeats = 3;
// Most that the client of one connection can have proved.
constexpr size_t kMaxIdentities = 64;

bool Contains(const std::vector<tree::Identity>& identities,
              const tree::Identity& identity) {
  return std::find(identities.begin(), identities.end(), identity) !=
         identities.end();
}

// Nothing has happened; the same request may come again.
Reply NotTaken(absl::Status status) {
  Reply reply;
  reply.status = std::move(status);
  reply.not_taken = true;
  return reply;
}

Reply Failed(absl::Status status) {
  Reply reply;
  reply.status = std::move(status);
  return reply;
}

bool IsForClients(const tree::RequestBody& body) {
  return !std::holds_alternative<tree::CreateSessionRequest>(body) &&
         !std::holds_alternative<tree::DeleteContainerRequest>(body);
}

}  // namespace

void Replica::Impl::Submit(ConnectionId id, ClientRequest request) {
  Connection* connection = connections_.Find(id);
  if (connection == nullptr || connection->is_call) return;
  Touch(*connection);
  Enqueue(*connection, std::move(request));
  // One that sends on and on although it is refused gets no more answers.
  if (connection->refused > options_.max_outstanding) {
    return Close(*connection,
                 Error(ErrorKind::kOverloaded,
                       absl::StrCat("more than ", options_.max_outstanding,
                                    " requests were refused and sent on")));
  }
  TakeInAll(*connection);
  Pump(id);
}

void Replica::Impl::Enqueue(Connection& connection, ClientRequest request) {
  QueuedRequest queued;
  queued.bytes = SizeOf(request);
  queued.deadline_ms = now_ms_ + options_.request_deadline_ms;
  const uint64_t own_bytes = connection.queued_bytes + queued.bytes;
  const uint64_t all_bytes = connections_.queued_bytes() + queued.bytes;
  std::string why;
  if (connection.queue.size() >= options_.max_outstanding ||
      (own_bytes > options_.max_outstanding_bytes &&
       !connection.queue.empty())) {
    why = absl::StrCat(connection.queue.size(), " requests of ",
                       connection.queued_bytes,
                       " bytes of this connection are unanswered; wait");
  } else if (all_bytes > options_.max_waiting_bytes) {
    why = absl::StrCat(connections_.queued_bytes(),
                       " bytes of requests wait at this member; try later");
  }
  queued.request.tag = request.tag;
  if (why.empty()) {
    queued.request = std::move(request);
  } else {
    ++connection.refused;
    queued.had_no_room = true;
    queued.bytes = sizeof(queued);
    queued.request.body = Ping();
    queued.answer = NotTaken(Error(ErrorKind::kOverloaded, why));
  }
  connections_.Push(connection, std::move(queued));
}

void Replica::Impl::TakeInAll(Connection& connection) {
  if (connection.state != Connection::State::kServing || install_.has_value()) {
    return;
  }
  while (connection.taken_in < connection.queue.size()) {
    TakeIn(connection, connection.queue[connection.taken_in]);
    ++connection.taken_in;
  }
}

void Replica::Impl::TakeIn(Connection& connection, QueuedRequest& queued) {
  if (queued.answer.has_value()) return;
  if (auto* write = std::get_if<WriteRequest>(&queued.request.body)) {
    return TakeInWrite(connection, queued, *write);
  }
  if (const auto* add = std::get_if<AddIdentity>(&queued.request.body)) {
    return TakeInIdentity(connection, queued, add->identity);
  }
  const auto* read = std::get_if<ReadRequest>(&queued.request.body);
  if (read != nullptr && IsLinearizable(*read)) {
    queued.read_token = reads_.Join(connection.id);
  }
}

// Writes are sent with what was proved when they came; reads in front of this
// one do not profit from it yet.
void Replica::Impl::TakeInIdentity(Connection& connection,
                                   QueuedRequest& queued,
                                   const tree::Identity& identity) {
  std::vector<tree::Identity>& newest = connection.newest_identities;
  if (Contains(newest, identity)) return;
  if (connection.is_call || newest.size() >= kMaxIdentities) {
    queued.answer = Failed(Error(
        ErrorKind::kBadRequest, absl::StrCat("a session's connection can have ",
                                             kMaxIdentities, " identities")));
    return;
  }
  newest.push_back(identity);
}

void Replica::Impl::TakeInWrite(Connection& connection, QueuedRequest& queued,
                                WriteRequest& write) {
  if (!IsForClients(write.body)) {
    queued.answer = Failed(Error(ErrorKind::kBadRequest, "not for clients"));
    return;
  }
  if (!connection.is_call) {
    return TakeInSessionWrite(connection, queued, write);
  }
  if (std::holds_alternative<tree::CloseSessionRequest>(write.body)) {
    queued.answer =
        Failed(Error(ErrorKind::kBadRequest, "there is no session to close"));
    return;
  }
  if (disk_full_) {
    queued.answer = NotTaken(
        Error(ErrorKind::kDiskFull, "the disk of this member is full"));
    return;
  }
  ForwardedRequest forwarded;
  forwarded.identities = connection.newest_identities;
  forwarded.body = std::move(write.body);  // only its number is needed here
  do {
    forwarded.request_id = static_cast<int64_t>(random_.Next() >> 1);
  } while (forwarded.request_id == 0 || writes_.Find(KeyOf(forwarded)));
  queued.random_id = forwarded.request_id;
  writes_.Add(connection.id, std::move(forwarded));
}

// A session's writes travel in the order of their numbers. What was applied, or
// is on its way already, is not sent again; it is answered in its turn.
void Replica::Impl::TakeInSessionWrite(Connection& connection,
                                       QueuedRequest& queued,
                                       WriteRequest& write) {
  const int64_t id = write.request_id;
  if (id <= 0 || !tree::IsValidAck(id, write.acked_through)) {
    queued.answer = Failed(
        Error(ErrorKind::kBadRequest,
              absl::StrCat("writes of a session have numbers from 1 on, and "
                           "acknowledge lower ones; found ",
                           id, " and ", write.acked_through)));
    return;
  }
  const tree::Session* session = state_->sessions().Find(connection.session);
  const int64_t applied = session != nullptr ? session->last_request_id : 0;
  const int64_t on_its_way = std::max(applied, connection.last_forwarded);
  if (id <= on_its_way) {
    ++counters_.duplicates;
    return;
  }
  if (id > on_its_way + 1) {
    queued.answer = NotTaken(
        Error(ErrorKind::kOutOfOrder,
              absl::StrCat("write ", on_its_way + 1, " is expected, found ", id,
                           "; send all unanswered ones again, in order")));
    return;
  }
  if (disk_full_) {
    queued.answer = NotTaken(
        Error(ErrorKind::kDiskFull, "the disk of this member is full"));
    return;
  }
  ForwardedRequest forwarded;
  forwarded.session = connection.session;
  forwarded.attachment = connection.attachment;
  forwarded.request_id = id;
  forwarded.acked_through = write.acked_through;
  forwarded.round = connection.round;
  forwarded.identities = connection.newest_identities;
  forwarded.body = std::move(write.body);  // only its number is needed here
  connection.last_forwarded = id;
  writes_.Add(connection.id, std::move(forwarded));
}

void Replica::Impl::Pump(ConnectionId id, std::optional<int64_t> before) {
  Connection* connection = connections_.Find(id);
  while (connection != nullptr && !connection->queue.empty()) {
    // Its Welcome comes first.
    if (!connection->is_call &&
        connection->state != Connection::State::kServing) {
      return;
    }
    QueuedRequest& queued = connection->queue.front();
    const bool may_look = connection->taken_in > 0 && !install_.has_value();
    if (!may_look && !queued.answer.has_value()) return;
    if (before.has_value() && !queued.answer.has_value()) {
      const auto* write = std::get_if<WriteRequest>(&queued.request.body);
      if (write != nullptr && write->request_id >= *before) return;
    }
    std::optional<Reply> reply =
        TryAnswer(*connection, queued, before.has_value());
    if (!reply.has_value()) return;
    reply->tag = queued.request.tag;
    if (queued.had_no_room) --connection->refused;
    connections_.Pop(*connection);
    Deliver(id, *std::move(reply));
    if (connection->is_call) return Forget(*connection);
    connection = connections_.Find(id);
  }
}

// Nothing: not yet. With `now`, a read is answered without its confirmation: a
// write that was submitted after it is about to be applied, so the state holds
// all that was committed when it was submitted.
std::optional<Reply> Replica::Impl::TryAnswer(Connection& connection,
                                              QueuedRequest& queued, bool now) {
  if (queued.answer.has_value()) return std::move(queued.answer);
  const auto& body = queued.request.body;
  if (const auto* write = std::get_if<WriteRequest>(&body)) {
    return AnswerWrite(connection, *write);
  }
  if (const auto* read = std::get_if<ReadRequest>(&body)) {
    if (IsLinearizable(*read) && !now && !reads_.IsReady(queued.read_token)) {
      return std::nullopt;
    }
    return AnswerRead(connection, *read);
  }
  if (const auto* add = std::get_if<AddWatch>(&body)) {
    return AnswerAddWatch(connection, *add);
  }
  if (const auto* remove = std::get_if<RemoveWatch>(&body)) {
    return AnswerRemoveWatch(connection, *remove);
  }
  if (const auto* add = std::get_if<AddIdentity>(&body)) {
    if (!Contains(connection.identities, add->identity)) {
      connection.identities.push_back(add->identity);
    }
    Reply reply;
    reply.zxid = state_->applied();
    return reply;
  }
  return AnswerPing();
}

// The result of a session's write is remembered with the session.
std::optional<Reply> Replica::Impl::AnswerWrite(
    const Connection& connection, const WriteRequest& write) const {
  if (connection.is_call) return std::nullopt;
  const tree::Session* session = state_->sessions().Find(connection.session);
  if (session == nullptr || write.request_id > session->last_request_id) {
    return std::nullopt;
  }
  const tree::RememberedResult* remembered =
      state_->sessions().ResultOf(connection.session, write.request_id);
  if (remembered == nullptr) {
    return Failed(Error(ErrorKind::kBadRequest,
                        absl::StrCat("write ", write.request_id,
                                     " was applied, and its answer is not "
                                     "remembered: it was acknowledged")));
  }
  return ReplyOf(remembered->zxid, remembered->result);
}

Reply Replica::Impl::AnswerRead(Connection& connection,
                                const ReadRequest& read) {
  if (NeedsSession(read.query) && connection.is_call) {
    return Failed(Error(ErrorKind::kBadRequest, "needs a session"));
  }
  if (WantsWatch(read.query) && watches_.size() >= options_.max_watches) {
    return NotTaken(
        Error(ErrorKind::kOverloaded,
              absl::StrCat(watches_.size(), " watches are set here")));
  }
  Answer answer = AnswerQuery(*state_, connection.identities,
                              connection.session, read.query);
  if (answer.watch.has_value()) {
    watches_.Add(connection.session, answer.watch->path, answer.watch->kind);
  }
  ++(read.local ? counters_.reads_local : counters_.reads_linearizable);
  Reply reply;
  reply.zxid = state_->applied();
  reply.status = std::move(answer.status);
  reply.result = std::move(answer.result);
  return reply;
}

Reply Replica::Impl::AnswerAddWatch(Connection& connection,
                                    const AddWatch& add) {
  if (connection.is_call) {
    return Failed(Error(ErrorKind::kBadRequest, "needs a session"));
  }
  const absl::Status path = tree::ValidatePath(add.path);
  if (!path.ok()) return Failed(path);
  if (watches_.size() >= options_.max_watches) {
    return NotTaken(
        Error(ErrorKind::kOverloaded,
              absl::StrCat(watches_.size(), " watches are set here")));
  }
  const bool one_shot =
      add.kind == tree::WatchKind::kData || add.kind == tree::WatchKind::kChild;
  bool leave = true;
  if (add.resume_after.has_value()) {
    const auto missed = history_.After(*add.resume_after, add.path, add.kind);
    if (!missed.has_value()) {
      WatchEvent gap;
      gap.path = add.path;
      gap.zxid = state_->applied();
      gap.gap = true;
      gap.kind = add.kind;
      Deliver(connection.id, std::move(gap));
      leave = !one_shot;
    } else {
      for (const tree::TreeEvent* event : *missed) {
        // Fired or not told: either way a one-shot watch would be gone.
        if (one_shot) leave = false;
        if (tree::Permits(*event->acl, tree::kRead, connection.identities)) {
          WatchEvent told;
          told.type = event->type;
          told.path = event->path;
          told.zxid = event->zxid;
          Deliver(connection.id, std::move(told));
        }
        if (one_shot) break;
      }
    }
  }
  if (leave) watches_.Add(connection.session, add.path, add.kind);
  Reply reply;
  reply.zxid = state_->applied();
  return reply;
}

Reply Replica::Impl::AnswerRemoveWatch(Connection& connection,
                                       const RemoveWatch& remove) {
  if (connection.is_call) {
    return Failed(Error(ErrorKind::kBadRequest, "needs a session"));
  }
  Reply reply;
  reply.zxid = state_->applied();
  reply.status =
      remove.kind.has_value()
          ? watches_.Remove(connection.session, remove.path, *remove.kind)
          : watches_.RemoveAny(connection.session, remove.path);
  return reply;
}

Reply Replica::Impl::AnswerPing() const {
  // Its client counts on the session from here on. So the answer must not be
  // given when the touch may well be lost.
  const auto* follower = std::get_if<consensus::Follower>(&core_.role());
  const bool in_touch =
      follower != nullptr
          ? !follower->leader.IsNone() &&
                core_.now_ms() - follower->heard_ms <=
                    kSilentHeartbeats * options_.core.heartbeat_ms
          : core_.IsLeader();
  if (!in_touch) {
    return NotTaken(Error(ErrorKind::kNoLeader,
                          "no leader hears that the session is alive"));
  }
  Reply reply;
  reply.zxid = state_->applied();
  return reply;
}

void Replica::Impl::TickDeadlines() {
  for (const ConnectionId id : connections_.Busy()) {
    Connection* connection = connections_.Find(id);
    if (connection == nullptr || connection->queue.empty() ||
        connection->state != Connection::State::kServing) {
      continue;
    }
    QueuedRequest& head = connection->queue.front();
    if (head.answer.has_value() || now_ms_ < head.deadline_ms) continue;
    const auto& body = head.request.body;
    const absl::Status no_leader =
        Error(ErrorKind::kNoLeader,
              absl::StrCat("no leader has confirmed within ",
                           options_.request_deadline_ms, " ms"));
    if (std::holds_alternative<ReadRequest>(body)) {
      head.answer = NotTaken(no_leader);
    } else if (connection->is_call &&
               std::holds_alternative<WriteRequest>(body)) {
      const WriteKey key{tree::SessionId(), head.random_id, ""};
      const PendingWrites::Write* write = writes_.Find(key);
      const bool may_be_logged = write != nullptr && write->was_sent;
      head.answer = may_be_logged
                        ? Failed(Error(ErrorKind::kUnknownOutcome,
                                       "the write may or may not be applied"))
                        : NotTaken(no_leader);
      writes_.Take(key);
    }
    Pump(id);
  }
}

}  // namespace quorate::replica
