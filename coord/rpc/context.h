// Context: what the parts of one server share.
//
// Works that wait at the host, tasks and streams hold it by shared_ptr, so that
// it outlives whatever may still run when the server has gone.

#ifndef QUORATE_COORD_RPC_CONTEXT_H_
#define QUORATE_COORD_RPC_CONTEXT_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "coord/rpc/deliveries.h"
#include "coord/rpc/host.h"
#include "coord/rpc/server_options.h"
#include "coord/rpc/timer.h"
#include "coord/rpc/workers.h"

namespace quorate::rpc {

// Counted since the start; see ServerStats.
struct Counts {
  std::atomic<uint64_t> frames_in{0};
  std::atomic<uint64_t> frames_out{0};
  std::atomic<uint64_t> sessions_open{0};
  std::atomic<uint64_t> calls{0};
  std::atomic<uint64_t> malformed{0};
  std::atomic<uint64_t> peer_batches_in{0};
  std::atomic<uint64_t> peer_batches_out{0};
  std::atomic<uint64_t> peer_dropped{0};
};

class Context {
 public:
  Context(const ServerOptions& server_options, ReplicaHost& replica_host,
          SnapshotSource& snapshot_source)
      : options(server_options),
        host(replica_host),
        snapshots(snapshot_source) {}

  int64_t UptimeMs() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now() - started)
        .count();
  }

  const ServerOptions options;
  ReplicaHost& host;
  SnapshotSource& snapshots;
  Counts counts;
  // Encodes and sends.
  Workers workers{WorkerThreads()};
  Deliveries deliveries{workers};
  // Reads snapshots; one at a time is what a disk likes.
  Workers disk{1};
  Timer timer;
  const std::chrono::steady_clock::time_point started =
      std::chrono::steady_clock::now();

 private:
  static int WorkerThreads() {
    const unsigned cores = std::thread::hardware_concurrency();
    return cores <= 4 ? 1 : cores <= 16 ? 2 : 4;
  }
};

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_CONTEXT_H_
