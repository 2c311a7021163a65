// Metrics: everything that is measured, as Prometheus reads it.
//
// Names begin with quorate_ and follow Prometheus' conventions; times are in
// seconds, sizes in bytes.

#ifndef QUORATE_COORD_SERVER_METRICS_H_
#define QUORATE_COORD_SERVER_METRICS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "coord/rpc/server_options.h"
#include "coord/server/event_log.h"
#include "coord/server/process_stats.h"
#include "coord/server/replica_facts.h"
#include "coord/server/timings.h"

namespace quorate::server {

struct MetricsInput {
  const Timings* timings = nullptr;
  const EventLog* events = nullptr;
  // Nothing: it does not answer, or there is none yet.
  std::optional<ReplicaFacts> replica;
  std::optional<rpc::ServerStats> server;
  ProcessStats process;
  std::optional<uint64_t> disk_free_bytes;
};

// In the text format, version 0.0.4.
std::string RenderMetrics(const MetricsInput& input);

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_METRICS_H_
