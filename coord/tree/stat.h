// Stat: what clients see of a znode beside its data; fields as in ZooKeeper.

#ifndef QUORATE_COORD_TREE_STAT_H_
#define QUORATE_COORD_TREE_STAT_H_

#include <cstdint>

#include "coord/consensus/zxid.h"

namespace quorate::tree {

using consensus::Zxid;

struct Stat {
  Zxid czxid;            // of the creation; 0:0 for what exists from the start
  Zxid mzxid;            // of the last change of the data
  Zxid pzxid;            // of the last change of the list of children
  int64_t ctime_ms = 0;  // since the epoch, by the leader that logged it
  int64_t mtime_ms = 0;
  int32_t version = 0;          // changes of the data
  int32_t cversion = 0;         // creations and deletions of children
  int32_t aversion = 0;         // changes of the ACL
  int64_t ephemeral_owner = 0;  // see node_kind.h; 0: persistent
  int32_t data_length = 0;      // bytes
  int32_t num_children = 0;

  bool operator==(const Stat&) const = default;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_STAT_H_
