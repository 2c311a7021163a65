// DueNodes: containers and TTL nodes whose time has come.
//
// A container is due once it has had children and has none, a TTL node without
// children once its data are as old as its TTL. The leader looks for them now
// and then and asks DeleteContainerRequest for each; that one checks again.

#ifndef QUORATE_COORD_TREE_DUE_NODES_H_
#define QUORATE_COORD_TREE_DUE_NODES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "coord/tree/state_machine.h"

namespace quorate::tree {

// For a znode without children. `creations` as Znode::creations().
bool IsDue(int64_t ephemeral_owner, int32_t creations, int64_t mtime_ms,
           int64_t now_ms);

// Looks at the next `max` containers and TTL nodes behind the path `position`,
// in the order of paths, and gives those that are due. `position` is moved to
// the last one that was looked at, or becomes "", the beginning, when none are
// left. `now_ms`: since the epoch, as in Request::time_ms.
std::vector<std::string> DueNodes(const StateMachine& state, int64_t now_ms,
                                  size_t max, std::string& position);

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_DUE_NODES_H_
