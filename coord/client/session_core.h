// SessionCore: the client's side of the session protocol, as a pure state
// machine.
//
// Calls, frames, failures and ticks go in; what is to be done comes out:
// connections to open and drop, frames to send, and notices to the user. It
// has no threads, sockets or clock. Times are milliseconds of one monotonic
// clock, and never go back.
//
//   input...;                          // one or more
//   CoreOutput output = core.TakeOutput();
//   drop and open connections as told, deliver the notices in order
//   while (writing is possible) { frame = core.NextFrame(now); ... }
//   call Tick() at NextTick()
//
// REQUESTS. Those that are unanswered stand in one queue, in the order of the
// calls. A prefix of it has been sent on this connection. After a reconnect, or
// an answer that a request was not taken, the rest from there is sent again, in
// order and under the same numbers (go-back-N); answers to what was sent before
// are passed over, since the member remembers what it has applied.
//
// LIFE. The session is alive for sure until `timeout` after the last message
// was sent that a leader has surely heard of: a Hello, ping, write or
// linearizable read that was answered as taken. Then this side calls it
// expired, which is never later than the ensemble does.
//
// Not thread-safe.

#ifndef QUORATE_COORD_CLIENT_SESSION_CORE_H_
#define QUORATE_COORD_CLIENT_SESSION_CORE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/seeded_random.h"
#include "coord/client/endpoint_rotation.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "coord/client/watch_registry.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::client {

struct CoreOptions {
  std::vector<std::string> endpoints;  // at least one
  std::string password;                // 16 random bytes
  int32_t timeout_ms = 10'000;
  int64_t min_backoff_ms = 20;
  int64_t max_backoff_ms = 2'000;
  size_t max_outstanding = 1'000;
  size_t max_queued = 100'000;
  size_t max_queued_bytes = 256 << 20;
  Pin pin;
  std::vector<Credential> credentials;
};

// The largest request that is sent, and the size at which a frame is closed.
inline constexpr size_t kMaxRequestBytes = 4 << 20;
inline constexpr size_t kMaxFrameBytes = 1 << 20;

// Of a write, a read, a watch (its id), or none: credential, close.
using Answer = std::variant<std::monostate, WriteResult, ReadResult, uint64_t>;

struct Completion {
  uint64_t ticket = 0;
  absl::StatusOr<Answer> answer;
};
using Notice = std::variant<Completion, Firing, SessionState>;

struct ConnectOrder {
  uint64_t attempt = 0;  // from 1; comes back with what the connection brings
  std::string endpoint;
};

struct CoreOutput {
  bool disconnect = false;              // the connection there was; first
  std::optional<ConnectOrder> connect;  // then
  std::vector<Notice> notices;          // in order
};

class SessionCore {
 public:
  SessionCore(CoreOptions options, uint64_t seed, int64_t now_ms);
  SessionCore(const SessionCore&) = delete;
  SessionCore& operator=(const SessionCore&) = delete;

  // --- Calls: each returns a ticket, which its Completion names --------------
  uint64_t SubmitWrite(const Write& write);
  uint64_t SubmitRead(const Read& read, Consistency consistency);
  // The ticket is the watch's id, too.
  uint64_t SubmitWatch(const std::string& path, WatchKind kind);
  uint64_t SubmitCredential(const Credential& credential);
  // What is submitted later is refused. The answer is OK, or SessionExpired.
  uint64_t SubmitClose();
  // False: there is no such watch. Also takes back a watch that is not set yet;
  // its ticket is completed all the same.
  bool RemoveWatch(uint64_t id);
  // Ends it without the members: what is unanswered fails.
  void Abandon();
  // Drops the connection, if there is one.
  void Break(const absl::Status& why, int64_t now_ms);

  // --- What the connection brings; of a past attempt: ignored ----------------
  void OnFrame(uint64_t attempt, const coord::v1::ServerFrame& frame,
               int64_t now_ms);
  void OnBroken(uint64_t attempt, const absl::Status& why, int64_t now_ms);

  void Tick(int64_t now_ms);
  // When Tick() is due; INT64_MAX: never, unless there is another input.
  int64_t NextTick() const;

  CoreOutput TakeOutput();
  // What is to be sent next on the present connection, as of now. Ask when it
  // can be sent at once: what waits is put into one frame.
  std::optional<coord::v1::ClientFrame> NextFrame(int64_t now_ms);

  // --- What it knows ---------------------------------------------------------
  SessionState state() const { return state_; }
  int64_t session_id() const { return session_id_; }  // 0: none yet
  int32_t timeout_ms() const { return timeout_ms_; }
  const Pin& pin() const { return pin_; }
  // Connected to; empty: to none.
  std::string endpoint() const;
  const EndpointRotation& endpoints() const { return endpoints_; }
  // For people: what requests wait for.
  std::string Describe() const;
  // Unanswered requests.
  size_t queued() const { return queue_.size(); }
  size_t watches() const { return registry_.size(); }

 private:
  enum class Phase : uint8_t {
    kPausing,     // until connect_at_
    kConnecting,  // ordered; Hello not yet sent
    kGreeting,    // Hello sent
    kLive,        // welcomed
    kOver,
  };
  enum class SentKind : uint8_t { kRequest, kRearm, kPing };

