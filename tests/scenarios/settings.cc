#include "tests/scenarios/settings.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/options.h"
#include "tests/simulation/cluster.h"

namespace quorate::scenarios {
namespace {

template <typename T>
bool Set(int64_t value, T& field) {
  field = static_cast<T>(value);
  return true;
}

}  // namespace

bool SetLimit(const std::string& name, int64_t value,
              consensus::Limits& limits) {
  bool found = false;
  consensus::ForEachLimit(limits, [&](absl::string_view known, auto& limit) {
    if (known == name) found = Set(value, limit);
  });
  return found;
}

bool SetOption(const std::string& name, int64_t value,
               simulation::ClusterOptions& options) {
  consensus::Options& core = options.core;
  if (name == "heartbeat_ms") return Set(value, core.heartbeat_ms);
  if (name == "election_ms") return Set(value, core.election_ms);
  if (name == "disk_stall_ms") return Set(value, core.disk_stall_ms);
  if (name == "max_batch_bytes") return Set(value, core.max_batch_bytes);
  if (name == "max_inflight_bytes") return Set(value, core.max_inflight_bytes);
  if (name == "max_uncommitted_bytes") {
    return Set(value, core.max_uncommitted_bytes);
  }
  if (name == "snapshot_chunk_bytes") {
    return Set(value, core.snapshot_chunk_bytes);
  }
  if (name == "retained_log_bytes") return Set(value, core.retained_log_bytes);
  if (name == "last_counter") return Set(value, core.last_counter);
  if (name == "snapshot_records") {
    return Set(value, options.driver.snapshot_records);
  }
  if (name == "snapshot_bytes") {
    return Set(value, options.driver.snapshot_bytes);
  }
  if (name == "delay_us") {
    return Set(value, options.network.min_delay) &&
           Set(value, options.network.max_delay);
  }
  if (name == "sync_us") {
    return Set(value, options.disk.min_sync) &&
           Set(value, options.disk.max_sync);
  }
  if (name == "seed") return Set(value, options.seed);
  return false;
}

}  // namespace quorate::scenarios
