#include "coord/tree/state_machine.h"

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/tree/node_kind.h"
#include "coord/tree/path.h"

namespace quorate::tree {
namespace {

absl::Status Diverged(absl::string_view what, absl::string_view path) {
  return absl::DataLossError(
      absl::StrCat("a committed txn does not fit the state: ", what, " ", path,
                   "; this member has diverged and must stop"));
}

// Whether the txn has a number among the writes of its session.
bool IsCounted(const Txn& txn) {
  return !txn.session.IsNone() && txn.request_id > 0 &&
         !std::holds_alternative<CreateSessionTxn>(txn.body);
}

}  // namespace

// Applies the body of one txn: one method a kind.
class StateMachine::Applier {
 public:
  Applier(StateMachine& state, Zxid zxid, const Txn& txn,
          std::vector<TreeEvent>& events)
      : state_(state),
        tree_(*state.tree_),
        zxid_(zxid),
        txn_(txn),
        events_(events) {}

  absl::StatusOr<TxnResult> operator()(const CreateTxn& txn) {
    if (KindOf(txn.ephemeral_owner) == NodeKind::kEphemeral &&
        !state_.sessions_.Has(SessionId{txn.ephemeral_owner})) {
      return Diverged("create for a closed session", txn.path);
    }
    if (!tree_.Create(txn.path, txn.data, txn.acl, txn.ephemeral_owner, zxid_,
                      txn_.time_ms)) {
      return Diverged("create", txn.path);
    }
    AddEvent(EventType::kCreated, txn.path);
    AddEvent(EventType::kChildrenChanged, ParentPath(txn.path));
    return ResultWithStat(txn.path);
  }

  absl::StatusOr<TxnResult> operator()(const DeleteTxn& txn) {
    if (!Delete(txn.path)) return Diverged("delete", txn.path);
    return ResultOf(txn.path);
  }

  absl::StatusOr<TxnResult> operator()(const DeleteContainerTxn& txn) {
    if (!Delete(txn.path)) return Diverged("delete container", txn.path);
    return ResultOf(txn.path);
  }

  absl::StatusOr<TxnResult> operator()(const DeleteRecursiveTxn& txn) {
    const Znode* top = tree_.Find(txn.path);
    if (top == nullptr) return Diverged("delete recursive", txn.path);
    // Parents stand before their children, so delete from the last on.
    std::vector<std::string> paths;
    const Znode* node = top;
    for (uint32_t left = top->descendants();; --left) {
      paths.push_back(node->Path());
      if (left == 0) break;
      node = Tree::Next(*node);
    }
    for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
      if (!Delete(*path)) return Diverged("delete recursive", *path);
    }
    return ResultOf(txn.path);
  }

  absl::StatusOr<TxnResult> operator()(const SetDataTxn& txn) {
    if (!tree_.SetData(txn.path, txn.data, txn.version, zxid_, txn_.time_ms)) {
      return Diverged("set data", txn.path);
    }
    AddEvent(EventType::kDataChanged, txn.path);
    return ResultWithStat(txn.path);
  }

  absl::StatusOr<TxnResult> operator()(const SetAclTxn& txn) {
    if (!tree_.SetAcl(txn.path, txn.acl, txn.version)) {
      return Diverged("set ACL", txn.path);
    }
    return ResultWithStat(txn.path);
  }

  absl::StatusOr<TxnResult> operator()(const CheckTxn& txn) {
    if (tree_.Find(txn.path) == nullptr) return Diverged("check", txn.path);
    return ResultOf(txn.path);
  }

  absl::StatusOr<TxnResult> operator()(const MultiTxn& txn) {
    TxnResult all;
    for (const MultiOpTxn& op : txn.ops) {
      absl::StatusOr<TxnResult> result = std::visit(*this, op);
      if (!result.ok()) return result.status();
      all.multi.push_back(*std::move(result));
    }
    return all;
  }

  absl::StatusOr<TxnResult> operator()(const CreateSessionTxn& txn) {
    if (!IsValidSessionId(txn_.session) ||
        !state_.sessions_.Open(txn_.session, txn.timeout_ms, txn.password)) {
      return Diverged("create session", absl::StrCat(txn_.session.value));
    }
    return TxnResult();
  }

