// cluster logs: what a member or broker has written to standard output and
// error.

#ifndef QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_LOGS_H_
#define QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_LOGS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "tools/quorate/context.h"

namespace quorate::tools {

struct LogOptions {
  std::string member;  // as FindNode()
  bool follow = false;
  std::optional<int64_t> lines;
};

absl::Status RunLogs(Context& context, const LogOptions& options);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_LOGS_H_
