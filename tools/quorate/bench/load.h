// Load: many requests of many sessions at once, in a closed loop: each answer
// brings the next request, so that a slow ensemble is asked less often, and
// latencies are those of this many requests under way.

#ifndef QUORATE_TOOLS_QUORATE_BENCH_LOAD_H_
#define QUORATE_TOOLS_QUORATE_BENCH_LOAD_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coord/client/session.h"
#include "tools/quorate/bench/histogram.h"

namespace quorate::tools {

enum class LoadOp {
  kSet,
  kCreate,    // of new znodes
  kGet,       // linearizable
  kGetLocal,  // of what one member has
  kMixed,     // 1 set to 9 linearizable gets
};

struct LoadOptions {
  LoadOp op = LoadOp::kSet;
  int64_t outstanding = 16;  // requests under way, of each session
  absl::Duration duration = absl::Seconds(10);
  int64_t size_bytes = 128;  // of the data written
  int64_t keys = 1000;       // znodes that are set and read
  std::string root;          // a znode of our own; must be there
};

struct LoadResult {
  Histogram latency_us;                    // of requests that succeeded
  std::map<std::string, uint64_t> errors;  // by kind
  absl::Duration elapsed;
};

// Creates the keys below the root. Errors as they came.
absl::Status PrepareKeys(client::Session& session, const LoadOptions& options);

// Returns when the time is up and every request is answered.
LoadResult RunLoad(
    const std::vector<std::unique_ptr<client::Session>>& sessions,
    const LoadOptions& options);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_BENCH_LOAD_H_
