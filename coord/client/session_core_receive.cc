// SessionCore: what is received.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/client/codec.h"
#include "coord/client/error.h"
#include "coord/client/error_detail.h"
#include "coord/client/session.h"
#include "coord/client/session_core.h"
#include "coord/client/types.h"
#include "coord/client/watch_registry.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::client {
namespace {

namespace v1 = coord::v1;

constexpr size_t kEnsembleIdBytes = 16;
// So often in a row may a member say that it knows no leader, before another
// member is tried.
constexpr int64_t kPatience = 3;
// As members suggest to a client that is ahead of them.
constexpr int64_t kBehindRetryMs = 100;

absl::Status Broken(absl::string_view what) {
  return absl::InternalError(
      absl::StrCat("the member broke the protocol: ", what));
}

absl::Status Pinned(absl::string_view message,
                    std::optional<int64_t> retry_after_ms) {
  ErrorInfo info;
  info.kind = "Pinned";
  info.rule = 22;
  info.rule_name = "clients remember";
  info.retry_after_ms = retry_after_ms;
  return MakeError(absl::StatusCode::kFailedPrecondition, message, info);
}

// The member cannot serve, and will not soon.
bool IsUseless(const absl::Status& status) {
  return IsError(status, "Stopped") || IsError(status, "NotServing") ||
         IsError(status, "SessionMoved");
}

}  // namespace

absl::Status SessionCore::OnMessage(const v1::ServerMessage& message,
                                    int64_t now_ms) {
  if (message.has_goodbye()) return OnGoodbye(message.goodbye());
  if (message.has_welcome()) {
    if (phase_ != Phase::kGreeting) return Broken("a Welcome without a Hello");
    return OnWelcome(message.welcome(), now_ms);
  }
  if (phase_ != Phase::kLive) return Broken("an answer before its Welcome");
  if (message.has_reply()) return OnReply(message.reply(), now_ms);
  if (message.has_event()) return OnEvent(message.event());
  // What a later version may add is passed over.
  return absl::OkStatus();
}

// --- The handshake -----------------------------------------------------------

absl::Status SessionCore::CheckWelcome(const v1::Welcome& welcome) const {
  if (welcome.ensemble_id().size() != kEnsembleIdBytes ||
      welcome.session_id() == 0 || welcome.timeout_ms() <= 0) {
    return Broken("a Welcome without ensemble, session or timeout");
  }
  if (!pin_.ensemble_id.empty() && pin_.ensemble_id != welcome.ensemble_id()) {
    return Pinned(
        absl::StrCat("this client belongs to ensemble ",
                     absl::BytesToHexString(pin_.ensemble_id),
                     ", and the member to ",
                     absl::BytesToHexString(welcome.ensemble_id()),
                     "; correct the endpoints, or forget the pin if the "
                     "ensemble was replaced on purpose"),
        std::nullopt);
  }
  if (welcome.zxid() < pin_.highest_zxid) {
    return Pinned(absl::StrCat("this client has seen zxid 0x",
                               absl::Hex(pin_.highest_zxid),
                               ", and the member has applied only 0x",
                               absl::Hex(welcome.zxid()),
                               "; it may catch up, or use another"),
                  kBehindRetryMs);
  }
  if (session_id_ != 0 && welcome.session_id() != session_id_) {
    return Broken("a Welcome to another session");
  }
  if (welcome.last_request_id() < answered_through_ ||
      welcome.last_request_id() > last_request_id_) {
    return Broken(absl::StrCat("it says that write ", welcome.last_request_id(),
                               " of the session was the last; expected ",
                               answered_through_, " to ", last_request_id_));
  }
  return absl::OkStatus();
}

absl::Status SessionCore::OnWelcome(const v1::Welcome& welcome,
                                    int64_t now_ms) {
  const absl::Status status = CheckWelcome(welcome);
  if (!status.ok()) return status;
  pin_.ensemble_id = welcome.ensemble_id();
  pin_.highest_zxid = std::max(pin_.highest_zxid, welcome.zxid());
  session_id_ = welcome.session_id();
  timeout_ms_ = welcome.timeout_ms();
  alive_since_ms_ = greeted_ms_;
  last_reply_ms_ = now_ms;
  last_proof_sent_ms_ = greeted_ms_;

  // One place is left for a ping.
  window_ = options_.max_outstanding;
  if (welcome.max_outstanding() > 0) {
    window_ = std::min<size_t>(
        window_, std::max<uint32_t>(welcome.max_outstanding() - 1, 1));
  }
  window_bytes_ = welcome.max_outstanding_bytes() > 0
                      ? welcome.max_outstanding_bytes()
                      : UINT64_MAX;
  rearms_ = registry_.BeginResume(welcome.zxid());
  rearms_sent_ = 0;
  rearms_answered_ = 0;
  phase_ = Phase::kLive;
  SetState(SessionState::kConnected);
  return absl::OkStatus();
}

