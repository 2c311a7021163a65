// No write is applied twice, and none that was not taken; see checks.h.

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/replica/client_message.h"
#include "coord/tree/txn.h"
#include "tests/simulation/ensemble/checks/checks.h"

namespace quorate::simulation {

namespace {

constexpr char kName[] = "writes_at_most_once";

class ValueCheck {
 public:
  explicit ValueCheck(EnsembleViolations& violations)
      : violations_(violations) {}

  // Every value that clients write is unique.
  void Take(const ReplayedTxn& replayed) {
    zxid_ = replayed.zxid;
    std::visit([this](const auto& body) { Take(body); }, replayed.txn.body);
  }

 private:
  void Take(const tree::CreateTxn& create) { TakeValue(create.data); }
  void Take(const tree::SetDataTxn& set) { TakeValue(set.data); }
  void Take(const tree::MultiTxn& multi) {
    for (const tree::MultiOpTxn& op : multi.ops) {
      std::visit([this](const auto& body) { Take(body); }, op);
    }
  }
  template <typename Other>
  void Take(const Other&) {}

  void TakeValue(const std::string& value) {
    const auto [before, added] = seen_.emplace(value, zxid_);
    if (added) return;
    violations_.push_back(
        {kName, absl::StrCat("\"", value, "\" is written at ",
                             ToString(before->second), " and again at ",
                             ToString(zxid_))});
  }

  EnsembleViolations& violations_;
  consensus::Zxid zxid_;
  std::map<std::string, consensus::Zxid> seen_;
};

bool WasNeverTaken(const History& history, const OpRecord& op) {
  return std::all_of(op.submissions.begin(), op.submissions.end(), [&](int i) {
    const replica::Reply* reply =
        history.ReplyOf(history.submissions[static_cast<size_t>(i)]);
    return reply != nullptr && reply->not_taken;
  });
}

}  // namespace

void CheckWritesOnce(const History& history, const Replay& replay,
                     EnsembleViolations& violations) {
  for (const auto& [op, txns] : replay.of_op) {
    const OpRecord& record = history.ops[static_cast<size_t>(op)];
    const consensus::Zxid first =
        replay.txns[static_cast<size_t>(txns.front())].zxid;
    if (txns.size() > 1) {
      violations.push_back(
          {kName, absl::StrCat(Describe(record.request), " of client ",
                               record.client, " is in the log ", txns.size(),
                               " times, first at ", ToString(first))});
    }
    if (WasNeverTaken(history, record)) {
      violations.push_back(
          {kName,
           absl::StrCat(Describe(record.request), " of client ", record.client,
                        " was never taken, but is at ", ToString(first))});
    }
  }
  ValueCheck values(violations);
  for (const ReplayedTxn& txn : replay.txns) values.Take(txn);
}

}  // namespace quorate::simulation
