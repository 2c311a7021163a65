// AclTable: each distinct ACL once, named by a small reference-counted id.
//
// Most znodes share one ACL, so a znode stores four bytes. Ids are memory, not
// state: they differ between members and never leave one. Not thread-safe.

#ifndef QUORATE_COORD_TREE_ACL_TABLE_H_
#define QUORATE_COORD_TREE_ACL_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "coord/tree/acl.h"

namespace quorate::tree {

class AclTable {
 public:
  using Id = uint32_t;

  // The id of `acl`, with one reference more.
  Id Add(const Acl& acl);

  // Drops one reference; the ACL goes with the last. REQUIRES: there is one.
  void Release(Id id);

  // REQUIRES: `id` has a reference.
  const AclPtr& Get(Id id) const { return entries_[id].acl; }
  // Hash of the ACL's encoding, for the digest.
  uint64_t HashOf(Id id) const { return entries_[id].hash; }

  // Number of distinct ACLs.
  size_t size() const { return ids_.size(); }

 private:
  struct Entry {
    AclPtr acl;
    uint64_t hash = 0;
    uint64_t references = 0;
  };

  std::vector<Entry> entries_;
  std::vector<Id> free_;
  absl::flat_hash_map<std::string, Id> ids_;  // by encoding
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_ACL_TABLE_H_
