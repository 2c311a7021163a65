// The state digest: one number that two members must share at one zxid.
//
// It is the sum, modulo 2^64, of a hash of each znode and of each session, so
// it does not depend on any order, and a change costs the hashes of what it
// changed. It covers
//   - of each znode: path, data, ACL, czxid, mzxid, pzxid, ctime, mtime,
//     version, aversion, the number of creations of children and
//     ephemeral_owner; with all znodes' paths, also the children of each;
//   - quotas, as they are znodes below /zookeeper/quota;
//   - of each session: id, timeout, password, the number of its last write, and
//     the results that are remembered, with their numbers and zxids.
// It does not cover watches, which belong to one member, nor the zxid itself.
// It finds divergence and damage; it is no defence against forgery.
//
// The hash is XXH3 (64 bits), whose values are fixed for all versions and
// machines.

#ifndef QUORATE_COORD_TREE_DIGEST_H_
#define QUORATE_COORD_TREE_DIGEST_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace quorate::tree {

using Digest = uint64_t;

uint64_t HashBytes(absl::string_view bytes);

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_DIGEST_H_
