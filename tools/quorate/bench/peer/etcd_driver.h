// EtcdDriver: requests to etcd by its gRPC API. etcd has no sessions: a lane is
// a client of its own, with one connection.

#ifndef QUORATE_TOOLS_QUORATE_BENCH_PEER_ETCD_DRIVER_H_
#define QUORATE_TOOLS_QUORATE_BENCH_PEER_ETCD_DRIVER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tools/quorate/bench/driver.h"

namespace quorate::tools {

struct EtcdDriverOptions {
  std::vector<std::string> endpoints;  // lanes take turns; not empty
  // Lanes of a thread that share a connection to a member.
  int64_t lanes_per_connection = 1;
};

// Knows no kMulti and no kWatch: they are answered with "Unsupported".
DriverFactory MakeEtcdDrivers(EtcdDriverOptions options);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_BENCH_PEER_ETCD_DRIVER_H_
