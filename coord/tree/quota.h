// Quotas: limits on the znodes and bytes of a subtree.
//
// As in ZooKeeper, the quota of /a/b is the znode
// /zookeeper/quota/a/b/zookeeper_limits, whose data is such as
// "count=5,bytes=100=;byteHardLimit=200;countHardLimit=10"; what is used shows
// in zookeeper_stats beside it. Count and bytes are soft limits: they are
// reported and not enforced. A hard limit refuses the request (QuotaExceeded),
// and if there is one the soft limit beside it is not looked at. -1, or its
// absence, means no limit. The usage counts the znode that has the quota too.
//
// There is no quota on "/" and none on /zookeeper or below it: such limits are
// ordinary data.

#ifndef QUORATE_COORD_TREE_QUOTA_H_
#define QUORATE_COORD_TREE_QUOTA_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace quorate::tree {

struct QuotaLimits {
  int64_t count = -1;
  int64_t bytes = -1;
  int64_t count_hard = -1;
  int64_t bytes_hard = -1;

  bool operator==(const QuotaLimits&) const = default;
};

// What a subtree uses, or what a request adds to that.
struct QuotaUsage {
  int64_t count = 0;
  int64_t bytes = 0;
};

enum class QuotaVerdict { kWithin, kOverSoft, kOverHard };

// Nothing if it is malformed. Unknown keys are skipped, as in ZooKeeper.
std::optional<QuotaLimits> ParseQuotaLimits(absl::string_view text);

// The data of zookeeper_stats.
std::string FormatQuotaStats(const QuotaUsage& usage);

// "/zookeeper/quota/a/zookeeper_limits" for "/a".
std::string QuotaLimitsPath(absl::string_view path);
std::string QuotaStatsPath(absl::string_view path);

// The other way round: "/a", or "" if `path` is not that of a quota's limits
// (stats).
absl::string_view PathOfQuotaLimits(absl::string_view path);
absl::string_view PathOfQuotaStats(absl::string_view path);

// Judges a request that would change the usage from `used` by `change`. As in
// ZooKeeper, what the request does not change is not judged.
QuotaVerdict JudgeQuota(const QuotaLimits& limits, const QuotaUsage& used,
                        const QuotaUsage& change);

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_QUOTA_H_
