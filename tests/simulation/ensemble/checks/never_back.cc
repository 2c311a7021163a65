// No client sees time run backwards; see checks.h.

#include <algorithm>
#include <cstddef>
#include <variant>

#include "absl/strings/str_cat.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "tests/simulation/ensemble/checks/checks.h"
#include "tests/simulation/ensemble/checks/shown.h"

namespace quorate::simulation {

using consensus::Zxid;

namespace {

// What a connection has shown, and what its client had seen when it came, is
// the least that a later question is answered from.
void Judge(const History& history, const ConnectionRecord& connection,
           EnsembleViolations& violations) {
  const auto expect = [&](const HeardRecord& heard, Zxid floor) {
    if (ZxidOf(heard.message) >= floor) return;
    violations.push_back(
        {"never_back",
         absl::StrCat("client ", connection.client, " at member ",
                      connection.member, " hears ", Describe(heard.message),
                      " and has seen ", ToString(floor))});
  };
  if (!connection.heard.empty() && std::holds_alternative<replica::Welcome>(
                                       connection.heard.front().message)) {
    expect(connection.heard.front(), connection.pin.highest_seen);
  }
  const Shown shown(connection);
  Zxid last = connection.pin.highest_seen;
  for (const int index : connection.submissions) {
    const SubmissionRecord& submission =
        history.submissions[static_cast<size_t>(index)];
    if (submission.answer < 0) continue;
    const HeardRecord& heard =
        connection.heard[static_cast<size_t>(submission.answer)];
    if (ZxidOf(heard.message).IsNone()) continue;
    // What was sent again is answered as it would have been at first.
    const OpRecord& op = history.ops[static_cast<size_t>(submission.op)];
    if (op.submissions.size() > 1) continue;
    expect(heard, shown.Before(submission.sequence));
    // The others tell where the member is, and look at no state.
    const bool looks =
        op.write() != nullptr || op.read() != nullptr ||
        std::holds_alternative<replica::AddWatch>(op.request.body);
    if (!looks) continue;
    expect(heard, last);
    last = ZxidOf(heard.message);
  }
}

}  // namespace

void CheckNeverBack(const History& history, EnsembleViolations& violations) {
  for (const ConnectionRecord& connection : history.connections) {
    Judge(history, connection, violations);
  }
}

}  // namespace quorate::simulation
