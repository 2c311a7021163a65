// NodeKind: what a Stat's ephemeral_owner says about a znode.
//
// As in ZooKeeper with extended types on (here they always are), one number
// tells the four kinds apart: 0 is a persistent znode, the lowest number a
// container, a number whose high byte is 0xff a TTL node with the TTL in its
// low 40 bits; every other number is the session that owns an ephemeral.

#ifndef QUORATE_COORD_TREE_NODE_KIND_H_
#define QUORATE_COORD_TREE_NODE_KIND_H_

#include <cstdint>
#include <limits>

#include "coord/tree/session_id.h"

namespace quorate::tree {

enum class NodeKind { kPersistent, kEphemeral, kContainer, kTtl };

inline constexpr int64_t kContainerOwner = std::numeric_limits<int64_t>::min();
inline constexpr int64_t kMaxTtlMs = (int64_t{1} << 40) - 1;  // 34 years
inline constexpr uint64_t kTtlMask = 0xff00'0000'0000'0000;

inline NodeKind KindOf(int64_t ephemeral_owner) {
  if (ephemeral_owner == 0) return NodeKind::kPersistent;
  if (ephemeral_owner == kContainerOwner) return NodeKind::kContainer;
  const bool is_ttl =
      (static_cast<uint64_t>(ephemeral_owner) & kTtlMask) == kTtlMask;
  return is_ttl ? NodeKind::kTtl : NodeKind::kEphemeral;
}

inline bool IsValidTtl(int64_t ttl_ms) {
  return ttl_ms > 0 && ttl_ms <= kMaxTtlMs;
}

// REQUIRES: IsValidTtl(ttl_ms).
inline int64_t TtlOwner(int64_t ttl_ms) {
  return static_cast<int64_t>(kTtlMask | static_cast<uint64_t>(ttl_ms));
}

// REQUIRES: KindOf(ephemeral_owner) == kTtl.
inline int64_t TtlMs(int64_t ephemeral_owner) {
  return ephemeral_owner & kMaxTtlMs;
}

// False for what would name no session or another kind of znode.
inline bool IsValidSessionId(SessionId session) {
  return KindOf(session.value) == NodeKind::kEphemeral;
}

// False for a number that no znode can have.
inline bool IsValidOwner(int64_t ephemeral_owner) {
  if (KindOf(ephemeral_owner) != NodeKind::kTtl) return true;
  const int64_t ttl_ms = TtlMs(ephemeral_owner);
  return IsValidTtl(ttl_ms) && TtlOwner(ttl_ms) == ephemeral_owner;
}

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_NODE_KIND_H_
