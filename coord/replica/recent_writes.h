// RecentWrites: the writes without a session that a leader has seen of late, so
// that one which reaches it twice is taken once.
//
// Sessions number their writes; these have random numbers instead (and a new
// session its password). A leader remembers what it has decided on each for
// longer than its member asks again. One belongs to one epoch. Not thread-safe.

#ifndef QUORATE_COORD_REPLICA_RECENT_WRITES_H_
#define QUORATE_COORD_REPLICA_RECENT_WRITES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "coord/replica/pending_writes.h"

namespace quorate::replica {

class RecentWrites {
 public:
  // Remembers for `keep_ms`; of more than `max_size` writes, takes none.
  RecentWrites(int64_t keep_ms, size_t max_size)
      : keep_ms_(keep_ms), max_size_(max_size) {}

  // What was decided on the write: OK if it was taken. nullptr: it is new.
  const absl::Status* Find(const WriteKey& key) const;
  // False: a new one cannot be remembered now, so it must not be decided on.
  bool HasRoom(int64_t now_ms);
  // REQUIRES: HasRoom(), and it is new.
  void Remember(const WriteKey& key, const absl::Status& decision,
                int64_t now_ms);

  size_t size() const { return decisions_.size(); }

 private:
  static std::string Name(const WriteKey& key);
  void Forget(int64_t now_ms);

  struct Entry {
    int64_t at_ms;
    std::string name;
  };

  const int64_t keep_ms_;
  const size_t max_size_;
  absl::flat_hash_map<std::string, absl::Status> decisions_;
  std::deque<Entry> by_age_;
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_RECENT_WRITES_H_
