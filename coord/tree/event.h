// TreeEvent: something that a txn did to a znode, as watches see it.

#ifndef QUORATE_COORD_TREE_EVENT_H_
#define QUORATE_COORD_TREE_EVENT_H_

#include <cstdint>
#include <string>

#include "coord/tree/acl.h"
#include "coord/tree/stat.h"

namespace quorate::tree {

// Numbers as in ZooKeeper.
enum class EventType : int32_t {
  kCreated = 1,
  kDeleted = 2,
  kDataChanged = 3,
  kChildrenChanged = 4,
};

struct TreeEvent {
  EventType type = EventType::kCreated;
  std::string path;
  Zxid zxid;
  // Of the znode, before it was deleted: whoever may not read the znode is not
  // told of its events. Never nullptr.
  AclPtr acl;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_EVENT_H_
