#include "coord/client/session_core.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/check.h"
#include "coord/client/codec.h"
#include "coord/client/endpoint_rotation.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "coord/client/watch_registry.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::client {
namespace {

namespace v1 = coord::v1;

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
// An attempt is given at least so long, if the session's time allows it.
constexpr int64_t kMinAttemptMs = 1'000;

absl::Status TooLarge(size_t bytes) {
  ErrorInfo info;
  info.kind = "BadArguments";
  info.zookeeper_code = -8;
  info.numbers = {{"request_bytes", static_cast<int64_t>(bytes)},
                  {"limit_bytes", static_cast<int64_t>(kMaxRequestBytes)}};
  return MakeError(absl::StatusCode::kInvalidArgument,
                   absl::StrCat("a request has at most ", kMaxRequestBytes,
                                " bytes; found ", bytes),
                   info);
}

absl::Status QueueFull(size_t requests, size_t bytes) {
  ErrorInfo info;
  info.kind = "Overloaded";
  info.numbers = {{"queued_requests", static_cast<int64_t>(requests)},
                  {"queued_bytes", static_cast<int64_t>(bytes)}};
  return MakeError(absl::StatusCode::kResourceExhausted,
                   absl::StrCat(requests, " requests of ", bytes,
                                " bytes wait in this client already; wait "
                                "for answers before asking for more"),
                   info);
}

}  // namespace

absl::Status SessionExpiredError(int64_t session_id) {
  ErrorInfo info;
  info.kind = "SessionExpired";
  info.zookeeper_code = -112;
  return MakeError(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat("session 0x", absl::Hex(static_cast<uint64_t>(session_id)),
                   " has expired, and its ephemerals are gone or will be; "
                   "open a new session. A write that was not answered may "
                   "have been applied"),
      info);
}

SessionCore::SessionCore(CoreOptions options, uint64_t seed, int64_t now_ms)
    : options_(std::move(options)),
      random_(seed),
      endpoints_(options_.endpoints, options_.min_backoff_ms,
                 options_.max_backoff_ms, random_),
      timeout_ms_(options_.timeout_ms),
      pin_(options_.pin),
      credentials_(options_.credentials) {
  QUORATE_CHECK(options_.timeout_ms > 0 && options_.max_outstanding > 0);
  Connect(now_ms);
}

// --- Calls -------------------------------------------------------------------

uint64_t SessionCore::Enqueue(v1::Request request, const absl::Status& valid) {
  const uint64_t ticket = ++last_ticket_;
  const size_t bytes = request.ByteSizeLong();
  absl::Status refused = valid;
  if (state_ == SessionState::kExpired || state_ == SessionState::kClosed ||
      closing_) {
    refused = OverError();
  } else if (refused.ok() && bytes > kMaxRequestBytes) {
    refused = TooLarge(bytes);
  } else if (refused.ok() &&
             (queue_.size() >= options_.max_queued ||
              queue_bytes_ + bytes > options_.max_queued_bytes)) {
    refused = QueueFull(queue_.size(), queue_bytes_);
  }
  if (!refused.ok()) {
    Complete(ticket, refused);
    return ticket;
  }
  if (request.has_write()) {
    request.mutable_write()->set_request_id(++last_request_id_);
  }
  queue_bytes_ += bytes;
  queue_.push_back(
      {.ticket = ticket, .request = std::move(request), .bytes = bytes});
  return ticket;
}

uint64_t SessionCore::SubmitWrite(const Write& write) {
  v1::Request request;
  const absl::Status valid = EncodeWrite(write, *request.mutable_write());
  return Enqueue(std::move(request), valid);
}

uint64_t SessionCore::SubmitRead(const Read& read, Consistency consistency) {
  v1::Request request;
  const absl::Status valid =
      EncodeRead(read, consistency, *request.mutable_read());
  return Enqueue(std::move(request), valid);
}

uint64_t SessionCore::SubmitWatch(const std::string& path, WatchKind kind) {
  v1::Request request;
  const absl::Status valid =
      EncodeWatch(path, kind, *request.mutable_add_watch());
  return Enqueue(std::move(request), valid);
}

uint64_t SessionCore::SubmitCredential(const Credential& credential) {
  v1::Request request;
  const absl::Status valid =
      EncodeCredential(credential, *request.mutable_add_credential());
  return Enqueue(std::move(request), valid);
}

