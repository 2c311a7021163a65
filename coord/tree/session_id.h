// SessionId: names a client's session.
//
// Minted by the layers above (never by the tree) and unique for ever within an
// ensemble. 0 means none. The ids that a Stat's ephemeral_owner could not tell
// from a container or a TTL node are no valid session ids; see node_kind.h.

#ifndef QUORATE_COORD_TREE_SESSION_ID_H_
#define QUORATE_COORD_TREE_SESSION_ID_H_

#include <compare>
#include <cstdint>

namespace quorate::tree {

struct SessionId {
  int64_t value = 0;

  bool IsNone() const { return value == 0; }
  auto operator<=>(const SessionId&) const = default;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_SESSION_ID_H_
