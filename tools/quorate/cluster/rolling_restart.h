// cluster rolling-restart: every member of a local cluster is started anew, one
// after the other, while the ensemble goes on serving; with another program, a
// rolling upgrade.

#ifndef QUORATE_TOOLS_QUORATE_CLUSTER_ROLLING_RESTART_H_
#define QUORATE_TOOLS_QUORATE_CLUSTER_ROLLING_RESTART_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tools/quorate/context.h"

namespace quorate::tools {

struct RollingRestartOptions {
  std::string coordd;                       // empty: found by itself
  absl::Duration wait = absl::Seconds(60);  // for each member, at each step
};

// Learners first, the leader last, after it has handed over. Each is stopped
// only if the leader says that the others can go on without it, and the next
// one only once it serves and has caught up. Cut short, it begins again with
// the first. Refused, with the rule: it could not be stopped in time. Timeout:
// it did not come back in time. Local: it could not be started.
absl::Status RunRollingRestart(Context& context,
                               const RollingRestartOptions& options);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CLUSTER_ROLLING_RESTART_H_
