// ACLs: who may do what with a znode. Semantics as in ZooKeeper.
//
// Schemes:
//   world   the one id "anyone"
//   auth    only in requests: stands for the requester's authenticated ids
//   digest  "user:BASE64(SHA1(user:password))"
//   ip      an IPv4 address, or "address/bits"
// A requester who has an identity of the scheme "super" may do everything.
//
// Passwords never come here. A request's ACLs hold digests already (clients
// compute them), and the transport hashes the password once, when a connection
// authenticates, so the tree compares strings and needs no cryptography.

#ifndef QUORATE_COORD_TREE_ACL_H_
#define QUORATE_COORD_TREE_ACL_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "coord/tree/wire.h"

namespace quorate::tree {

// Bits of AclEntry::permissions.
inline constexpr uint32_t kRead = 1;
inline constexpr uint32_t kWrite = 2;
inline constexpr uint32_t kCreate = 4;
inline constexpr uint32_t kDelete = 8;
inline constexpr uint32_t kAdmin = 16;
inline constexpr uint32_t kAllPermissions = 31;

// Bounds of one ACL; more is InvalidACL.
inline constexpr size_t kMaxAclEntries = 256;
inline constexpr size_t kMaxAclIdBytes = 1024;

struct Identity {
  std::string scheme;
  std::string id;

  auto operator<=>(const Identity&) const = default;
};

struct AclEntry {
  uint32_t permissions = 0;
  Identity identity;

  auto operator<=>(const AclEntry&) const = default;
};

using Acl = std::vector<AclEntry>;
using AclPtr = std::shared_ptr<const Acl>;

// world:anyone with all permissions, or with kRead alone.
Acl OpenAcl();
Acl ReadOnlyAcl();

// What a create or setACL at `path` by `requester` stores for `acl`: duplicates
// dropped, "auth" replaced. InvalidACL if it is empty, too big, names an
// unknown scheme or a malformed id, or says "auth" for a requester who has not
// authenticated.
absl::StatusOr<Acl> ResolveAcl(absl::string_view path, const Acl& acl,
                               absl::Span<const Identity> requester);

// True if `acl` grants `requester` one of `permissions`.
bool Permits(const Acl& acl, uint32_t permissions,
             absl::Span<const Identity> requester);

// For a reader without kAdmin: the digests are blanked.
Acl MaskDigests(const Acl& acl);

void WriteAcl(const Acl& acl, WireWriter& writer);
// Fails the reader on more than the bounds above.
Acl ReadAcl(WireReader& reader);

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_ACL_H_
