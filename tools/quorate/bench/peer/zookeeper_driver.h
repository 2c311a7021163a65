// ZooKeeperDriver: sessions with ZooKeeper by its own protocol, many on a
// thread: one socket each, one epoll for all, and one write for all requests
// that are queued.

#ifndef QUORATE_TOOLS_QUORATE_BENCH_PEER_ZOOKEEPER_DRIVER_H_
#define QUORATE_TOOLS_QUORATE_BENCH_PEER_ZOOKEEPER_DRIVER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/quorate/bench/driver.h"

namespace quorate::tools {

struct ZooKeeperDriverOptions {
  std::vector<std::string> endpoints;  // "127.0.0.1:2181"; sessions take turns
  int32_t session_timeout_ms = 10'000;
};

// A linearizable read is a sync() and a read behind it. Usage: an endpoint that
// is not a number and a port.
absl::StatusOr<DriverFactory> MakeZooKeeperDrivers(
    ZooKeeperDriverOptions options);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_BENCH_PEER_ZOOKEEPER_DRIVER_H_
