#include "coord/tree/outstanding.h"

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/tree/node_kind.h"
#include "coord/tree/request_checker.h"
#include "coord/tree/txn_codec.h"

namespace quorate::tree {
namespace {

// Bytes of paths and data.
struct Size {
  size_t operator()(const CreateRequest& create) const {
    return create.path.size() + create.data.size();
  }
  size_t operator()(const SetDataRequest& set) const {
    return set.path.size() + set.data.size();
  }
  size_t operator()(const MultiRequest& multi) const {
    size_t size = 0;
    for (const MultiOpRequest& op : multi.ops) size += std::visit(*this, op);
    return size;
  }
  size_t operator()(const CreateSessionRequest&) const { return 0; }
  size_t operator()(const CloseSessionRequest&) const { return 0; }
  template <typename WithPath>
  size_t operator()(const WithPath& request) const {
    return request.path.size();
  }
};

absl::Status CheckSize(const Request& request) {
  const size_t size = std::visit(Size(), request.body);
  if (size > kMaxRequestBytes) {
    return Error(ErrorCode::kBadArguments, "",
                 absl::StrCat("a request has at most ", kMaxRequestBytes,
                              " bytes of paths and data; found ", size));
  }
  const auto* multi = std::get_if<MultiRequest>(&request.body);
  if (multi != nullptr && multi->ops.size() > kMaxMultiOps) {
    return Error(ErrorCode::kBadArguments, "",
                 absl::StrCat("a multi has at most ", kMaxMultiOps,
                              " ops; found ", multi->ops.size()));
  }
  return absl::OkStatus();
}

// Prepares one request: one method a kind, those of RequestChecker included.
class Preparer {
 public:
  Preparer(Zxid zxid, const Request& request, PendingState& pending,
           RequestChecker& checker, Prepared& prepared)
      : zxid_(zxid),
        request_(request),
        pending_(pending),
        checker_(checker),
        prepared_(prepared) {}

  absl::StatusOr<TxnBody> operator()(const MultiRequest& multi) {
    MultiTxn txn;
    for (const MultiOpRequest& op : multi.ops) {
      absl::StatusOr<MultiOpTxn> checked = std::visit(
          [this](const auto& each) -> absl::StatusOr<MultiOpTxn> {
            auto result = checker_(each);
            if (!result.ok()) return result.status();
            return MultiOpTxn(*std::move(result));
          },
          op);
      if (!checked.ok()) {
        const size_t failed = txn.ops.size();
        prepared_.op_errors.assign(multi.ops.size(),
                                   ErrorCode::kRuntimeInconsistency);
        for (size_t i = 0; i < failed; ++i) {
          prepared_.op_errors[i] = ErrorCode::kOk;
        }
        prepared_.op_errors[failed] = ErrorCodeOf(checked.status());
        return checked.status();
      }
      txn.ops.push_back(*std::move(checked));
    }
    return txn;
  }

  absl::StatusOr<TxnBody> operator()(const CreateSessionRequest& create) {
    if (!IsValidSessionId(request_.session) || create.timeout_ms <= 0 ||
        pending_.HasSession(request_.session)) {
      return Error(ErrorCode::kBadArguments, "",
                   absl::StrCat("session ", request_.session.value,
                                " is open or no valid id, or its timeout of ",
                                create.timeout_ms, " ms is not positive"));
    }
    pending_.OpenSession(zxid_, request_.session);
    return CreateSessionTxn{create.timeout_ms};
  }

  absl::StatusOr<TxnBody> operator()(const CloseSessionRequest&) {
    if (!pending_.HasSession(request_.session)) {
      return Error(ErrorCode::kSessionExpired, "");
    }
    for (const std::string& path : pending_.EphemeralsOf(request_.session)) {
      const absl::string_view parent_path = ParentPath(path);
      auto parent = pending_.Find(parent_path);
      --parent->num_children;
      pending_.Put(parent_path, *std::move(parent));
      pending_.Remove(path);
    }
    pending_.CloseSession(zxid_, request_.session);
    return CloseSessionTxn();
  }

  template <typename Body>
  absl::StatusOr<TxnBody> operator()(const Body& body) {
    auto result = checker_(body);
    if (!result.ok()) return result.status();
    return TxnBody(*std::move(result));
  }

 private:
  const Zxid zxid_;
  const Request& request_;
  PendingState& pending_;
  RequestChecker& checker_;
  Prepared& prepared_;
};

}  // namespace

Prepared Outstanding::Prepare(Zxid zxid, const Request& request) {
  Prepared prepared;
  prepared.status = CheckSize(request);
  if (!prepared.status.ok()) return prepared;
  const absl::Status session_status =
      CheckSession(request.session, request.attachment);
  RequestChecker checker(request, session_status, pending_,
                         prepared.over_soft_quota);
  pending_.Begin(zxid);
  absl::StatusOr<TxnBody> body = std::visit(
      Preparer(zxid, request, pending_, checker, prepared), request.body);
  if (!body.ok()) {
    pending_.RollBack();
    prepared.status = body.status();
    prepared.over_soft_quota.clear();
    return prepared;
  }
  pending_.Keep();
  if (std::holds_alternative<CloseSessionTxn>(*body)) {
    attachments_.erase(request.session.value);
  }
  prepared.txn = {request.session, request.request_id, request.time_ms,
                  *std::move(body)};
  return prepared;
}

absl::Status Outstanding::CheckSession(SessionId session,
                                       uint64_t attachment) const {
  if (!pending_.HasSession(session)) {
    return Error(ErrorCode::kSessionExpired, "",
                 absl::StrCat("session ", session.value, " is not open"));
  }
  const auto found = attachments_.find(session.value);
  if (attachment != 0 && found != attachments_.end() &&
      found->second != attachment) {
    return Error(ErrorCode::kSessionMoved, "",
                 "the session is used by another connection");
  }
  return absl::OkStatus();
}

}  // namespace quorate::tree
