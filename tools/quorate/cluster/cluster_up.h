// cluster up: from nothing, or from what was stopped, to an ensemble that
// serves, with its brokers.

#ifndef QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_UP_H_
#define QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_UP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/quorate/cluster/cluster_brokers.h"
#include "tools/quorate/context.h"

namespace quorate::tools {

struct UpOptions {
  std::optional<int64_t> members;    // of a new cluster; 3
  std::optional<int64_t> base_port;  // of a new cluster; any
  std::string coordd;                // empty: found by itself
  std::vector<std::string> flags;    // of a new cluster
  // A saved snapshot that a new cluster of one member begins with; empty: none.
  std::string from_snapshot;
  BrokerUpOptions brokers;
  absl::Duration wait = absl::Seconds(60);
};

// Returns once every member serves and a linearizable read was answered; with
// brokers, once each of them is registered and knows a controller.
absl::Status RunUp(Context& context, const UpOptions& options);

// The program coordd: as FindProgram(), with --coordd and QUORATE_COORDD.
absl::StatusOr<std::string> FindCoordd(const Context& context,
                                       const std::string& given,
                                       const std::string& recorded);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_UP_H_
