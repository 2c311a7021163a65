// GroupHistory: what happened to a group, as its store and its members saw it;
// and what must hold of it.

#ifndef QUORATE_BROKER_GROUP_TESTING_GROUP_HISTORY_H_
#define QUORATE_BROKER_GROUP_TESTING_GROUP_HISTORY_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "broker/group/group_types.h"

namespace quorate::broker {

struct GroupHistory {
  // What is durable after each write that was applied; the place in the list is
  // its index.
  struct Durable {
    int32_t generation = 0;
    std::map<GroupPartition, int64_t> offsets = {};
    // That members asked for, and that this write may have carried out.
    std::set<std::pair<GroupPartition, int64_t>> rewinds = {};
  };
  // A commit that was answered with OK.
  struct Commit {
    size_t index = 0;  // of the write that made it durable
    std::string member_id = {};
    int32_t generation = 0;
    GroupPartition partition = {};
    int64_t offset = 0;
    bool rewind = false;
  };
  // A join that was answered with OK.
  struct Join {
    int32_t durable_generation = 0;  // at that time
    JoinAnswer answer = {};
  };

  std::vector<Durable> durable = {};
  std::vector<Commit> commits = {};
  std::vector<Join> joins = {};
};

// Each returns what is wrong; empty: nothing.

// No partition is committed by two members in one generation, or of an older
// generation after a newer one; nor once the next one is durable.
std::string CheckExclusive(const GroupHistory& history);
// An offset becomes lower only if a member has asked for that, or for a yet
// lower one from which it has gone on.
std::string CheckNeverBack(const GroupHistory& history);
// What was answered is durable.
std::string CheckCommitsDurable(const GroupHistory& history);
// Generations never go back, are durable before they are told, and share
// partitions out once.
std::string CheckGenerations(const GroupHistory& history);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_GROUP_TESTING_GROUP_HISTORY_H_
