#include "coord/tree/tree.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/tree/node_kind.h"

namespace quorate::tree {
namespace {

// Cuts the first name off `rest`, which is "" or starts with "/".
absl::string_view TakeName(absl::string_view& rest) {
  rest.remove_prefix(1);
  const absl::string_view name = rest.substr(0, rest.find('/'));
  rest.remove_prefix(name.size());
  return name;
}

const Znode* ChildOf(const Znode& node, absl::string_view name) {
  const Znode::Children* children = node.children();
  if (children == nullptr) return nullptr;
  const auto found = children->find(name);
  return found == children->end() ? nullptr : *found;
}

// The first child of `node` whose name is greater, or what follows them all.
const Znode* NextBehind(const Znode* node, absl::string_view name) {
  while (node != nullptr) {
    if (const Znode::Children* children = node->children()) {
      const auto found = children->upper_bound(name);
      if (found != children->end()) return *found;
    }
    name = node->name();
    node = node->parent();
  }
  return nullptr;
}

}  // namespace

Tree::Tree() : root_(Znode::Make("", nullptr)) {
  root_->acl_ = acls_.Add(OpenAcl());
  Rehash(kRootPath, *root_);
  for (const char* path : {kSystemPath, kQuotaPath, kConfigPath}) {
    Znode& node = Link(*FindMutable(ParentPath(path)), BaseName(path));
    const bool is_config = absl::string_view(path) == kConfigPath;
    node.acl_ = acls_.Add(is_config ? ReadOnlyAcl() : OpenAcl());
    Rehash(path, node);
  }
}

Tree::~Tree() {
  // Without recursion, as a path can be deep.
  std::vector<Znode*> doomed = {root_.release()};
  while (!doomed.empty()) {
    const Znode::Ptr node(doomed.back());
    doomed.pop_back();
    if (!node->children_) continue;
    doomed.insert(doomed.end(), node->children_->begin(),
                  node->children_->end());
  }
}

const Znode* Tree::Find(absl::string_view path) const {
  if (path == kRootPath) return root_.get();
  if (path.empty() || path[0] != '/') return nullptr;
  const Znode* node = root_.get();
  while (node != nullptr && !path.empty()) {
    node = ChildOf(*node, TakeName(path));
  }
  return node;
}

Znode* Tree::FindMutable(absl::string_view path) {
  return const_cast<Znode*>(Find(path));
}

NodeImage Tree::ImageOf(absl::string_view path, const Znode& node) const {
  NodeImage image;
  image.path = std::string(path);
  image.data = std::string(node.data());
  image.acl = AclOf(node);
  image.czxid = node.czxid();
  image.mzxid = node.mzxid();
  image.pzxid = node.pzxid();
  image.ctime_ms = node.ctime_ms();
  image.mtime_ms = node.mtime_ms();
  image.version = node.version();
  image.aversion = node.aversion();
  image.creations = node.creations();
  image.ephemeral_owner = node.ephemeral_owner();
  return image;
}

std::vector<std::string> Tree::ChildrenOf(const Znode& node) const {
  std::vector<std::string> names;
  names.reserve(node.num_children());
  if (node.children() == nullptr) return names;
  for (const Znode* child : *node.children()) {
    names.emplace_back(child->name());
  }
  return names;
}

const Znode* Tree::Next(const Znode& node) { return NextBehind(&node, ""); }

const Znode* Tree::FirstAfter(absl::string_view path) const {
  absl::string_view rest = path == kRootPath ? "" : path;
  const Znode* node = root_.get();
  while (!rest.empty()) {
    const absl::string_view name = TakeName(rest);
    const Znode* child = ChildOf(*node, name);
    if (child == nullptr) return NextBehind(node, name);
    node = child;
  }
  return Next(*node);
}

const Tree::PathSet* Tree::EphemeralsOf(SessionId session) const {
  const auto found = ephemerals_.find(session);
  return found == ephemerals_.end() ? nullptr : &found->second;
}

QuotaUsage Tree::UsageOf(absl::string_view path) const {
  const Znode* node = Find(path);
  if (node == nullptr) return {};
  return {int64_t{1} + node->descendants(),
          static_cast<int64_t>(node->subtree_bytes())};
}

bool Tree::Create(absl::string_view path, absl::string_view data,
                  const Acl& acl, int64_t ephemeral_owner, Zxid zxid,
                  int64_t time_ms) {
  const absl::string_view parent_path = ParentPath(path);
  Znode* parent = FindMutable(parent_path);
  if (parent == nullptr || ChildOf(*parent, BaseName(path)) != nullptr ||
      path == kRootPath ||
      KindOf(parent->ephemeral_owner_) == NodeKind::kEphemeral) {
    return false;
  }
  Observe(parent_path, *parent);
  Znode& node = Link(*parent, BaseName(path));
  node.czxid_ = node.mzxid_ = node.pzxid_ = zxid;
  node.ctime_ms_ = node.mtime_ms_ = time_ms;
  node.ephemeral_owner_ = ephemeral_owner;
  node.acl_ = acls_.Add(acl);
  ReplaceData(node, data);
  parent->creations_ =
      static_cast<int32_t>(static_cast<uint32_t>(parent->creations_) + 1);
  parent->pzxid_ = zxid;
  Rehash(parent_path, *parent);
  Rehash(path, node);
  AddToIndexes(path, node);
  RefreshQuotas(path);
  return true;
}

bool Tree::Delete(absl::string_view path, Zxid zxid) {
  Znode* found = FindMutable(path);
  if (found == nullptr || found->num_children() > 0 || IsReservedPath(path)) {
    return false;
  }
  const absl::string_view parent_path = ParentPath(path);
  Znode& parent = *found->parent_;
  Observe(path, *found);
  Observe(parent_path, parent);
  RemoveFromIndexes(path, *found);
  AddToAncestors(*found, -1, -static_cast<int64_t>(found->data().size()));
  parent.children_->erase(found);
  if (parent.children_->empty()) parent.children_.reset();
  const Znode::Ptr node(found);
  acls_.Release(node->acl_);
  digest_ -= node->digest_;
  parent.pzxid_ = zxid;
  Rehash(parent_path, parent);
  RefreshQuotas(path);
  return true;
}

bool Tree::SetData(absl::string_view path, absl::string_view data,
                   int32_t version, Zxid zxid, int64_t time_ms) {
  Znode* node = FindMutable(path);
  if (node == nullptr) return false;
  Observe(path, *node);
  RemoveFromIndexes(path, *node);
  ReplaceData(*node, data);
  AddToIndexes(path, *node);
  node->version_ = version;
  node->mzxid_ = zxid;
  node->mtime_ms_ = time_ms;
  Rehash(path, *node);
  RefreshQuotas(path);
  return true;
}

bool Tree::SetAcl(absl::string_view path, const Acl& acl, int32_t version) {
  Znode* node = FindMutable(path);
  if (node == nullptr) return false;
  Observe(path, *node);
  const AclTable::Id old = node->acl_;
  node->acl_ = acls_.Add(acl);
  acls_.Release(old);
  node->aversion_ = version;
  Rehash(path, *node);
  return true;
}

bool Tree::Restore(const NodeImage& image) {
  Znode* node = FindMutable(image.path);
  if (node == nullptr) {
    Znode* parent = FindMutable(ParentPath(image.path));
    if (parent == nullptr) return false;
    node = &Link(*parent, BaseName(image.path));
  } else if (IsReservedPath(image.path)) {
    acls_.Release(node->acl_);
  } else {
    return false;
  }
  node->acl_ = acls_.Add(*image.acl);
  node->czxid_ = image.czxid;
  node->mzxid_ = image.mzxid;
  node->pzxid_ = image.pzxid;
  node->ctime_ms_ = image.ctime_ms;
  node->mtime_ms_ = image.mtime_ms;
  node->version_ = image.version;
  node->aversion_ = image.aversion;
  node->creations_ = image.creations;
  node->ephemeral_owner_ = image.ephemeral_owner;
  ReplaceData(*node, image.data);
  Rehash(image.path, *node);
  AddToIndexes(image.path, *node);
  return true;
}

void Tree::AddObserver(TreeObserver* observer) {
  observers_.push_back(observer);
}

void Tree::RemoveObserver(TreeObserver* observer) {
  observers_.erase(std::remove(observers_.begin(), observers_.end(), observer),
                   observers_.end());
}

void Tree::Observe(absl::string_view path, const Znode& node) {
  for (TreeObserver* observer : observers_) observer->BeforeChange(path, node);
}

Znode& Tree::Link(Znode& parent, absl::string_view name) {
  Znode* node = Znode::Make(name, &parent).release();
  if (!parent.children_) {
    parent.children_ = std::make_unique<Znode::Children>();
  }
  const bool inserted = parent.children_->insert(node).second;
  QUORATE_CHECK(inserted);
  AddToAncestors(*node, 1, 0);
  return *node;
}

void Tree::Rehash(absl::string_view path, Znode& node) {
  digest_ -= node.digest_;
  node.digest_ = node.ComputeDigest(path, acls_.HashOf(node.acl_));
  digest_ += node.digest_;
}

void Tree::ReplaceData(Znode& node, absl::string_view data) {
  const int64_t change = static_cast<int64_t>(data.size()) -
                         static_cast<int64_t>(node.data().size());
  node.data_ = Blob::Make(data);
  node.subtree_bytes_ += static_cast<uint64_t>(change);
  AddToAncestors(node, 0, change);
}

void Tree::AddToAncestors(Znode& node, int64_t descendants, int64_t bytes) {
  for (Znode* above = node.parent_; above != nullptr; above = above->parent_) {
    above->descendants_ =
        static_cast<uint32_t>(above->descendants_ + descendants);
    above->subtree_bytes_ += static_cast<uint64_t>(bytes);
  }
}

Tree::PathSet* Tree::IndexOf(int64_t ephemeral_owner) {
  switch (KindOf(ephemeral_owner)) {
    case NodeKind::kPersistent:
      return nullptr;
    case NodeKind::kContainer:
      return &containers_;
    case NodeKind::kTtl:
      return &ttl_nodes_;
    case NodeKind::kEphemeral:
      return &ephemerals_[SessionId{ephemeral_owner}];
  }
  return nullptr;
}

void Tree::AddToIndexes(absl::string_view path, const Znode& node) {
  if (PathSet* index = IndexOf(node.ephemeral_owner_)) {
    index->insert(std::string(path));
  }
  const absl::string_view limited = PathOfQuotaLimits(path);
  if (!limited.empty() && ParseQuotaLimits(node.data())) {
    quotas_.insert(std::string(limited));
  }
}

void Tree::RemoveFromIndexes(absl::string_view path, const Znode& node) {
  const int64_t owner = node.ephemeral_owner_;
  if (PathSet* index = IndexOf(owner)) {
    index->erase(index->find(path));
    if (index->empty() && KindOf(owner) == NodeKind::kEphemeral) {
      ephemerals_.erase(SessionId{owner});
    }
  }
  const absl::string_view limited = PathOfQuotaLimits(path);
  if (limited.empty()) return;
  const auto found = quotas_.find(limited);
  if (found != quotas_.end()) quotas_.erase(found);
}

void Tree::RefreshQuotas(absl::string_view path) {
  if (quotas_.empty()) return;
  const absl::string_view limits_of = PathOfQuotaLimits(path);
  if (!limits_of.empty()) RefreshStats(limits_of);
  const absl::string_view stats_of = PathOfQuotaStats(path);
  if (!stats_of.empty()) RefreshStats(stats_of);
  if (IsAtOrBelow(path, kSystemPath)) return;
  ForEachPrefix(path,
                [this](absl::string_view prefix) { RefreshStats(prefix); });
}

void Tree::RefreshStats(absl::string_view path) {
  if (quotas_.find(path) == quotas_.end()) return;
  const std::string stats_path = QuotaStatsPath(path);
  Znode* stats = FindMutable(stats_path);
  if (stats == nullptr) return;
  const std::string text = FormatQuotaStats(UsageOf(path));
  if (stats->data() == text) return;
  Observe(stats_path, *stats);
  ReplaceData(*stats, text);
  Rehash(stats_path, *stats);
}

}  // namespace quorate::tree
