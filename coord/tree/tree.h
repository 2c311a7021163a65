// Tree: the znodes of one member, with what follows from them.
//
// It only stores: whether a change is allowed is decided before it is logged
// (outstanding.h). A change that cannot be made, because what it presumes is
// not there, is answered with false and changes nothing.
//
// Paths are looked up name by name, through each parent's sorted children, so
// that no table ever has to be rehashed and children are listed in order. Each
// znode knows the number and bytes of what is below it: quotas need no count
// of their own, and getAllChildrenNumber no walk.
//
// From the beginning there are /, /zookeeper, /zookeeper/quota and
// /zookeeper/config (empty: membership is not kept in the tree).
//
// Not thread-safe. Pointers to znodes last until the znode is deleted.

#ifndef QUORATE_COORD_TREE_TREE_H_
#define QUORATE_COORD_TREE_TREE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/strings/string_view.h"
#include "coord/tree/acl.h"
#include "coord/tree/acl_table.h"
#include "coord/tree/digest.h"
#include "coord/tree/path.h"
#include "coord/tree/quota.h"
#include "coord/tree/session_id.h"
#include "coord/tree/stat.h"
#include "coord/tree/znode.h"

namespace quorate::tree {

// Told of each change to a znode that exists, before it is made.
class TreeObserver {
 public:
  virtual ~TreeObserver() = default;
  virtual void BeforeChange(absl::string_view path, const Znode& node) = 0;
};

// A whole znode by value: what a snapshot holds of it.
struct NodeImage {
  std::string path;
  std::string data;
  AclPtr acl;
  Zxid czxid;
  Zxid mzxid;
  Zxid pzxid;
  int64_t ctime_ms = 0;
  int64_t mtime_ms = 0;
  int32_t version = 0;
  int32_t aversion = 0;
  int32_t creations = 0;
  int64_t ephemeral_owner = 0;
};

class Tree {
 public:
  using PathSet = absl::btree_set<std::string, PathLess>;

  Tree();
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // nullptr if there is none, also for what is no valid path.
  const Znode* Find(absl::string_view path) const;
  const Znode& root() const { return *root_; }
  const AclPtr& AclOf(const Znode& node) const { return acls_.Get(node.acl()); }
  NodeImage ImageOf(absl::string_view path, const Znode& node) const;
  std::vector<std::string> ChildrenOf(const Znode& node) const;  // sorted

  // The next znode in the order of paths; nullptr: `node` is the last.
  static const Znode* Next(const Znode& node);
  // The first znode behind `path`, whether there is one at it or not.
  const Znode* FirstAfter(absl::string_view path) const;

  size_t size() const { return size_t{1} + root_->descendants(); }
  Digest digest() const { return digest_; }
  size_t num_acls() const { return acls_.size(); }

  // Paths of the ephemerals of `session`, sorted; nullptr: none.
  const PathSet* EphemeralsOf(SessionId session) const;
  const PathSet& containers() const { return containers_; }
  const PathSet& ttl_nodes() const { return ttl_nodes_; }

  bool has_quotas() const { return !quotas_.empty(); }
  // Of the znode and all below it; zero if there is none at `path`.
  QuotaUsage UsageOf(absl::string_view path) const;

  // REQUIRES: ValidatePath(path) is OK, IsValidOwner(ephemeral_owner). False
  // if the parent does not exist or is an ephemeral, or if `path` exists.
  bool Create(absl::string_view path, absl::string_view data, const Acl& acl,
              int64_t ephemeral_owner, Zxid zxid, int64_t time_ms);
  // False if `path` does not exist, has children or is reserved.
  bool Delete(absl::string_view path, Zxid zxid);
  bool SetData(absl::string_view path, absl::string_view data, int32_t version,
               Zxid zxid, int64_t time_ms);
  bool SetAcl(absl::string_view path, const Acl& acl, int32_t version);

  // Puts a znode back as it was. A reserved one, which exists, is replaced.
  // REQUIRES: as Create(). False if the parent does not exist, or if an
  // unreserved `path` does.
  bool Restore(const NodeImage& image);

  // `observer` must be removed before it dies.
  void AddObserver(TreeObserver* observer);
  void RemoveObserver(TreeObserver* observer);

 private:
  Znode* FindMutable(absl::string_view path);
  void Observe(absl::string_view path, const Znode& node);
  Znode& Link(Znode& parent, absl::string_view name);
  void Rehash(absl::string_view path, Znode& node);
  void ReplaceData(Znode& node, absl::string_view data);
  static void AddToAncestors(Znode& node, int64_t descendants, int64_t bytes);
  PathSet* IndexOf(int64_t ephemeral_owner);
  void AddToIndexes(absl::string_view path, const Znode& node);
  void RemoveFromIndexes(absl::string_view path, const Znode& node);
  // Brings the zookeeper_stats of all quotas on `path` up to date.
  void RefreshQuotas(absl::string_view path);
  void RefreshStats(absl::string_view path);

  AclTable acls_;
  Znode::Ptr root_;
  Digest digest_ = 0;
  absl::btree_map<SessionId, PathSet> ephemerals_;
  PathSet containers_;
  PathSet ttl_nodes_;
  PathSet quotas_;  // the paths that have limits
  std::vector<TreeObserver*> observers_;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_TREE_H_
