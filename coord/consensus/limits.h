// Limits: the replicated times and bounds of the membership rules.
//
// They are part of the configuration, so all members agree on them, and they
// change only as a configuration does. None of them can switch a rule off:
// ValidateLimits() keeps each within a range in which its rule still means
// something. All times are in milliseconds. Their names, as text, are those of
// the fields (ForEachLimit).

#ifndef QUORATE_COORD_CONSENSUS_LIMITS_H_
#define QUORATE_COORD_CONSENSUS_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"

namespace quorate::consensus {

// What no setting moves: most voters (on each side of a joint configuration),
// most learners, and the longest address.
inline constexpr size_t kMaxVoters = 31;
inline constexpr size_t kMaxLearners = 64;
inline constexpr size_t kMaxAddressBytes = 512;

struct Limits {
  // Rules 13 and 14: how long a learner must have been fit, and a voter heard
  // without a gap, before it counts. 1 s to 1 day.
  int64_t stabilisation_ms = 10'000;
  // Rule 14: least time between two promotions. 1 s to 1 day.
  int64_t promotion_distance_ms = 10'000;
  // Rules 12 to 15: a member last heard from longer ago than this is not in
  // contact. 50 ms to 60 s.
  int64_t contact_ms = 250;
  // Rule 17: a voter not heard from for this long may be called dead.
  // 500 ms to 1 day, and at least contact_ms.
  int64_t dead_ms = 3'000;
  // Rule 12: most records, and bytes, that a learner may lack. 0 to 10^6
  // records; 0 to 2^30 bytes.
  uint64_t max_lag_records = 256;
  uint64_t max_lag_bytes = 1 << 20;
  // Rule 12: slowest fsync that a learner may report. 1 ms to 60 s.
  int64_t max_fsync_ms = 200;
  // Rule 16: most learners, and most snapshot transfers, at once. 1 to 64.
  uint32_t max_learners = 4;
  uint32_t max_snapshot_transfers = 1;
  // Rule 17: no change leaves fewer voters than this. 1 to 31.
  uint32_t min_voters = 1;
  // The leader by itself promotes proven learners, and removes voters that are
  // dead, as far as the rules allow (autopilot.h). Who is removed cannot come
  // back, so the second needs a dead_ms of at least stabilisation_ms: long
  // enough that a member which merely restarts is not taken for dead.
  bool auto_promote = false;
  bool auto_remove_dead = false;

  bool operator==(const Limits&) const = default;
};

// InvalidArgument, naming the limit, its range and what was found.
absl::Status ValidateLimits(const Limits& limits);

// Calls `visit` with the name of each limit, and the limit.
template <typename AnyLimits, typename Visit>
void ForEachLimit(AnyLimits& limits, Visit visit) {
  // Named one by one: a new limit does not compile until it is added here.
  auto& [stabilisation_ms, promotion_distance_ms, contact_ms, dead_ms,
         max_lag_records, max_lag_bytes, max_fsync_ms, max_learners,
         max_snapshot_transfers, min_voters, auto_promote, auto_remove_dead] =
      limits;
  visit("stabilisation_ms", stabilisation_ms);
  visit("promotion_distance_ms", promotion_distance_ms);
  visit("contact_ms", contact_ms);
  visit("dead_ms", dead_ms);
  visit("max_lag_records", max_lag_records);
  visit("max_lag_bytes", max_lag_bytes);
  visit("max_fsync_ms", max_fsync_ms);
  visit("max_learners", max_learners);
  visit("max_snapshot_transfers", max_snapshot_transfers);
  visit("min_voters", min_voters);
  visit("auto_promote", auto_promote);
  visit("auto_remove_dead", auto_remove_dead);
}

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_LIMITS_H_
