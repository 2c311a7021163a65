// Attachments: which connection uses each session, as a leader knows it.
//
// The newest to ask has the session; requests by an older one are answered
// SessionMoved. An attachment that has lost the session does not get it back,
// so that a message which was delayed cannot move it. A new leader knows none,
// and lets everyone be until a client attaches. Not thread-safe.

#ifndef QUORATE_COORD_REPLICA_ATTACHMENTS_H_
#define QUORATE_COORD_REPLICA_ATTACHMENTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "coord/tree/session_id.h"

namespace quorate::replica {

class Attachments {
 public:
  // How many that have lost a session are remembered of each.
  static constexpr size_t kRemembered = 4;

  // False: it has lost the session before. REQUIRES: attachment != 0.
  bool Attach(tree::SessionId session, uint64_t attachment);
  // False: another one has the session.
  bool MayUse(tree::SessionId session, uint64_t attachment) const;
  // The session has ended.
  void Forget(tree::SessionId session);

  size_t size() const { return sessions_.size(); }

 private:
  struct Users {
    uint64_t now = 0;
    std::vector<uint64_t> before;  // oldest first
  };

  absl::flat_hash_map<int64_t, Users> sessions_;  // by SessionId::value
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_ATTACHMENTS_H_
