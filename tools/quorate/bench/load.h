// Load: a whole run of the load generator: threads with their sessions, the
// preparation, the window that counts, and what it cost in CPU and memory.

#ifndef QUORATE_TOOLS_QUORATE_BENCH_LOAD_H_
#define QUORATE_TOOLS_QUORATE_BENCH_LOAD_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/quorate/bench/driver.h"
#include "tools/quorate/bench/load_loop.h"
#include "tools/quorate/bench/load_op.h"
#include "tools/quorate/bench/process_usage.h"

namespace quorate::tools {

struct LoadOptions {
  std::string op_name = "set";  // of LoadOpNames()
  int64_t sessions = 4;
  int64_t outstanding = 16;  // requests under way, of each session
  int64_t threads = 1;       // of the load generator; at most one a session
  double rate = 0;           // requests a second; 0: closed loop
  absl::Duration duration = absl::Seconds(10);
  absl::Duration warm_up = absl::Seconds(1);  // before it
  // For opening the sessions, and for the last answers.
  absl::Duration patience = absl::Seconds(10);
  int64_t size_bytes = 128;  // of the data written
  int64_t keys = 1000;       // znodes that are set and read
  double skew = 0;           // see key_choice.h
  int64_t multi_size = 10;   // sets of a multi
  std::string root;          // a znode that is not there yet
};

// What a process used in the window.
struct ProcessCost {
  std::string name;
  std::optional<double> cpu_seconds;  // nothing: it was not there all the time
  int64_t rss_bytes = 0;              // at the end; 0: not there
};

struct LoadReport {
  LoopResult result;
  absl::Duration window;
  ProcessCost self;
  double busiest_thread = 0;  // of the load generator; 1: all of the time
  std::vector<ProcessCost> processes;
};

// Errors: what RunLoad would refuse, as Usage.
absl::StatusOr<LoadOp> CheckLoad(const LoadOptions& options);

// Makes root and keys, unless the op needs none, and runs the load. `progress`
// is told what is being done. Returns when all threads have ended. Unavailable,
// DeadlineExceeded, FailedPrecondition: the preparation did not come to an end;
// Usage.
absl::StatusOr<LoadReport> RunLoad(
    const LoadOptions& options, const DriverFactory& factory,
    const std::vector<WatchedProcess>& processes,
    const std::function<void(const std::string&)>& progress);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_BENCH_LOAD_H_
