// Writes and linearizable reads follow real time; see checks.h.

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "tests/simulation/ensemble/checks/checks.h"
#include "tests/simulation/ensemble/checks/shown.h"

namespace quorate::simulation {

void CheckRealTime(const History& history, EnsembleViolations& violations) {
  const Shown shown(history);
  for (const OpRecord& op : history.ops) {
    const bool write = op.write() != nullptr;
    const bool read = op.read() != nullptr && !op.read()->local;
    if ((!write && !read) || op.submissions.empty()) continue;
    const replica::Reply* reply = history.OutcomeOf(op);
    if (reply == nullptr || reply->zxid.IsNone()) continue;
    const consensus::Zxid floor = shown.Before(
        history.submissions[static_cast<size_t>(op.submissions.front())]
            .sequence);
    if (write ? reply->zxid > floor : reply->zxid >= floor) continue;
    violations.push_back(
        {"real_time_order",
         absl::StrCat("client ", op.client, " asked ", Describe(op.request),
                      " when ", ToString(floor),
                      " had been shown, and is answered at ",
                      ToString(reply->zxid))});
  }
}

}  // namespace quorate::simulation