absl::Status SessionCore::OnGoodbye(const v1::Goodbye& goodbye) {
  if (!goodbye.has_error()) {
    if (closing_) {
      // The session was closed, and the answer had been lost.
      Finish(SessionState::kClosed, absl::CancelledError("session closed"));
      return absl::OkStatus();
    }
    return absl::UnavailableError("the member ended the connection");
  }
  const absl::Status status = StatusOf(goodbye.error());
  if (session_id_ != 0) {
    if (IsError(status, "SessionExpired")) {
      Expire(SessionExpiredError(session_id_));
      return absl::OkStatus();
    }
    if (IsError(status, "WrongPassword")) {
      Expire(status);
      return absl::OkStatus();
    }
  }
  if (phase_ == Phase::kLive && IsError(status, "BadRequest")) {
    OnMalformed(status);
  }
  return status;
}

void SessionCore::OnMalformed(const absl::Status& status) {
  const bool alone = one_at_a_time_ && sent_.size() == 1 && next_ == 1 &&
                     sent_.front().kind == SentKind::kRequest;
  one_at_a_time_ = true;
  if (!alone) return;
  one_at_a_time_ = false;
  const Queued queued = std::move(queue_.front());
  queue_.pop_front();
  next_ = 0;
  queue_bytes_ -= queued.bytes;
  if (queued.request.has_write()) FreeRequestId();
  Complete(queued.ticket, status);
}

void SessionCore::FreeRequestId() {
  --last_request_id_;
  for (Queued& behind : queue_) {
    if (!behind.request.has_write()) continue;
    v1::Write* to = behind.request.mutable_write();
    to->set_request_id(to->request_id() - 1);
  }
}

// --- Answers -----------------------------------------------------------------

absl::Status SessionCore::OnReply(const v1::Reply& reply, int64_t now_ms) {
  if (sent_.empty() || sent_.front().tag != reply.tag()) {
    return Broken(absl::StrCat("an answer out of order: tag ", reply.tag()));
  }
  const Sent sent = sent_.front();
  sent_.pop_front();
  sent_bytes_ -= sent.bytes;
  last_reply_ms_ = now_ms;
  pin_.highest_zxid = std::max(pin_.highest_zxid, reply.zxid());
  registry_.OnAnswer(reply.zxid());

  const bool failed_ping = sent.kind == SentKind::kPing && reply.has_error();
  if (reply.not_taken() || failed_ping) return OnNotTaken(reply, sent, now_ms);
  if (sent.proves_life) {
    alive_since_ms_ = std::max(alive_since_ms_, sent.sent_ms);
    endpoints_.Succeeded();
  }
  if (sent.stale || sent.kind == SentKind::kPing) return absl::OkStatus();
  refusals_ = 0;
  if (sent.kind == SentKind::kRearm) return OnRearmed(reply);
  return OnAnswered(reply);
}

absl::Status SessionCore::OnNotTaken(const v1::Reply& reply, const Sent& sent,
                                     int64_t now_ms) {
  if (sent.stale) return absl::OkStatus();
  const absl::Status status =
      reply.has_error() ? DecodeError(reply)
                        : absl::UnavailableError("the request was not taken");
  ++refusals_;
  refusal_ = status;
  if (IsUseless(status)) return status;
  if (IsError(status, "SessionExpired")) {
    Expire(SessionExpiredError(session_id_));
    return absl::OkStatus();
  }
  if (IsError(status, "NoLeader") && refusals_ > kPatience &&
      endpoints_.size() > 1) {
    return status;
  }
  if (sent.kind == SentKind::kPing) return absl::OkStatus();

  GoBack();
  int64_t pause_ms = FullJitter(
      options_.min_backoff_ms, options_.max_backoff_ms, refusals_ - 1, random_);
  const std::optional<ErrorInfo> info = ErrorInfoOf(status);
  if (info && info->retry_after_ms) {
    // No longer than what leaves time to try elsewhere.
    pause_ms = std::max(
        pause_ms, std::min<int64_t>(*info->retry_after_ms, timeout_ms_ / 3));
  }
  resend_at_ms_ = now_ms + std::max<int64_t>(pause_ms, 1);
  return absl::OkStatus();
}

