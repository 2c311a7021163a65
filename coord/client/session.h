// Session: a client's session with an ensemble.
//
//   absl::StatusOr<std::unique_ptr<Session>> session =
//       Session::Open({.endpoints = {"127.0.0.1:7001", "127.0.0.1:7002"}});
//   auto created = (*session)->Write(Create{.path = "/jobs/", .mode =
//       CreateMode::kPersistentSequential});
//   auto data = (*session)->GetData("/config");
//   (*session)->AsyncWrite(SetData{"/config", "x"},
//                          [](absl::StatusOr<WriteResult> done) { ... });
//
// It reconnects by itself, to any endpoint, with exponential back-off and full
// jitter; sends again what was not answered, which is applied exactly once;
// and sets its watches again without a gap. It ends only by Close(), or when
// the ensemble has expired it, or when its own clock says that it must have
// been (whichever is noticed first); then state() is kExpired and every call
// answers with SessionExpired.
//
// Order: requests take effect in the order of the calls, and are answered in
// it. (A read that had to be sent again may see writes called after it.)
// Callbacks and watch handlers run one at a time on one thread of the session;
// they may call asynchronous methods and RemoveWatch(); blocking ones answer
// FailedPrecondition there. Whoever is slow in them holds up the session: it
// reads no further from the member while too much waits for them.
//
// Rule 22: it pins the ensemble id and the highest zxid that it has seen, and
// refuses every member of another ensemble or behind the mark. Hand pin() to
// the next session's options to carry it across sessions.
//
// Thread-safe.

#ifndef QUORATE_COORD_CLIENT_SESSION_H_
#define QUORATE_COORD_CLIENT_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/client/types.h"

namespace quorate::client {

struct Pin {
  std::string ensemble_id;  // 16 bytes; empty: has met none yet
  Zxid highest_zxid = 0;

  bool operator==(const Pin&) const = default;
};

enum class SessionState {
  kConnecting,  // not connected; trying
  kConnected,
  kExpired,  // for good
  kClosed,   // for good, by Close()
};

struct Credential {
  std::string scheme;  // "digest"
  std::string secret;  // "user:password"
};

struct SessionOptions {
  std::vector<std::string> endpoints;  // "host:port"; tried in random order
  int32_t timeout_ms = 10'000;         // of the session; negotiated
  // How long Open() and blocking calls wait; after that DeadlineExceeded. A
  // write that timed out may still be applied.
  int64_t call_timeout_ms = 30'000;
  int64_t min_backoff_ms = 20;
  int64_t max_backoff_ms = 2'000;
  size_t max_outstanding = 1'000;       // more wait inside the library
  size_t max_queued = 100'000;          // more are refused: ResourceExhausted
  size_t max_queued_bytes = 256 << 20;  // of requests; likewise
  Pin pin = {};
  std::vector<Credential> credentials = {};
  // Told of every change of state; on the session's thread. May be empty.
  std::function<void(SessionState)> on_state = {};
};

template <typename T>
using Callback = std::function<void(absl::StatusOr<T>)>;
using WatchHandler = std::function<void(const Event&)>;

// The answer to a Read, by its kind: GetData: Data; Exists: Stat; GetChildren:
// Children; GetAcl: AclAndStat; CountDescendants: count; GetEphemerals: paths;
// Sync: monostate; MultiRead: one each, a Status for what failed.
using MultiReadAnswer = std::variant<absl::Status, Data, Children>;
using ReadResult =
    std::variant<std::monostate, Data, Stat, Children, AclAndStat, uint32_t,
                 std::vector<std::string>, std::vector<MultiReadAnswer>>;

class Session {
 public:
  // Connects and opens a session. InvalidArgument: bad options. Unavailable or
  // DeadlineExceeded: no endpoint served in time; the message tells what each
  // answered. FailedPrecondition: refused by the pin.
  static absl::StatusOr<std::unique_ptr<Session>> Open(SessionOptions options);
  // Closes the session, waiting for at most a second; what is unanswered then
  // is called back with Cancelled, before it returns. Not in a callback.
  virtual ~Session() = default;

