#include "coord/tree/due_nodes.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "coord/tree/node_kind.h"
#include "coord/tree/path.h"
#include "coord/tree/tree.h"
#include "coord/tree/znode.h"

namespace quorate::tree {
namespace {

// Both sets as one, in order.
class Candidates {
 public:
  Candidates(const Tree& tree, absl::string_view position)
      : containers_(tree.containers()),
        ttl_nodes_(tree.ttl_nodes()),
        container_(Behind(containers_, position)),
        ttl_node_(Behind(ttl_nodes_, position)) {}

  // nullptr: none are left.
  const std::string* Next() {
    const bool has_container = container_ != containers_.end();
    const bool has_ttl_node = ttl_node_ != ttl_nodes_.end();
    if (!has_container && !has_ttl_node) return nullptr;
    const bool take_container =
        has_container && (!has_ttl_node || PathLess()(*container_, *ttl_node_));
    return take_container ? &*container_++ : &*ttl_node_++;
  }

 private:
  using Set = Tree::PathSet;

  static Set::const_iterator Behind(const Set& set,
                                    absl::string_view position) {
    return position.empty() ? set.begin() : set.upper_bound(position);
  }

  const Set& containers_;
  const Set& ttl_nodes_;
  Set::const_iterator container_;
  Set::const_iterator ttl_node_;
};

}  // namespace

bool IsDue(int64_t ephemeral_owner, int32_t creations, int64_t mtime_ms,
           int64_t now_ms) {
  switch (KindOf(ephemeral_owner)) {
    case NodeKind::kContainer:
      return creations != 0;
    case NodeKind::kTtl:
      return now_ms - mtime_ms >= TtlMs(ephemeral_owner);
    case NodeKind::kPersistent:
    case NodeKind::kEphemeral:
      return false;
  }
  return false;
}

std::vector<std::string> DueNodes(const StateMachine& state, int64_t now_ms,
                                  size_t max, std::string& position) {
  std::vector<std::string> due;
  Candidates candidates(state.tree(), position);
  for (size_t looked_at = 0; looked_at < max; ++looked_at) {
    const std::string* path = candidates.Next();
    if (path == nullptr) {
      position.clear();
      return due;
    }
    const Znode& node = *state.tree().Find(*path);
    if (node.num_children() == 0 &&
        IsDue(node.ephemeral_owner(), node.creations(), node.mtime_ms(),
              now_ms)) {
      due.push_back(*path);
    }
    position = *path;
  }
  return due;
}

}  // namespace quorate::tree