  absl::StatusOr<TxnResult> operator()(const CloseSessionTxn&) {
    if (!state_.sessions_.Close(txn_.session)) {
      return Diverged("close session", absl::StrCat(txn_.session.value));
    }
    const Tree::PathSet* ephemerals = tree_.EphemeralsOf(txn_.session);
    if (ephemerals == nullptr) return TxnResult();
    // A copy, as each deletion takes one out of the tree's own.
    for (const std::string& path : Tree::PathSet(*ephemerals)) {
      if (!Delete(path)) return Diverged("close session: delete", path);
    }
    return TxnResult();
  }

  absl::StatusOr<TxnResult> operator()(const ErrorTxn& txn) {
    TxnResult result;
    result.error = txn.code;
    result.path = txn.path;
    result.message = txn.message;
    for (const ErrorCode op : txn.op_errors) {
      result.multi.emplace_back().error = op;
    }
    return result;
  }

 private:
  bool Delete(absl::string_view path) {
    const Znode* node = tree_.Find(path);
    if (node == nullptr) return false;
    const AclPtr acl = tree_.AclOf(*node);
    if (!tree_.Delete(path, zxid_)) return false;
    events_.push_back({EventType::kDeleted, std::string(path), zxid_, acl});
    AddEvent(EventType::kChildrenChanged, ParentPath(path));
    return true;
  }

  // REQUIRES: there is a znode at `path`.
  void AddEvent(EventType type, absl::string_view path) {
    const Znode* node = tree_.Find(path);
    QUORATE_CHECK(node != nullptr);
    events_.push_back({type, std::string(path), zxid_, tree_.AclOf(*node)});
  }

  static TxnResult ResultOf(absl::string_view path) {
    TxnResult result;
    result.path = std::string(path);
    return result;
  }

  TxnResult ResultWithStat(absl::string_view path) const {
    TxnResult result = ResultOf(path);
    result.stat = tree_.Find(path)->ToStat();
    return result;
  }

  StateMachine& state_;
  Tree& tree_;
  Zxid zxid_;
  const Txn& txn_;
  std::vector<TreeEvent>& events_;
};

StateMachine::StateMachine() : tree_(std::make_unique<Tree>()) {}

StateMachine::StateMachine(Zxid applied, std::unique_ptr<Tree> tree,
                           SessionTable sessions)
    : applied_(applied),
      tree_(std::move(tree)),
      sessions_(std::move(sessions)) {}

absl::StatusOr<Applied> StateMachine::Apply(Zxid zxid, const Txn& txn) {
  if (absl::Status status = Skip(zxid); !status.ok()) return status;
  const Session* session =
      IsCounted(txn) ? sessions_.Find(txn.session) : nullptr;
  if (session != nullptr && txn.request_id != session->last_request_id + 1) {
    return Diverged("request", absl::StrCat(txn.request_id, " behind request ",
                                            session->last_request_id,
                                            " of session ", txn.session.value));
  }
  // An error may be just that: the session is not open.
  if (IsCounted(txn) && session == nullptr &&
      !std::holds_alternative<ErrorTxn>(txn.body)) {
    return Diverged("request of the closed session",
                    absl::StrCat(txn.session.value));
  }
  Applied applied;
  absl::StatusOr<TxnResult> result =
      std::visit(Applier(*this, zxid, txn, applied.events), txn.body);
  if (!result.ok()) return result.status();
  applied.result = *std::move(result);
  if (session != nullptr) {
    // False if the txn has closed the session.
    sessions_.Remember(txn.session, txn.request_id, txn.acked_through,
                       {.zxid = zxid, .result = applied.result});
  }
  return applied;
}

absl::Status StateMachine::Skip(Zxid zxid) {
  if (zxid <= applied_) {
    return absl::InvalidArgumentError(
        absl::StrCat("record ", ToString(zxid), " is not after ",
                     ToString(applied_), ", the last that was applied"));
  }
  applied_ = zxid;
  return absl::OkStatus();
}

}  // namespace quorate::tree