void SessionCore::GoBack() {
  for (Sent& sent : sent_) {
    if (sent.kind != SentKind::kPing) sent.stale = true;
  }
  rearms_sent_ = rearms_answered_;
  next_ = 0;
}

absl::Status SessionCore::OnRearmed(const v1::Reply& reply) {
  // The member allows no more watches, or the like: another one may.
  if (reply.has_error()) return DecodeError(reply);
  QUORATE_CHECK(rearms_answered_ < rearms_.size());
  if (++rearms_answered_ == rearms_.size()) {
    rearms_.clear();
    rearms_sent_ = 0;
    rearms_answered_ = 0;
    Fire(registry_.EndResume());
  }
  return absl::OkStatus();
}

absl::Status SessionCore::OnAnswered(const v1::Reply& reply) {
  QUORATE_CHECK(next_ > 0 && !queue_.empty());
  if (reply.has_error()) {
    const absl::Status error = DecodeError(reply);
    if (IsError(error, "SessionExpired")) {
      Expire(SessionExpiredError(session_id_));
      return absl::OkStatus();
    }
    // Refused without a place in the log: nothing has happened.
    if (reply.zxid() == 0 && IsUseless(error)) return error;
  }
  const Queued queued = std::move(queue_.front());
  queue_.pop_front();
  --next_;
  queue_bytes_ -= queued.bytes;
  if (queue_.empty()) one_at_a_time_ = false;

  if (queued.request.has_write()) {
    OnWriteAnswered(queued, reply);
  } else if (queued.request.has_read()) {
    absl::StatusOr<ReadResult> result =
        DecodeReadReply(queued.request.read(), reply);
    if (result.ok()) {
      Complete(queued.ticket, Answer(*std::move(result)));
    } else {
      Complete(queued.ticket, result.status());
    }
  } else if (queued.request.has_add_watch()) {
    OnWatchAnswered(queued, reply);
  } else if (reply.has_error()) {
    Complete(queued.ticket, DecodeError(reply));
  } else {
    if (queued.request.has_add_credential()) {
      const v1::Credential& added = queued.request.add_credential();
      credentials_.push_back(
          {.scheme = added.scheme(), .secret = added.secret()});
    }
    Complete(queued.ticket, Answer());
  }
  return absl::OkStatus();
}

void SessionCore::OnWriteAnswered(const Queued& queued,
                                  const v1::Reply& reply) {
  const v1::Write& write = queued.request.write();
  if (reply.has_error() && reply.zxid() == 0) {
    // It has no place in the log, so its number is still free; those behind it
    // were not taken, since a number was missing.
    FreeRequestId();
    GoBack();
  } else {
    answered_through_ = write.request_id();
  }
  absl::StatusOr<WriteResult> result = DecodeWriteReply(write, reply);
  if (write.has_close_session()) {
    Complete(queued.ticket,
             result.ok() ? absl::StatusOr<Answer>(Answer()) : result.status());
    Finish(SessionState::kClosed, absl::CancelledError("session closed"));
    return;
  }
  if (result.ok()) {
    Complete(queued.ticket, Answer(*std::move(result)));
  } else {
    Complete(queued.ticket, result.status());
  }
}

void SessionCore::OnWatchAnswered(const Queued& queued,
                                  const v1::Reply& reply) {
  const WatchKey key = KeyOf(queued.request.add_watch());
  if (reply.has_error()) {
    Complete(queued.ticket, DecodeError(reply));
  } else if (queued.ticket != 0) {
    registry_.Arm(queued.ticket, key);
    Complete(queued.ticket, Answer(queued.ticket));
    return;
  }
  TakeBack(key);
}

// --- Events ------------------------------------------------------------------

absl::Status SessionCore::OnEvent(const v1::WatchEvent& event) {
  pin_.highest_zxid = std::max(pin_.highest_zxid, event.zxid());
  if (event.gap()) {
    Fire(registry_.OnGap(
        {.path = event.path(), .kind = static_cast<WatchKind>(event.kind())},
        event.zxid()));
    return absl::OkStatus();
  }
  if (event.type() < v1::EVENT_TYPE_CREATED ||
      event.type() > v1::EVENT_TYPE_CHILDREN_CHANGED) {
    return Broken("an event of an unknown type");
  }
  Fire(registry_.OnEvent({.type = static_cast<EventType>(event.type()),
                          .path = event.path(),
                          .zxid = event.zxid()}));
  return absl::OkStatus();
}

}  // namespace quorate::client
