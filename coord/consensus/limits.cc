#include "coord/consensus/limits.h"

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace quorate::consensus {
namespace {

constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;

struct Range {
  absl::string_view name;
  int64_t value;
  int64_t low;
  int64_t high;
};

}  // namespace

absl::Status ValidateLimits(const Limits& limits) {
  const Range ranges[] = {
      {"stabilisation_ms", limits.stabilisation_ms, 1000, kDayMs},
      {"promotion_distance_ms", limits.promotion_distance_ms, 1000, kDayMs},
      {"contact_ms", limits.contact_ms, 50, 60'000},
      {"dead_ms", limits.dead_ms, 500, kDayMs},
      {"max_lag_records", static_cast<int64_t>(limits.max_lag_records), 0,
       1'000'000},
      {"max_lag_bytes", static_cast<int64_t>(limits.max_lag_bytes), 0,
       int64_t{1} << 30},
      {"max_fsync_ms", limits.max_fsync_ms, 1, 60'000},
      {"max_learners", limits.max_learners, 1, kMaxLearners},
      {"max_snapshot_transfers", limits.max_snapshot_transfers, 1, 64},
      {"min_voters", limits.min_voters, 1, kMaxVoters},
  };
  for (const Range& range : ranges) {
    if (range.value >= range.low && range.value <= range.high) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(range.name, " must be from ", range.low, " to ",
                     range.high, "; found ", range.value));
  }
  if (limits.dead_ms < limits.contact_ms) {
    return absl::InvalidArgumentError(
        absl::StrCat("dead_ms must be at least contact_ms (", limits.contact_ms,
                     "); found ", limits.dead_ms));
  }
  if (limits.auto_remove_dead && limits.dead_ms < limits.stabilisation_ms) {
    return absl::InvalidArgumentError(absl::StrCat(
        "with auto_remove_dead, dead_ms must be at least stabilisation_ms (",
        limits.stabilisation_ms,
        "), as who is removed cannot come back; found ", limits.dead_ms));
  }
  return absl::OkStatus();
}

}  // namespace quorate::consensus
