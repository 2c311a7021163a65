// DataOptions: how a data plane is to work. ReplicaInfo: what it tells of one
// replica.

#ifndef QUORATE_BROKER_DATA_DATA_OPTIONS_H_
#define QUORATE_BROKER_DATA_DATA_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "broker/data/outside.h"
#include "broker/data/requests.h"
#include "broker/image/cluster_image.h"
#include "coord/storage/file_system.h"

namespace quorate::broker {

struct DataOptions {
  BrokerId id = kNoBroker;
  std::string directory = {};    // is there; "data" is made in it
  std::string ensemble_id = {};  // 16 bytes; images of others are refused.
                                 // Empty: not looked at (unsafe)
  // Not owned; all are needed and must outlive the DataPlane.
  storage::FileSystem* file_system = nullptr;
  IsrClient* isr = nullptr;
  FetchClient* fetch = nullptr;

  // A follower that has not caught up for so long leaves the in-sync set.
  int64_t replica_lag_ms = 10'000;
  // How a follower asks: how long its leader may wait, and for how much.
  int64_t fetch_wait_ms = 500;
  int64_t fetch_bytes = 4 << 20;
  // After an error of a leader it waits so long, doubled up to ten times.
  int64_t fetch_backoff_ms = 50;
  // How often it looks for segments that are to be removed, and makes high
  // watermarks durable.
  int64_t housekeeping_ms = 5'000;
  // More requests than these that wait are refused with Overloaded.
  size_t max_waiting_produces = 10'000;
  size_t max_waiting_fetches = 10'000;

  // A replica has stopped; may be empty. On any thread, must not block.
  std::function<void(const PartitionId&, const absl::Status&)> on_failed = {};
};

// Of one replica, for status pages and tests.
struct ReplicaInfo {
  PartitionId of = {};
  uint64_t topic_id = 0;
  bool is_leader = false;
  int32_t leader_epoch = -1;
  int64_t log_start_offset = 0;
  int64_t high_watermark = 0;
  int64_t durable_end = 0;
  int64_t size_bytes = 0;
  std::vector<BrokerId> isr = {};
  absl::Status failed = {};  // OK: at work
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DATA_DATA_OPTIONS_H_
