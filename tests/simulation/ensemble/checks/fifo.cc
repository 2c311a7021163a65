// Questions and answers of one connection, and the writes of one session, keep
// their order; see checks.h.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/tree/session_id.h"
#include "tests/simulation/ensemble/checks/checks.h"

namespace quorate::simulation {

namespace {

using WritesOf = std::map<tree::SessionId, std::vector<consensus::Zxid>>;

void Report(const std::string& text, EnsembleViolations& violations) {
  violations.push_back({"fifo", text});
}

// The zxids of each session's writes, which must be numbered from 1.
WritesOf CheckLog(const Replay& replay, EnsembleViolations& violations) {
  WritesOf writes;
  for (const ReplayedTxn& replayed : replay.txns) {
    const tree::Txn& txn = replayed.txn;
    if (txn.session.IsNone() || txn.request_id == 0) continue;
    if (std::holds_alternative<tree::CreateSessionTxn>(txn.body)) continue;
    std::vector<consensus::Zxid>& of_session = writes[txn.session];
    of_session.push_back(replayed.zxid);
    if (txn.request_id == static_cast<int64_t>(of_session.size())) continue;
    Report(absl::StrCat(ToString(replayed.zxid), " holds write ",
                        txn.request_id, " of session ", txn.session.value,
                        ", expected ", of_session.size()),
           violations);
  }
  return writes;
}

void CheckConnection(const History& history, const ConnectionRecord& connection,
                     const WritesOf& writes, EnsembleViolations& violations) {
  size_t answered = 0;
  for (size_t i = 0; i < connection.heard.size(); ++i) {
    const replica::ServerMessage& message = connection.heard[i].message;
    const std::string where =
        absl::StrCat("client ", connection.client, " at member ",
                     connection.member, " hears ", Describe(message));
    if (const auto* welcome = std::get_if<replica::Welcome>(&message)) {
      if (i != 0) Report(where + ", not as the first", violations);
      const auto of_session = writes.find(welcome->session);
      const int64_t expected =
          of_session == writes.end()
              ? 0
              : std::upper_bound(of_session->second.begin(),
                                 of_session->second.end(), welcome->zxid) -
                    of_session->second.begin();
      if (welcome->last_request_id != expected) {
        Report(absl::StrCat(where, ", expected last=", expected), violations);
      }
    } else if (const auto* reply = std::get_if<replica::Reply>(&message)) {
      const bool fits =
          answered < connection.submissions.size() &&
          history.submissions[static_cast<size_t>(
                                  connection.submissions[answered])]
                  .tag == reply->tag;
      if (!fits) return Report(where + ", out of order", violations);
      ++answered;
    } else if (std::holds_alternative<replica::Goodbye>(message) &&
               i + 1 < connection.heard.size()) {
      Report(where + ", not as the last", violations);
    }
  }
}

}  // namespace

void CheckFifo(const History& history, const Replay& replay,
               EnsembleViolations& violations) {
  const WritesOf writes = CheckLog(replay, violations);
  for (const ConnectionRecord& connection : history.connections) {
    CheckConnection(history, connection, writes, violations);
  }
}

}  // namespace quorate::simulation
