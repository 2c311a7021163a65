// Client messages: what clients ask of a member, and what it tells them.
//
// Plain structs; coord/rpc translates them to and from the wire. A connection
// carries either one session (Hello first) or requests without a session.
//
// ORDER. The requests of one connection take effect in the order in which they
// were submitted, and are answered in that order, also when writes and reads
// are mixed. A watch event is delivered before any answer that shows the state
// behind it.
//
// EXACTLY ONCE. A session numbers its writes 1, 2, 3, ... without a gap. Its
// client keeps each until it is answered, and after a reconnect, or an answer
// with Reply::not_taken, submits again all that are unanswered, in order and
// under the same numbers. What was applied already is not applied again: it is
// answered with the result that it had. Without a session there is no such
// protection: a lost answer means that the outcome is unknown.

#ifndef QUORATE_COORD_REPLICA_CLIENT_MESSAGE_H_
#define QUORATE_COORD_REPLICA_CLIENT_MESSAGE_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "coord/base/ids.h"
#include "coord/consensus/client_pin.h"
#include "coord/consensus/zxid.h"
#include "coord/tree/acl.h"
#include "coord/tree/event.h"
#include "coord/tree/reads.h"
#include "coord/tree/request.h"
#include "coord/tree/session_id.h"
#include "coord/tree/stat.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/watches.h"

namespace quorate::replica {

// One client connection, or one call without a session. Minted by the
// transport; never used twice in one life of the process. 0 means none.
struct ConnectionId {
  uint64_t value = 0;

  bool IsNone() const { return value == 0; }
  auto operator<=>(const ConnectionId&) const = default;
};

inline constexpr size_t kPasswordBytes = 16;

// --- From a client ----------------------------------------------------------

// The first message of a connection with a session.
struct Hello {
  consensus::ClientPin pin;  // rule 22
  tree::SessionId session;   // to be resumed; none: open a new one
  // Random bytes that the client has drawn when it opened the session; who
  // shows them may resume it. Exactly kPasswordBytes.
  std::string password;
  // Wished for; the member moves it into its own bounds. Ignored on resuming.
  int32_t timeout_ms = 0;
  // By the transport: the client's address, and what it has proved. Digests
  // are hashed already.
  std::vector<tree::Identity> identities;
};

// Something to be changed. Of the bodies, CreateSession and DeleteContainer are
// not for clients. CloseSession ends the session and the connection.
struct WriteRequest {
  // The number of this write in its session, from 1; 0 without a session.
  int64_t request_id = 0;
  // All writes up to this one have been answered to the client: their results
  // need not be remembered any more. 0: none.
  int64_t acked_through = 0;
  tree::RequestBody body;
};

struct GetData {
  std::string path;
  bool watch = false;  // leave a one-shot watch; needs a session
};
struct Exists {
  std::string path;
  bool watch = false;
};
struct GetChildren {
  std::string path;
  bool watch = false;
};
struct GetAcl {
  std::string path;
};
struct CountDescendants {
  std::string path;
};
struct GetEphemerals {
  std::string prefix;  // of the paths; "" and "/" are all. Of this session
};
struct MultiRead {
  std::vector<tree::ReadOp> ops;
};
// Answers nothing but the zxid: all committed before it was asked is applied at
// this member now. Always linearizable.
struct Sync {};

using Query = std::variant<GetData, Exists, GetChildren, GetAcl,
                           CountDescendants, GetEphemerals, MultiRead, Sync>;

struct ReadRequest {
  // False: linearizable (thesis of Ongaro, section 6.4). True: from what this
  // member has applied, which may be old, but never older than what the
  // connection has seen.
  bool local = false;
  Query query;
};

// Needs a session. A watch belongs to session and member: it ends with the
// connection, and the client sets it again, with `resume_after`, on the next.
struct AddWatch {
  std::string path;
  tree::WatchKind kind = tree::WatchKind::kPersistent;
  // Set: also tell of what happened after this zxid. A one-shot watch that is
  // due at once is not left. If the member does not remember so far back, it
  // sends a WatchEvent with `gap` instead, and a one-shot watch is not left.
  std::optional<consensus::Zxid> resume_after;
};
struct RemoveWatch {
  std::string path;
  std::optional<tree::WatchKind> kind;  // nothing: all on the path
};
// The client has proved to be somebody more, from now on (addauth).
struct AddIdentity {
  tree::Identity identity;
};
// The client lives. Any other message says so, too.
struct Ping {};

struct ClientRequest {
  int64_t tag = 0;  // the client's own; comes back with the reply
  std::variant<WriteRequest, ReadRequest, AddWatch, RemoveWatch, AddIdentity,
               Ping>
      body;
};

// --- To a client ------------------------------------------------------------

// The answer to Hello.
struct Welcome {
  EnsembleId ensemble;
  MemberId member;
  tree::SessionId session;
  int32_t timeout_ms = 0;  // as negotiated
  consensus::Zxid zxid;    // applied at this member, at or above the pin
  // Of the session's writes, the last that was applied; 0: none.
  int64_t last_request_id = 0;
  // Most requests, and bytes of them, that may be unanswered at once. Who sends
  // more is answered ResourceExhausted, not taken.
  uint32_t max_outstanding = 0;
  uint64_t max_outstanding_bytes = 0;
};

using Result =
    std::variant<std::monostate, tree::TxnResult, tree::DataAnswer, tree::Stat,
                 tree::ChildrenAnswer, tree::AclAnswer, uint32_t,
                 std::vector<std::string>, std::vector<tree::ReadAnswer>>;

struct Reply {
  int64_t tag = 0;
  // The state that the answer is of: the write's own zxid, or what was applied
  // when it was read. None if there was no look at the state.
  consensus::Zxid zxid;
  absl::Status status;  // error.h tells which
  // Nothing has happened, and the same request may be submitted again, later or
  // elsewhere. A write behind it that was submitted already is not taken, too.
  bool not_taken = false;
  // By the kind of request; monostate if it failed. A multi that failed has a
  // TxnResult with the errors of its ops.
  Result result;
};

struct WatchEvent {
  tree::EventType type = tree::EventType::kDataChanged;
  std::string path;
  consensus::Zxid zxid;
  // The member cannot tell what happened on `path` between `resume_after` and
  // `zxid`: look again. `type` means nothing then; `kind` is that of the watch.
  bool gap = false;
  tree::WatchKind kind = tree::WatchKind::kData;  // only with `gap`
};

// The connection ends, and why: refused Hello, session expired, closed or used
// by another connection, member stopping. Nothing follows it.
struct Goodbye {
  absl::Status status;  // OK: the client closed its session
};

using ServerMessage = std::variant<Welcome, Reply, WatchEvent, Goodbye>;

struct Delivery {
  ConnectionId connection;
  ServerMessage message;
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_CLIENT_MESSAGE_H_
