// WatchHistory: what has happened of late, so that a client which comes back
// can set its watches again without a gap.
//
// It holds the newest events up to a bound of bytes. Whole txns are forgotten,
// oldest first; since() is the last one forgotten. Not thread-safe.

#ifndef QUORATE_COORD_REPLICA_WATCH_HISTORY_H_
#define QUORATE_COORD_REPLICA_WATCH_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "coord/consensus/zxid.h"
#include "coord/tree/event.h"
#include "coord/tree/watches.h"

namespace quorate::replica {

class WatchHistory {
 public:
  explicit WatchHistory(size_t max_bytes) : max_bytes_(max_bytes) {}

  // Forgets everything: nothing is known of what happened up to `since`.
  void Reset(consensus::Zxid since);

  // The events of one txn, in order. REQUIRES: their zxids are the same, and
  // after all before.
  void Add(const std::vector<tree::TreeEvent>& events);

  // All that happened after this zxid is held.
  consensus::Zxid since() const { return since_; }

  // What a watch of `kind` on `path` would have been told after `after`, oldest
  // first; valid until the next call that is not const. Nothing: that is not
  // known any more. A one-shot watch would have been told of the first alone.
  // Costs the events of the path, or all events for a recursive watch.
  std::optional<std::vector<const tree::TreeEvent*>> After(
      consensus::Zxid after, absl::string_view path,
      tree::WatchKind kind) const;

  size_t size_bytes() const { return bytes_; }

 private:
  void ForgetOldest();
  const tree::TreeEvent& At(uint64_t number) const {
    return events_[number - first_];
  }

  const size_t max_bytes_;
  consensus::Zxid since_;
  size_t bytes_ = 0;
  uint64_t first_ = 0;  // running number of events_.front()
  std::deque<tree::TreeEvent> events_;
  absl::flat_hash_map<std::string, std::deque<uint64_t>> by_path_;
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_WATCH_HISTORY_H_
