// Who of a group reads which partitions: a pure function.

#ifndef QUORATE_BROKER_GROUP_ASSIGNMENT_H_
#define QUORATE_BROKER_GROUP_ASSIGNMENT_H_

#include <map>
#include <string>
#include <vector>

#include "broker/group/group_types.h"

namespace quorate::broker {

struct Subscriber {
  std::vector<std::string> topics = {};  // those not in the table: ignored
  std::vector<GroupPartition> had = {};  // before
};

// Each partition of each topic that somebody subscribes to goes to exactly one
// subscriber of it. No partition could be moved to make two loads more even:
// if all subscribe to the same topics, they differ by one at most. Members keep
// what they had as far as that allows. Sorted; members without any are in it.
std::map<std::string, std::vector<GroupPartition>> AssignPartitions(
    const std::map<std::string, Subscriber>& members, const TopicTable& topics);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_GROUP_ASSIGNMENT_H_
