// QuorateDriver: sessions by the API of coord.proto, many on a thread, with
// nothing between the load and the wire: no queues, no resending, no thread of
// their own. So it costs a fraction of what the client library does, and is for
// measuring alone: a session that breaks begins anew.

#ifndef QUORATE_TOOLS_QUORATE_BENCH_QUORATE_DRIVER_H_
#define QUORATE_TOOLS_QUORATE_BENCH_QUORATE_DRIVER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tools/quorate/bench/driver.h"

namespace quorate::tools {

struct QuorateDriverOptions {
  std::vector<std::string> endpoints;  // sessions take turns; not empty
  int32_t session_timeout_ms = 10'000;
  // Sessions of a thread that share a connection to a member. 1: each has one
  // of its own, as if each came from a machine of its own.
  int64_t sessions_per_connection = 1;
  std::string ensemble_id;  // of the pin; empty: any
  uint64_t highest_zxid = 0;
  // Scheme and secret.
  std::vector<std::pair<std::string, std::string>> credentials = {};
};

DriverFactory MakeQuorateDrivers(QuorateDriverOptions options);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_BENCH_QUORATE_DRIVER_H_
