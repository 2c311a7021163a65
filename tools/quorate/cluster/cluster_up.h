// cluster up: from nothing, or from stopped members, to an ensemble that
// serves.

#ifndef QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_UP_H_
#define QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_UP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/quorate/context.h"

namespace quorate::tools {

struct UpOptions {
  std::optional<int64_t> members;    // of a new cluster; 3
  std::optional<int64_t> base_port;  // of a new cluster; any
  std::string coordd;                // empty: found by itself
  std::vector<std::string> flags;    // of a new cluster
  // A saved snapshot that a new cluster of one member begins with; empty: none.
  std::string from_snapshot;
  absl::Duration wait = absl::Seconds(60);
};

// Returns once every member serves and a linearizable read was answered.
absl::Status RunUp(Context& context, const UpOptions& options);

// The program coordd: `given`, QUORATE_COORDD, beside the program `quorate` as
// it was called or as it is, or `recorded`. Without symbolic links. Local:
// there is none, or it cannot be run.
absl::StatusOr<std::string> FindCoordd(const Context& context,
                                       const std::string& given,
                                       const std::string& recorded);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_UP_H_
