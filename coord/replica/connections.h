// Connections: the clients that this member serves, and what each has asked and
// not been answered.
//
// Requests are answered in the order in which they came, so each connection has
// one queue. The table finds a connection by its id, by the session that it
// serves, and by its attachment, and adds up the bytes that wait. It decides
// nothing. Not thread-safe.

#ifndef QUORATE_COORD_REPLICA_CONNECTIONS_H_
#define QUORATE_COORD_REPLICA_CONNECTIONS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "coord/consensus/client_pin.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/tree/acl.h"
#include "coord/tree/session_id.h"

namespace quorate::replica {

// A request that has not been answered.
struct QueuedRequest {
  ClientRequest request;
  size_t bytes = 0;
  int64_t deadline_ms = 0;
  uint64_t read_token = 0;      // of a linearizable read; see ReadBatches
  int64_t random_id = 0;        // of a write without a session
  std::optional<Reply> answer;  // known; waits for those before it alone
  bool had_no_room = false;     // counted in Connection::refused
};

struct Connection {
  enum class State {
    kBehindPin,  // its client has seen more than is applied here
    kOpening,    // a new session is on its way through the log
    kAttaching,  // the leader is asked for the session
    kAttached,   // `serve_at` is to be applied
    kServing,    // welcome
  };

  ConnectionId id;
  bool is_call = false;  // one request without a session, then it is forgotten
  State state = State::kBehindPin;
  consensus::ClientPin pin;
  tree::SessionId session;  // none while it is opening, and for a call
  std::string password;
  int32_t timeout_ms = 0;
  uint64_t attachment = 0;
  consensus::Zxid serve_at;
  int64_t since_ms = 0;             // when it came
  std::optional<int64_t> asked_ms;  // when the leader was asked last

  // What the client has proved: as the requests at the head of the queue see
  // it, and as those see it that come now.
  std::vector<tree::Identity> identities;
  std::vector<tree::Identity> newest_identities;

  std::deque<QueuedRequest> queue;
  size_t taken_in = 0;  // of the queue, so many are on their way
  uint64_t queued_bytes = 0;
  size_t refused = 0;          // in the queue, for want of room
  int64_t last_forwarded = 0;  // of the session's writes; 0: none
  uint64_t round = 1;          // see ForwardedRequest
  // The highest write that was forwarded and then answered as not taken: a
  // stray copy of it, or of one below, may be logged before it comes again.
  int64_t refused_through = 0;
  bool touched = false;  // since the last tick
};

class Connections {
 public:
  // nullptr: there is none (any more).
  Connection* Find(ConnectionId id);
  Connection* FindServing(tree::SessionId session);
  const Connection* FindServing(tree::SessionId session) const;
  Connection* FindAttachment(uint64_t attachment);

  // REQUIRES: the id is new.
  Connection& Add(ConnectionId id);
  // It is gone; what it had queued with it.
  void Remove(ConnectionId id);

  // Asks and answers for its attachment from now on. REQUIRES: not 0, and new.
  void SetAttachment(Connection& connection, uint64_t attachment);
  // It serves its session from now on. REQUIRES: no other one does.
  void StartServing(Connection& connection);

  void Push(Connection& connection, QueuedRequest request);
  void Pop(Connection& connection);

  // By id. Those that are not served yet; those with a queue; all.
  std::vector<ConnectionId> Connecting() const;
  std::vector<ConnectionId> Busy() const;
  std::vector<ConnectionId> All() const;

  bool HasConnecting() const { return !connecting_.empty(); }
  size_t size() const { return connections_.size(); }
  size_t queued() const { return queued_; }
  uint64_t queued_bytes() const { return queued_bytes_; }

 private:
  absl::btree_map<ConnectionId, std::unique_ptr<Connection>> connections_;
  absl::flat_hash_map<int64_t, Connection*> serving_;  // by SessionId::value
  absl::flat_hash_map<uint64_t, Connection*> attachments_;
  absl::btree_set<ConnectionId> connecting_;
  absl::btree_set<ConnectionId> busy_;
  size_t queued_ = 0;
  uint64_t queued_bytes_ = 0;
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_CONNECTIONS_H_
