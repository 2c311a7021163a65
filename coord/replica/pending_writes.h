// PendingWrites: the writes of this member's own clients that are on their way
// to the leader and have not come out of the log.
//
// Each is kept until the log brings it back or the leader refuses it, and is
// sent again, in order: to every new leader, and to the same one when nothing
// was heard of it for a while. That is safe for all of them, as the leader
// recognises what it has taken already (proposer.h). Not thread-safe.

#ifndef QUORATE_COORD_REPLICA_PENDING_WRITES_H_
#define QUORATE_COORD_REPLICA_PENDING_WRITES_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "coord/replica/client_message.h"
#include "coord/replica/peer_message.h"
#include "coord/tree/session_id.h"

namespace quorate::replica {

// How a write is recognised when it comes back.
struct WriteKey {
  tree::SessionId session;
  int64_t request_id = 0;
  std::string password;  // of a CreateSessionRequest, whose other parts are 0

  auto operator<=>(const WriteKey&) const = default;
};
WriteKey KeyOf(const ForwardedRequest& request);

class PendingWrites {
 public:
  struct Write {
    ConnectionId connection;
    ForwardedRequest request;
    bool was_sent = false;  // at least once, so that it may be in the log
    int64_t sent_ms = 0;    // last time
  };

  // False, and nothing happens, if one with this key is here already.
  bool Add(ConnectionId connection, ForwardedRequest request);

  const Write* Find(const WriteKey& key) const;  // nullptr: not here
  // Forgets it and returns whose it is; none: it was not here.
  ConnectionId Take(const WriteKey& key);

  bool HasUnsent() const { return !unsent_.empty(); }
  // The next of those to be sent, in order of submission; it counts as sent.
  // nullptr: no more. Valid until the next call that is not const.
  const Write* NextToSend(int64_t now_ms);

  // There is another leader, or a new epoch: all are to be sent again.
  void SendAllAgain();
  // The leader could not take it: to be sent again with the next Tick().
  void Defer(const WriteKey& key);
  // Those deferred, and those sent before `now_ms` - `resend_ms`, are to be
  // sent again.
  void Tick(int64_t now_ms, int64_t resend_ms);

  // By key.
  std::vector<WriteKey> Keys() const;
  size_t size() const { return by_key_.size(); }

 private:
  uint64_t next_number_ = 1;
  absl::btree_map<uint64_t, Write> writes_;  // by order of submission
  absl::btree_map<WriteKey, uint64_t> by_key_;
  absl::btree_set<uint64_t> unsent_;
  absl::btree_set<uint64_t> deferred_;
  // No write was sent earlier than this and is still waiting.
  int64_t oldest_sent_ms_ = 0;
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_PENDING_WRITES_H_