  struct Queued {
    uint64_t ticket = 0;  // 0: nobody waits
    coord::v1::Request request;
    size_t bytes = 0;
  };
  // One request on this connection that is not answered yet.
  struct Sent {
    int64_t tag = 0;
    SentKind kind = SentKind::kRequest;
    bool proves_life = false;
    bool stale = false;  // it will be, or has been, sent again
    size_t bytes = 0;
    int64_t sent_ms = 0;
  };

  // session_core.cc: calls, connections, time.
  uint64_t Enqueue(coord::v1::Request request, const absl::Status& valid);
  // The member need not tell of `key` any more, if nobody else uses it.
  void TakeBack(const WatchKey& key);
  static WatchKey KeyOf(const coord::v1::AddWatch& watch);
  void Complete(uint64_t ticket, absl::StatusOr<Answer> answer);
  void SetState(SessionState state);
  void Connect(int64_t now_ms);
  void Drop(const absl::Status& why, int64_t now_ms);
  bool ExpireIfDue(int64_t now_ms);
  void Expire(const absl::Status& why);
  void Finish(SessionState state, const absl::Status& why);
  void Fire(std::vector<Firing> firings);
  absl::Status OverError() const;

  // session_core_send.cc: what is sent.
  void Greet(int64_t now_ms, coord::v1::ClientFrame& frame);
  bool Fits(size_t bytes) const;
  void Send(coord::v1::Request& request, SentKind kind, size_t bytes,
            int64_t now_ms, coord::v1::ClientFrame& frame);
  void SendRearms(int64_t now_ms, coord::v1::ClientFrame& frame);
  void SendQueued(int64_t now_ms, coord::v1::ClientFrame& frame);

  // session_core_receive.cc: what is received. OK, or why the connection is to
  // be dropped.
  absl::Status OnMessage(const coord::v1::ServerMessage& message,
                         int64_t now_ms);
  absl::Status OnWelcome(const coord::v1::Welcome& welcome, int64_t now_ms);
  absl::Status CheckWelcome(const coord::v1::Welcome& welcome) const;
  absl::Status OnReply(const coord::v1::Reply& reply, int64_t now_ms);
  absl::Status OnNotTaken(const coord::v1::Reply& reply, const Sent& sent,
                          int64_t now_ms);
  absl::Status OnRearmed(const coord::v1::Reply& reply);
  absl::Status OnAnswered(const coord::v1::Reply& reply);
  void OnWriteAnswered(const Queued& queued, const coord::v1::Reply& reply);
  void OnWatchAnswered(const Queued& queued, const coord::v1::Reply& reply);
  absl::Status OnEvent(const coord::v1::WatchEvent& event);
  absl::Status OnGoodbye(const coord::v1::Goodbye& goodbye);
  void OnMalformed(const absl::Status& status);
  // The write in front was refused without a place in the log.
  void FreeRequestId();
  // All that is sent and not answered will be sent again.
  void GoBack();

  // Constants.
  const CoreOptions options_;

  SeededRandom random_;
  EndpointRotation endpoints_;
  CoreOutput output_;
  Phase phase_ = Phase::kPausing;
  SessionState state_ = SessionState::kConnecting;

  // The session.
  int64_t session_id_ = 0;
  int32_t timeout_ms_ = 0;
  Pin pin_;
  std::vector<Credential> credentials_;
  int64_t last_request_id_ = 0;   // given to a write
  int64_t answered_through_ = 0;  // writes
  int64_t alive_since_ms_ = 0;    // see LIFE
  bool closing_ = false;
  absl::Status over_;  // why it is over

  // Requests.
  uint64_t last_ticket_ = 0;
  std::deque<Queued> queue_;
  size_t queue_bytes_ = 0;
  size_t next_ = 0;  // the first of queue_ that is to be sent
  WatchRegistry registry_;

  // The connection.
  uint64_t attempt_ = 0;
  int64_t connect_at_ms_ = 0;       // kPausing
  int64_t give_up_at_ms_ = 0;       // kConnecting, kGreeting
  int64_t greeted_ms_ = 0;          // when Hello was sent
  int64_t last_reply_ms_ = 0;       // kLive
  int64_t last_proof_sent_ms_ = 0;  // kLive: of what proves life
  bool ping_due_ = false;
  int64_t last_tag_ = 0;
  std::deque<Sent> sent_;
  size_t sent_bytes_ = 0;
  size_t window_ = 0;
  uint64_t window_bytes_ = 0;
  std::vector<WatchKey> rearms_;
  size_t rearms_sent_ = 0;
  size_t rearms_answered_ = 0;
  // Not taken, since the last that was.
  int64_t refusals_ = 0;
  int64_t resend_at_ms_ = 0;  // 0: at once
  // A member has called something malformed that was sent: one request at a
  // time, until it is found.
  bool one_at_a_time_ = false;
  absl::Status refusal_;
};

// The error of every call when the session has expired.
absl::Status SessionExpiredError(int64_t session_id);

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_SESSION_CORE_H_
