#include "broker/image/rules.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {
namespace {

absl::Status Bad(absl::string_view what) {
  return BrokerError(ErrorKind::kBadRequest, what);
}

absl::Status CheckRange(absl::string_view name, int64_t value, int64_t low,
                        int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  if (high == std::numeric_limits<int64_t>::max()) {
    return Bad(
        absl::StrCat(name, ": expected at least ", low, "; found ", value));
  }
  return Bad(
      absl::StrCat(name, ": expected ", low, " to ", high, "; found ", value));
}

bool AreDistinctIds(const std::vector<BrokerId>& ids) {
  const std::set<BrokerId> distinct(ids.begin(), ids.end());
  return !ids.empty() && distinct.size() == ids.size() && *distinct.begin() > 0;
}

}  // namespace

absl::Status CheckTopicName(absl::string_view name) {
  const bool fits =
      !name.empty() && name.size() <= kMaxTopicNameBytes && name != "." &&
      name != ".." && std::all_of(name.begin(), name.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
               c == '_' || c == '-';
      });
  if (fits) return absl::OkStatus();
  return Bad(absl::StrCat(
      "the name of a topic is 1 to ", kMaxTopicNameBytes,
      " letters, digits, '.', '_' or '-', and neither '.' nor '..'; found '",
      absl::CHexEscape(name.substr(0, 100)), "'"));
}

absl::Status CheckConfig(const TopicConfig& config) {
  constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
  for (const absl::Status& status :
       {CheckRange("replication_factor", config.replication_factor, 1,
                   kMaxReplicationFactor),
        CheckRange("min_insync_replicas", config.min_insync_replicas, 1,
                   std::max(config.replication_factor, 1)),
        CheckRange("retention_bytes", config.retention_bytes, 0, kAny),
        CheckRange("retention_ms", config.retention_ms, 0, kAny),
        CheckRange("segment_bytes", config.segment_bytes, kMinSegmentBytes,
                   kMaxSegmentBytes),
        CheckRange("max_batch_bytes", config.max_batch_bytes,
                   kMinBatchLimitBytes, kMaxBatchLimitBytes)}) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckPartition(const PartitionState& state) {
  if (!AreDistinctIds(state.replicas)) {
    return Bad(absl::StrCat("replicas: expected distinct ids above 0; found [",
                            absl::StrJoin(state.replicas, ","), "]"));
  }
  std::vector<BrokerId> in_order;
  for (const BrokerId id : state.replicas) {
    if (state.IsInSync(id)) in_order.push_back(id);
  }
  if (state.isr.empty() || state.isr != in_order) {
    return Bad(absl::StrCat("isr: expected some of the replicas [",
                            absl::StrJoin(state.replicas, ","),
                            "], in their order; found [",
                            absl::StrJoin(state.isr, ","), "]"));
  }
  if (state.leader != kNoBroker && !state.IsInSync(state.leader)) {
    return Bad(
        absl::StrCat("leader: expected -1 or one of the in-sync "
                     "replicas; found ",
                     state.leader));
  }
  if (state.leader_epoch < 0 || state.version < 0) {
    return Bad(
        absl::StrCat("leader_epoch and version: expected 0 or more; "
                     "found ",
                     state.leader_epoch, " and ", state.version));
  }
  return absl::OkStatus();
}

}  // namespace quorate::broker
