// Writes of this member's own clients, on their way to the leader.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/consensus/roles.h"
#include "coord/replica/error.h"
#include "coord/replica/replica_impl.h"
#include "coord/replica/request_size.h"
#include "coord/tree/error.h"

namespace quorate::replica {
namespace {

// What one Forward carries at most, unless a single request is larger.
constexpr size_t kForwardBytes = 512 << 10;
constexpr size_t kForwardRequests = 1'000;

}  // namespace

void Replica::Impl::SendWrites() {
  if (!CanSend() || !writes_.HasUnsent()) return;
  if (!proposer_.has_value()) return ForwardWrites();
  while (const PendingWrites::Write* write = writes_.NextToSend(now_ms_)) {
    const WriteKey key = KeyOf(write->request);
    OnVerdict(key, proposer_->Take(write->request, wall_ms_));
  }
}

void Replica::Impl::ForwardWrites() {
  const auto& follower = std::get<consensus::Follower>(core_.role());
  Forward forward;
  forward.epoch = core_.epoch();
  size_t bytes = 0;
  const auto send = [&] {
    if (forward.requests.empty()) return;
    SendToPeer(follower.leader, follower.leader_address,
               Forward{forward.epoch, std::exchange(forward.requests, {})});
    bytes = 0;
  };
  while (const PendingWrites::Write* write = writes_.NextToSend(now_ms_)) {
    const size_t size = SizeOf(write->request);
    if (bytes + size > kForwardBytes ||
        forward.requests.size() >= kForwardRequests) {
      send();
    }
    bytes += size;
    forward.requests.push_back(write->request);
  }
  send();
}

void Replica::Impl::OnVerdict(const WriteKey& key, const Verdict& verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::kTaken:
      return;
    case Verdict::Kind::kComing:
      ++counters_.duplicates;
      return;
    case Verdict::Kind::kMoved:
      if (Connection* connection = connections_.FindServing(key.session)) {
        Close(*connection, tree::Error(tree::ErrorCode::kSessionMoved, ""));
      }
      return;
    case Verdict::Kind::kRefused:
      return OnRefused(key, verdict.why);
  }
}

void Replica::Impl::OnRefused(const WriteKey& key, const absl::Status& why) {
  if (why.ok() || absl::IsUnavailable(why)) return writes_.Defer(key);
  Connection* connection = connections_.Find(writes_.Take(key));
  if (connection == nullptr) return;
  if (connection->is_call) {
    Reply reply;
    reply.status = why;
    reply.not_taken = absl::IsResourceExhausted(why);
    return AnswerCall(*connection, std::move(reply));
  }
  const bool expired =
      tree::ErrorCodeOf(why) == tree::ErrorCode::kSessionExpired;
  if (expired || connection->state == Connection::State::kOpening) {
    return Close(*connection, why);
  }
  RefuseSessionWrite(*connection, key.request_id, why);
}

// The writes behind it cannot be taken either: their numbers do not follow.
void Replica::Impl::RefuseSessionWrite(Connection& connection,
                                       int64_t request_id,
                                       const absl::Status& why) {
  for (size_t i = 0; i < connection.taken_in; ++i) {
    QueuedRequest& queued = connection.queue[i];
    const auto* write = std::get_if<WriteRequest>(&queued.request.body);
    if (write == nullptr || queued.answer.has_value() ||
        write->request_id < request_id) {
      continue;
    }
    Reply& reply = queued.answer.emplace();
    if (write->request_id == request_id) {
      reply.status = why;
      reply.not_taken = absl::IsResourceExhausted(why);
      continue;
    }
    writes_.Take({connection.session, write->request_id, ""});
    reply.not_taken = true;
    reply.status =
        Error(ErrorKind::kOutOfOrder,
              absl::StrCat("write ", request_id,
                           " was not taken; send all unanswered ones again"));
  }
  connection.refused_through =
      std::max(connection.refused_through, connection.last_forwarded);
  connection.last_forwarded =
      std::min(connection.last_forwarded, request_id - 1);
  ++connection.round;
  Pump(connection.id);
}

void Replica::Impl::AnswerCall(Connection& connection, Reply reply) {
  connection.queue.front().answer = std::move(reply);
  Pump(connection.id);
}

}  // namespace quorate::replica
