#include "tests/simulation/ensemble/checks/replay.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/consensus/record.h"
#include "coord/replica/client_message.h"
#include "coord/tree/error.h"
#include "coord/tree/request.h"
#include "coord/tree/txn_codec.h"
#include "tests/simulation/ensemble/history.h"

namespace quorate::simulation {

using consensus::Zxid;
using tree::ErrorCode;
using tree::Txn;

namespace {

// What tells a write without a session from all others.
std::string DataOf(const tree::RequestBody& body) {
  if (const auto* create = std::get_if<tree::CreateRequest>(&body)) {
    return create->data;
  }
  const auto* set = std::get_if<tree::SetDataRequest>(&body);
  return set == nullptr ? "" : set->data;
}
std::string DataOf(const tree::TxnBody& body) {
  if (const auto* create = std::get_if<tree::CreateTxn>(&body)) {
    return create->data;
  }
  const auto* set = std::get_if<tree::SetDataTxn>(&body);
  return set == nullptr ? "" : set->data;
}

// The request that stands for a txn of the leader's own.
tree::RequestBody OwnRequest(const Txn& txn) {
  if (const auto* open = std::get_if<tree::CreateSessionTxn>(&txn.body)) {
    return tree::CreateSessionRequest{open->timeout_ms, open->password};
  }
  if (const auto* del = std::get_if<tree::DeleteContainerTxn>(&txn.body)) {
    return tree::DeleteContainerRequest{del->path};
  }
  return tree::CloseSessionRequest();
}

class Replayer {
 public:
  Replayer(const History& history, ReplayObserver* observer)
      : history_(history), observer_(observer) {}

  Replay Run() {
    Decode();
    FindOps();
    Zxid from;
    for (ReplayedTxn& txn : replay_.txns) {
      Show(from, txn.zxid);
      if (!Carry(txn)) return std::move(replay_);
      from = txn.zxid;
    }
    Show(from, Zxid::FromValue(std::numeric_limits<uint64_t>::max()));
    return std::move(replay_);
  }

 private:
  void Show(Zxid from, Zxid to) {
    if (observer_ != nullptr) observer_->OnState(replay_.model, from, to);
  }

  void Violation(Zxid zxid, const std::string& text) {
    replay_.violations.push_back(
        {"log_follows_requests", absl::StrCat(ToString(zxid), ": ", text)});
  }

  void Decode() {
    for (const CommittedRecord& record : history_.log) {
      if (record.kind != consensus::RecordKind::kTxn) continue;
      absl::StatusOr<Txn> txn =
          tree::DecodeTxn(record.payload ? *record.payload : "");
      if (!txn.ok()) {
        Violation(record.zxid, txn.status().ToString());
        continue;
      }
      replay_.txns.push_back(
          {.zxid = record.zxid, .at = record.at, .txn = *std::move(txn)});
    }
  }

  // Which record is which session's, and whose writes there are.
  void FindOps() {
    std::map<std::string, int> passwords;
    for (size_t i = 0; i < history_.sessions.size(); ++i) {
      passwords[history_.sessions[i].password] = static_cast<int>(i);
    }
    for (const ReplayedTxn& txn : replay_.txns) {
      const auto* open = std::get_if<tree::CreateSessionTxn>(&txn.txn.body);
      if (open == nullptr) continue;
      const auto found = passwords.find(open->password);
      if (found == passwords.end()) {
        Violation(txn.zxid, "opens a session that nobody asked for");
        continue;
      }
      record_of_[txn.txn.session] = found->second;
    }
    for (size_t i = 0; i < history_.ops.size(); ++i) {
      const replica::WriteRequest* write = history_.ops[i].write();
      if (write == nullptr) continue;
      const int session = history_.ops[i].session;
      if (session < 0) {
        lone_[DataOf(write->body)] = static_cast<int>(i);
      } else {
        writes_[{session, write->request_id}] = static_cast<int>(i);
      }
    }
  }

