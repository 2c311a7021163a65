// PendingRequests: the numbers of the sessions' writes that are outstanding.
//
// Part of Outstanding. What is applied stands in the SessionTable; what is kept
// here is dropped once the state machine has applied it. Not thread-safe.

#ifndef QUORATE_COORD_TREE_PENDING_REQUESTS_H_
#define QUORATE_COORD_TREE_PENDING_REQUESTS_H_

#include <cstddef>
#include <cstdint>
#include <deque>

#include "absl/container/flat_hash_map.h"
#include "coord/tree/session_id.h"
#include "coord/tree/stat.h"

namespace quorate::tree {

class PendingRequests {
 public:
  struct Last {
    Zxid zxid;
    int64_t request_id = 0;
  };

  // The last outstanding write of `session`; nullptr: none.
  const Last* LastOf(SessionId session) const;
  // REQUIRES: zxids grow.
  void Add(Zxid zxid, SessionId session, int64_t request_id);
  // Drops what belongs to zxids up to `zxid`.
  void DropUpTo(Zxid zxid);
  size_t size() const { return by_zxid_.size(); }

 private:
  struct Entry {
    Zxid zxid;
    SessionId session;
  };

  absl::flat_hash_map<int64_t, Last> last_;  // by SessionId::value
  std::deque<Entry> by_zxid_;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_PENDING_REQUESTS_H_