uint64_t SessionCore::SubmitClose() {
  if (session_id_ == 0 && state_ == SessionState::kConnecting) {
    // There is nothing to close; one that a member may have opened without
    // its Welcome having arrived expires by itself.
    const uint64_t ticket = ++last_ticket_;
    Finish(SessionState::kClosed, absl::CancelledError("session closed"));
    Complete(ticket, Answer());
    return ticket;
  }
  v1::Request request;
  request.mutable_write()->mutable_close_session();
  const uint64_t ticket = Enqueue(std::move(request), absl::OkStatus());
  closing_ = true;
  return ticket;
}

bool SessionCore::RemoveWatch(uint64_t id) {
  const std::optional<WatchRegistry::Removed> removed = registry_.Remove(id);
  if (!removed) {
    for (Queued& queued : queue_) {
      if (queued.ticket != id || !queued.request.has_add_watch()) continue;
      // Set it, so that the order of requests stays; then nobody is told.
      queued.ticket = 0;
      Complete(id, absl::CancelledError("the watch was removed"));
      return true;
    }
    return false;
  }
  if (removed->last) TakeBack(removed->key);
  return true;
}

void SessionCore::TakeBack(const WatchKey& key) {
  // On another connection it is not set again: nothing to do then.
  if (phase_ != Phase::kLive || closing_ || registry_.HasKey(key)) return;
  for (const Queued& queued : queue_) {
    // Somebody else is about to use it.
    if (queued.ticket != 0 && queued.request.has_add_watch() &&
        KeyOf(queued.request.add_watch()) == key) {
      return;
    }
  }
  Queued queued;
  v1::RemoveWatch* remove = queued.request.mutable_remove_watch();
  remove->set_path(key.path);
  remove->set_kind(static_cast<v1::WatchKind>(key.kind));
  queued.bytes = queued.request.ByteSizeLong();
  queue_bytes_ += queued.bytes;
  queue_.push_back(std::move(queued));
}

WatchKey SessionCore::KeyOf(const v1::AddWatch& watch) {
  return {.path = watch.path(), .kind = static_cast<WatchKind>(watch.kind())};
}

void SessionCore::Abandon() {
  if (phase_ == Phase::kOver) return;
  Finish(SessionState::kClosed,
         absl::CancelledError("the session was closed here before this was "
                              "answered; a write may have been applied"));
}

void SessionCore::Complete(uint64_t ticket, absl::StatusOr<Answer> answer) {
  if (ticket == 0) return;
  output_.notices.push_back(
      Completion{.ticket = ticket, .answer = std::move(answer)});
}

absl::Status SessionCore::OverError() const {
  if (!over_.ok()) return over_;
  return absl::CancelledError("the session is closed; open a new one");
}

// --- Connections -------------------------------------------------------------

void SessionCore::SetState(SessionState state) {
  if (state_ == state) return;
  state_ = state;
  output_.notices.push_back(state);
}

void SessionCore::Connect(int64_t now_ms) {
  phase_ = Phase::kConnecting;
  const int64_t share = timeout_ms_ / static_cast<int64_t>(endpoints_.size());
  const int64_t most = int64_t{timeout_ms_} * 2 / 3;
  give_up_at_ms_ = now_ms + std::min(most, std::max(share, kMinAttemptMs));
  output_.connect = {.attempt = ++attempt_, .endpoint = endpoints_.current()};
}

void SessionCore::Drop(const absl::Status& why, int64_t now_ms) {
  QUORATE_CHECK(phase_ != Phase::kOver);
  if (phase_ == Phase::kPausing) return;
  output_.disconnect = true;
  // One that was ordered and not yet opened never will be.
  output_.connect.reset();
  connect_at_ms_ = now_ms + endpoints_.Failed(why);
  phase_ = Phase::kPausing;
  ++attempt_;  // Nothing more is heard of the old one.
  SetState(SessionState::kConnecting);

  sent_.clear();
  sent_bytes_ = 0;
  next_ = 0;
  ping_due_ = false;
  resend_at_ms_ = 0;
  refusals_ = 0;
  registry_.OnBroken();
  // The next member knows of no watch: there is none to remove.
  std::erase_if(queue_, [this](const Queued& queued) {
    if (!queued.request.has_remove_watch()) return false;
    queue_bytes_ -= queued.bytes;
    return true;
  });
}

void SessionCore::Break(const absl::Status& why, int64_t now_ms) {
  if (phase_ != Phase::kOver) Drop(why, now_ms);
}

void SessionCore::OnBroken(uint64_t attempt, const absl::Status& why,
                           int64_t now_ms) {
  if (phase_ == Phase::kOver || attempt != attempt_) return;
  if (ExpireIfDue(now_ms)) return;
  Drop(why.ok() ? absl::UnavailableError("the member ended the connection")
                : why,
       now_ms);
}