  // --- Asynchronous ----------------------------------------------------------
  virtual void AsyncWrite(quorate::client::Write write,
                          Callback<WriteResult> done) = 0;
  virtual void AsyncRead(quorate::client::Read read, Consistency consistency,
                         Callback<ReadResult> done) = 0;

  // --- Blocking: errors are those of error.h, and DeadlineExceeded -----------
  absl::StatusOr<WriteResult> Write(quorate::client::Write write);
  absl::StatusOr<Data> GetData(
      std::string path, Consistency consistency = Consistency::kLinearizable);
  // No znode: NotFound with NoNode.
  absl::StatusOr<Stat> Exists(
      std::string path, Consistency consistency = Consistency::kLinearizable);
  absl::StatusOr<Children> GetChildren(
      std::string path, Consistency consistency = Consistency::kLinearizable);
  absl::StatusOr<AclAndStat> GetAcl(std::string path);
  absl::StatusOr<ReadResult> Read(
      quorate::client::Read read,
      Consistency consistency = Consistency::kLinearizable);

  // --- Watches ---------------------------------------------------------------
  // Sets a watch; `handler` is called for each event, until a one-shot one has
  // fired or the watch is removed. The id is for RemoveWatch(). Events of one
  // path come in order, none is lost or repeated over reconnects (see
  // EventType::kGap). An answer of this session that shows a change comes after
  // the event of that change. If the session ends, nobody is told by a watch:
  // see AddStateHandler().
  virtual absl::StatusOr<uint64_t> AddWatch(std::string path, WatchKind kind,
                                            WatchHandler handler) = 0;
  // As AddWatch, without waiting: `done` is told when it is set, with its id.
  virtual void AsyncAddWatch(std::string path, WatchKind kind,
                             WatchHandler handler, Callback<uint64_t> done) = 0;
  // NotFound: no such watch (any more). Returns at once; no call of the handler
  // begins after that, but one that is under way may still go on.
  virtual absl::Status RemoveWatch(uint64_t watch_id) = 0;

  // Adds a credential, from now on and after every reconnect.
  virtual absl::Status AddCredential(Credential credential) = 0;

  // --- The session -----------------------------------------------------------
  virtual int64_t id() const = 0;
  virtual int32_t timeout_ms() const = 0;  // as negotiated
  virtual SessionState state() const = 0;
  virtual Pin pin() const = 0;
  virtual std::string endpoint() const = 0;  // connected to; empty: none
  // Calls `handler` with every change of state from now on, on the session's
  // thread. If the session is over already, with that, once. The id is for
  // RemoveStateHandler(), to which the rule of RemoveWatch() applies.
  virtual uint64_t AddStateHandler(
      std::function<void(SessionState)> handler) = 0;
  virtual void RemoveStateHandler(uint64_t handler_id) = 0;
  // Ends the session: its ephemerals go at once. OK also if it was over. Its
  // watches tell nothing any more, from the call on.
  // DeadlineExceeded: no member has confirmed it in time; the session is over
  // here, and expires by itself there. Requests before it are carried out.
  virtual absl::Status Close() = 0;
  // Drops the connection as a network failure would; the session reconnects.
  // For tests.
  virtual void BreakConnection() = 0;

 protected:
  explicit Session(int64_t call_timeout_ms)
      : call_timeout_ms_(call_timeout_ms) {}

  // True on the thread that runs callbacks, where blocking calls are refused.
  virtual bool OnOwnThread() const = 0;
  // What a call that timed out may have waited for; for its message.
  virtual std::string Trouble() const = 0;
  int64_t call_timeout_ms() const { return call_timeout_ms_; }

 private:
  const int64_t call_timeout_ms_;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_SESSION_H_
