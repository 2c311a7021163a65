// Ephemerals go with their sessions; see checks.h.

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/tree/reads.h"
#include "coord/tree/session_id.h"
#include "coord/tree/stat.h"
#include "coord/tree/txn_result.h"
#include "tests/simulation/ensemble/checks/checks.h"

namespace quorate::simulation {

namespace {

// The owners of the znodes that an answer shows.
class Owners {
 public:
  std::vector<int64_t> owners;

  void operator()(const tree::Stat& stat) {
    owners.push_back(stat.ephemeral_owner);
  }
  void operator()(const tree::TxnResult& result) {
    if (result.stat.has_value()) (*this)(*result.stat);
    for (const tree::TxnResult& each : result.multi) (*this)(each);
  }
  void operator()(const std::vector<tree::ReadAnswer>& answers) {
    for (const tree::ReadAnswer& answer : answers) std::visit(*this, answer);
  }
  template <typename Other>
  void operator()(const Other& other) {
    if constexpr (requires { other.stat; }) (*this)(other.stat);
  }
};

}  // namespace

void CheckEphemerals(const History& history, const Replay& replay,
                     EnsembleViolations& violations) {
  for (const ConnectionRecord& connection : history.connections) {
    for (const HeardRecord& heard : connection.heard) {
      const auto* reply = std::get_if<replica::Reply>(&heard.message);
      if (reply == nullptr) continue;
      Owners shown;
      std::visit(shown, reply->result);
      for (const int64_t owner : shown.owners) {
        const auto found = replay.sessions.find(tree::SessionId{owner});
        if (owner <= 0) continue;  // no ephemeral
        if (found != replay.sessions.end() &&
            found->second.opened < reply->zxid &&
            (found->second.closed.IsNone() ||
             found->second.closed > reply->zxid)) {
          continue;
        }
        violations.push_back(
            {"ephemerals", absl::StrCat("client ", connection.client, " hears ",
                                        Describe(heard.message),
                                        " that shows an ephemeral of session ",
                                        owner, ", which is not open then")});
      }
    }
  }
}

}  // namespace quorate::simulation
