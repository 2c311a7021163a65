// Znode: one node of the tree, laid out to be small.
//
// A znode, with its name behind it, is one allocation; data, if there is any,
// is a second one, and a list of children, if there are any, a third. Paths are
// not stored: they follow from the parents. tree_benchmark.cc measures the
// size.
//
// Only Tree creates, changes and frees znodes; others read them.

#ifndef QUORATE_COORD_TREE_ZNODE_H_
#define QUORATE_COORD_TREE_ZNODE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/btree_set.h"
#include "absl/strings/string_view.h"
#include "coord/tree/acl_table.h"
#include "coord/tree/digest.h"
#include "coord/tree/stat.h"

namespace quorate::tree {

// Immutable bytes with their hash, in one allocation.
class Blob {
 public:
  struct Deleter {
    void operator()(Blob* blob) const;
  };
  using Ptr = std::unique_ptr<Blob, Deleter>;

  // nullptr for no bytes.
  static Ptr Make(absl::string_view bytes);

  absl::string_view bytes() const;
  uint64_t hash() const { return hash_; }

 private:
  Blob(uint64_t hash, uint32_t size) : hash_(hash), size_(size) {}

  uint64_t hash_;
  uint32_t size_;
};

class Znode;

struct NameLess {
  using is_transparent = void;
  bool operator()(const Znode* a, const Znode* b) const;
  bool operator()(const Znode* a, absl::string_view b) const;
  bool operator()(absl::string_view a, const Znode* b) const;
};

class Znode {
 public:
  using Children = absl::btree_set<Znode*, NameLess>;
  struct Deleter {
    void operator()(Znode* node) const;
  };
  using Ptr = std::unique_ptr<Znode, Deleter>;

  // REQUIRES: name.size() < 64 KiB.
  static Ptr Make(absl::string_view name, Znode* parent);

  Znode(const Znode&) = delete;
  Znode& operator=(const Znode&) = delete;

  absl::string_view name() const;  // "" for the root
  absl::string_view data() const {
    return data_ ? data_->bytes() : absl::string_view();
  }
  const Znode* parent() const { return parent_; }  // nullptr for the root
  // nullptr: none.
  const Children* children() const { return children_.get(); }
  size_t num_children() const { return children_ ? children_->size() : 0; }

  Stat ToStat() const;
  std::string Path() const;

  Zxid czxid() const { return czxid_; }
  Zxid mzxid() const { return mzxid_; }
  Zxid pzxid() const { return pzxid_; }
  int64_t ctime_ms() const { return ctime_ms_; }
  int64_t mtime_ms() const { return mtime_ms_; }
  int32_t version() const { return version_; }
  int32_t aversion() const { return aversion_; }
  // Children ever created, modulo 2^32; numbers the sequential ones.
  int32_t creations() const { return creations_; }
  int64_t ephemeral_owner() const { return ephemeral_owner_; }
  AclTable::Id acl() const { return acl_; }
  // Of all below this znode, without itself.
  uint32_t descendants() const { return descendants_; }
  // Bytes of data of this znode and all below it.
  uint64_t subtree_bytes() const { return subtree_bytes_; }

 private:
  friend class Tree;
  explicit Znode(Znode* parent) : parent_(parent) {}

  Digest ComputeDigest(absl::string_view path, uint64_t acl_hash) const;

  Znode* parent_;
  std::unique_ptr<Children> children_;
  Blob::Ptr data_;
  Zxid czxid_;
  Zxid mzxid_;
  Zxid pzxid_;
  int64_t ctime_ms_ = 0;
  int64_t mtime_ms_ = 0;
  int64_t ephemeral_owner_ = 0;
  uint64_t subtree_bytes_ = 0;
  Digest digest_ = 0;  // what it adds to the tree's digest
  int32_t version_ = 0;
  int32_t aversion_ = 0;
  int32_t creations_ = 0;
  AclTable::Id acl_ = 0;
  uint32_t descendants_ = 0;
  uint16_t name_size_ = 0;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_ZNODE_H_