void SessionCore::OnFrame(uint64_t attempt, const v1::ServerFrame& frame,
                          int64_t now_ms) {
  if (attempt != attempt_) return;
  for (const v1::ServerMessage& message : frame.messages()) {
    if (phase_ == Phase::kOver || ExpireIfDue(now_ms)) return;
    const absl::Status status = OnMessage(message, now_ms);
    if (phase_ == Phase::kOver) return;
    if (!status.ok()) {
      Drop(status, now_ms);
      return;
    }
  }
}

void SessionCore::Fire(std::vector<Firing> firings) {
  // The end of the session deletes its ephemerals: no news to who ends it.
  if (closing_) return;
  for (Firing& firing : firings) output_.notices.push_back(std::move(firing));
}

// --- The end -----------------------------------------------------------------

bool SessionCore::ExpireIfDue(int64_t now_ms) {
  if (phase_ == Phase::kOver) return true;
  if (session_id_ == 0 || now_ms < alive_since_ms_ + timeout_ms_) return false;
  Expire(SessionExpiredError(session_id_));
  return true;
}

void SessionCore::Expire(const absl::Status& why) {
  Finish(SessionState::kExpired, why);
}

void SessionCore::Finish(SessionState state, const absl::Status& why) {
  QUORATE_CHECK(phase_ != Phase::kOver);
  if (phase_ != Phase::kPausing) output_.disconnect = true;
  output_.connect.reset();
  phase_ = Phase::kOver;
  ++attempt_;
  over_ = why;
  for (const Queued& queued : queue_) Complete(queued.ticket, why);
  queue_.clear();
  queue_bytes_ = 0;
  next_ = 0;
  sent_.clear();
  sent_bytes_ = 0;
  registry_.Clear();
  SetState(state);
}

// --- Time --------------------------------------------------------------------

void SessionCore::Tick(int64_t now_ms) {
  if (ExpireIfDue(now_ms)) return;
  switch (phase_) {
    case Phase::kPausing:
      if (now_ms >= connect_at_ms_) Connect(now_ms);
      return;
    case Phase::kConnecting:
    case Phase::kGreeting:
      if (now_ms >= give_up_at_ms_) {
        Drop(absl::DeadlineExceededError("no answer to the greeting in time"),
             now_ms);
      }
      return;
    case Phase::kLive:
      if (now_ms >= last_reply_ms_ + int64_t{timeout_ms_} * 2 / 3) {
        Drop(absl::DeadlineExceededError(
                 absl::StrCat("no answer for ", now_ms - last_reply_ms_,
                              " ms, two thirds of the session's timeout")),
             now_ms);
        return;
      }
      if (resend_at_ms_ != 0 && now_ms >= resend_at_ms_) resend_at_ms_ = 0;
      if (now_ms >= last_proof_sent_ms_ + timeout_ms_ / 3) ping_due_ = true;
      return;
    case Phase::kOver:
      return;
  }
}

int64_t SessionCore::NextTick() const {
  int64_t next = kNever;
  switch (phase_) {
    case Phase::kPausing:
      next = connect_at_ms_;
      break;
    case Phase::kConnecting:
    case Phase::kGreeting:
      next = give_up_at_ms_;
      break;
    case Phase::kLive:
      next = last_reply_ms_ + int64_t{timeout_ms_} * 2 / 3;
      if (resend_at_ms_ != 0) next = std::min(next, resend_at_ms_);
      if (!ping_due_) {
        next = std::min(next, last_proof_sent_ms_ + timeout_ms_ / 3);
      }
      break;
    case Phase::kOver:
      return kNever;
  }
  if (session_id_ != 0) next = std::min(next, alive_since_ms_ + timeout_ms_);
  return next;
}

CoreOutput SessionCore::TakeOutput() {
  return std::exchange(output_, CoreOutput());
}

// --- What it knows -----------------------------------------------------------

std::string SessionCore::endpoint() const {
  return phase_ == Phase::kLive ? endpoints_.current() : "";
}

std::string SessionCore::Describe() const {
  if (!over_.ok()) return std::string(over_.message());
  if (phase_ != Phase::kLive) {
    return absl::StrCat("not connected: ", endpoints_.Describe());
  }
  if (refusals_ > 0) {
    return absl::StrCat("connected to ", endpoints_.current(),
                        ", which answers: ", refusal_.message());
  }
  return absl::StrCat("connected to ", endpoints_.current());
}

}  // namespace quorate::client
