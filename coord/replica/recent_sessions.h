// RecentSessions: the sessions that were opened of late, by password.
//
// A client whose connection breaks before it is welcome comes again with the
// same password and no session. It is given the session that it has opened
// already, at whichever member, instead of another one. Not thread-safe.

#ifndef QUORATE_COORD_REPLICA_RECENT_SESSIONS_H_
#define QUORATE_COORD_REPLICA_RECENT_SESSIONS_H_

#include <cstddef>
#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "coord/tree/session_id.h"

namespace quorate::replica {

class RecentSessions {
 public:
  // The oldest are forgotten beyond so many.
  explicit RecentSessions(size_t max_size) : max_size_(max_size) {}

  // `session` was opened with `password`; it takes the place of an earlier one
  // with the same.
  void Add(const std::string& password, tree::SessionId session);
  // None: not known. The session may have ended since.
  tree::SessionId Find(const std::string& password) const;

  size_t size() const { return by_password_.size(); }

 private:
  const size_t max_size_;
  absl::flat_hash_map<std::string, tree::SessionId> by_password_;
  std::deque<std::string> by_age_;  // a password stands here once
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_RECENT_SESSIONS_H_
