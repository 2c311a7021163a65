// SessionTable: the sessions that are open, as all members agree.
//
// When a session has expired is decided by the leader's session clock; here it
// just closes. Which connection a session uses is not replicated either. What a
// session owns is known to the tree. Not thread-safe.

#ifndef QUORATE_COORD_TREE_SESSIONS_H_
#define QUORATE_COORD_TREE_SESSIONS_H_

#include <cstdint>

#include "absl/container/btree_map.h"
#include "coord/tree/digest.h"
#include "coord/tree/session_id.h"

namespace quorate::tree {

struct Session {
  int32_t timeout_ms = 0;  // as negotiated
};

class SessionTable {
 public:
  using Map = absl::btree_map<SessionId, Session>;

  // False if it is open already.
  bool Open(SessionId id, Session session);
  // False if it is not open.
  bool Close(SessionId id);

  bool Has(SessionId id) const { return sessions_.contains(id); }
  const Map& sessions() const { return sessions_; }  // by id
  Digest digest() const { return digest_; }

 private:
  Map sessions_;
  Digest digest_ = 0;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_SESSIONS_H_
