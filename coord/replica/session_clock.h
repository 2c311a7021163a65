// SessionClock: which sessions have been silent for longer than their timeout,
// as the leader sees it.
//
// Only a leader has one; a new leader gives every session a full timeout, so
// that none expires for want of a leader. Deadlines stand in buckets of time,
// and a session is moved to a later bucket only when its own comes up: a touch
// is one look-up, and ten thousand idle sessions cost a few look-ups a tick.
// A session expires up to kBucketMs late, never early. Not thread-safe.

#ifndef QUORATE_COORD_REPLICA_SESSION_CLOCK_H_
#define QUORATE_COORD_REPLICA_SESSION_CLOCK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "coord/tree/session_id.h"

namespace quorate::replica {

class SessionClock {
 public:
  static constexpr int64_t kBucketMs = 100;

  // From now on `session` has `timeout_ms` to be heard from. REQUIRES:
  // timeout_ms > 0.
  void Add(tree::SessionId session, int32_t timeout_ms);
  // It was closed. Nothing happens if it is not known.
  void Remove(tree::SessionId session);
  // It was heard from. Nothing happens if it is not known.
  void Touch(tree::SessionId session);

  // Time goes on. Returns the sessions whose time is up, by id. They stay, and
  // come again a bucket later, until they are removed or touched.
  std::vector<tree::SessionId> Advance(int64_t elapsed_ms);

  size_t size() const { return sessions_.size(); }

 private:
  struct Entry {
    int32_t timeout_ms = 0;
    int64_t deadline_ms = 0;
    int64_t bucket = 0;  // the one it stands in
  };

  void Put(tree::SessionId session, Entry& entry, int64_t bucket);

  int64_t now_ms_ = 0;
  absl::flat_hash_map<int64_t, Entry> sessions_;  // by SessionId::value
  std::map<int64_t, std::vector<tree::SessionId>> buckets_;
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_SESSION_CLOCK_H_