  int OpOf(const Txn& txn) const {
    if (txn.session.IsNone()) {
      const auto found = lone_.find(DataOf(txn.body));
      return found == lone_.end() ? -1 : found->second;
    }
    const auto record = record_of_.find(txn.session);
    if (record == record_of_.end()) return -1;
    const auto found = writes_.find({record->second, txn.request_id});
    return found == writes_.end() ? -1 : found->second;
  }

  // False: the model and the log have parted.
  bool Carry(ReplayedTxn& replayed) {
    const Txn& txn = replayed.txn;
    const bool own =
        std::holds_alternative<tree::CreateSessionTxn>(txn.body) ||
        std::holds_alternative<tree::DeleteContainerTxn>(txn.body) ||
        (std::holds_alternative<tree::CloseSessionTxn>(txn.body) &&
         txn.request_id == 0);
    const auto* error = std::get_if<tree::ErrorTxn>(&txn.body);
    // Of a failed write without a session nothing tells whose it was.
    if (txn.session.IsNone() && error != nullptr) return true;

    tree::Request request;
    request.session = txn.session;
    request.request_id = own ? 0 : txn.request_id;
    request.time_ms = txn.time_ms;
    if (own) {
      request.body = OwnRequest(txn);
    } else {
      replayed.op = OpOf(txn);
      if (replayed.op < 0) {
        Violation(replayed.zxid, "a txn that no client asked for");
        return false;
      }
      const auto index = static_cast<size_t>(replayed.op);
      request.body = history_.ops[index].write()->body;
      replay_.of_op[replayed.op].push_back(
          static_cast<int>(&replayed - replay_.txns.data()));
    }
    replayed.outcome = replay_.model.Ask(request, replayed.zxid);
    NoteSession(replayed);
    return Compare(replayed, error == nullptr ? ErrorCode::kOk : error->code);
  }

  bool Compare(const ReplayedTxn& replayed, ErrorCode logged) {
    if (replayed.outcome.error != logged) {
      Violation(replayed.zxid,
                absl::StrCat("expected ",
                             std::string(ErrorName(replayed.outcome.error)),
                             ", logged ", std::string(ErrorName(logged))));
      return false;
    }
    const auto* create = std::get_if<tree::CreateTxn>(&replayed.txn.body);
    if (create != nullptr && logged == ErrorCode::kOk &&
        replayed.outcome.results.front().first != create->path) {
      Violation(replayed.zxid,
                absl::StrCat("expected ", replayed.outcome.results[0].first,
                             ", created ", create->path));
      return false;
    }
    return true;
  }

  void NoteSession(const ReplayedTxn& replayed) {
    const Txn& txn = replayed.txn;
    if (const auto* open = std::get_if<tree::CreateSessionTxn>(&txn.body)) {
      SessionLife life;
      const auto record = record_of_.find(txn.session);
      life.record = record == record_of_.end() ? -1 : record->second;
      life.opened = replayed.zxid;
      life.opened_at = replayed.at;
      life.timeout_ms = open->timeout_ms;
      replay_.sessions[txn.session] = life;
    } else if (std::holds_alternative<tree::CloseSessionTxn>(txn.body)) {
      SessionLife& life = replay_.sessions[txn.session];
      life.closed = replayed.zxid;
      life.closed_at = replayed.at;
      life.expired = txn.request_id == 0;
    }
  }

  const History& history_;
  ReplayObserver* const observer_;
  std::map<tree::SessionId, int> record_of_;
  std::map<std::pair<int, int64_t>, int> writes_;  // ops by session, number
  std::map<std::string, int> lone_;                // ops by data
  Replay replay_;
};

}  // namespace

tree::SessionId Replay::SessionOf(int session_record) const {
  for (const auto& [session, life] : sessions) {
    if (life.record == session_record) return session;
  }
  return {};
}

Replay ReplayHistory(const History& history, ReplayObserver* observer) {
  return Replayer(history, observer).Run();
}

}  // namespace quorate::simulation
