#include "coord/tree/outstanding.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/tree/node_kind.h"
#include "coord/tree/path.h"
#include "coord/tree/request_checker.h"

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

absl::Status CheckAck(const Request& request) {
  if (IsValidAck(request.request_id, request.acked_through)) {
    return absl::OkStatus();
  }
  return Error(
      ErrorCode::kBadArguments, "",
      absl::StrCat("acked through ", request.acked_through,
                   ", which is not before request ", request.request_id));
}

// Whether the request has a number among the writes of its session.
bool IsCounted(const Request& request) {
  return !request.session.IsNone() && request.request_id > 0 &&
         !std::holds_alternative<CreateSessionRequest>(request.body);
}

// At most `max` bytes; no character of UTF-8 is cut in two.
absl::string_view Prefix(absl::string_view text, size_t max) {
  if (text.size() <= max) return text;
  while (max > 0 && (static_cast<uint8_t>(text[max]) & 0xc0) == 0x80) --max;
  return text.substr(0, max);
}

// Prepares one request: one method a kind, those of RequestChecker included.
class Preparer {
 public:
  Preparer(Zxid zxid, const Request& request,
           const absl::Status& session_status, PendingState& pending,
           RequestChecker& checker, Prepared& prepared)
      : zxid_(zxid),
        request_(request),
        session_status_(session_status),
        pending_(pending),
        checker_(checker),
        prepared_(prepared) {}

  absl::StatusOr<TxnBody> operator()(const MultiRequest& multi) {
    // Each op checks the session; so no op must not mean no check.
    if (multi.ops.empty() && !session_status_.ok()) return session_status_;
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
    if (create.password.size() != kSessionPasswordBytes) {
      return Error(
          ErrorCode::kBadArguments, "",
          absl::StrCat("a session's password has ", kSessionPasswordBytes,
                       " bytes; found ", create.password.size()));
    }
    if (!IsValidSessionId(request_.session) || create.timeout_ms <= 0 ||
        pending_.HasSession(request_.session)) {
      return Error(ErrorCode::kBadArguments, "",
                   absl::StrCat("session ", request_.session.value,
                                " is open or no valid id, or its timeout of ",
                                create.timeout_ms, " ms is not positive"));
    }
    pending_.OpenSession(zxid_, request_.session);
    return CreateSessionTxn{create.timeout_ms, create.password};
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
  const absl::Status& session_status_;
  PendingState& pending_;
  RequestChecker& checker_;
  Prepared& prepared_;
};

}  // namespace

RequestState Outstanding::Classify(SessionId session,
                                   int64_t request_id) const {
  QUORATE_CHECK(request_id > 0);
  if (!pending_.HasSession(session)) return RequestState::kNew;
  const int64_t prepared = LastPrepared(session);
  if (request_id == prepared + 1) return RequestState::kNew;
  if (request_id > prepared) return RequestState::kGap;
  return request_id <= LastApplied(session) ? RequestState::kApplied
                                            : RequestState::kOutstanding;
}

int64_t Outstanding::LastApplied(SessionId session) const {
  if (pending_.IsOpening(session)) return 0;
  const Session* applied = state_.sessions().Find(session);
  return applied == nullptr ? 0 : applied->last_request_id;
}

int64_t Outstanding::LastPrepared(SessionId session) const {
  const PendingRequests::Last* pending = requests_.LastOf(session);
  return pending != nullptr ? pending->request_id : LastApplied(session);
}

bool Outstanding::HasRoomFor(SessionId session, int64_t request_id,
                             int64_t acked_through) const {
  const Session* applied = state_.sessions().Find(session);
  if (applied == nullptr) return true;
  const int64_t first = applied->results.empty()
                            ? applied->last_request_id + 1
                            : applied->results.begin()->first;
  return request_id - std::max(first - 1, acked_through) <=
         static_cast<int64_t>(kMaxRememberedResults);
}

Prepared Outstanding::Prepare(Zxid zxid, const Request& request) {
  const bool is_counted = IsCounted(request);
  QUORATE_CHECK(!is_counted || Classify(request.session, request.request_id) ==
                                   RequestState::kNew);
  Prepared prepared;
  prepared.status = CheckSize(request);
  if (prepared.status.ok()) prepared.status = CheckAck(request);
  if (!prepared.status.ok()) return prepared;
  const absl::Status session_status =
      CheckSession(request.session, request.attachment);
  RequestChecker checker(request, session_status, pending_,
                         prepared.over_soft_quota);
  pending_.Begin(zxid);
  absl::StatusOr<TxnBody> body = std::visit(
      Preparer(zxid, request, session_status, pending_, checker, prepared),
      request.body);
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
  if (std::holds_alternative<CreateSessionTxn>(*body)) {
    requests_.Add(zxid, request.session, 0);
  }
  Count(zxid, request);
  prepared.txn = {request.session, request.request_id, request.acked_through,
                  request.time_ms, *std::move(body)};
  return prepared;
}

Txn Outstanding::Fail(Zxid zxid, const Request& request,
                      const Prepared& failed) {
  ErrorTxn error;
  error.code = ErrorCodeOf(failed.status);
  QUORATE_CHECK(error.code != ErrorCode::kOk &&
                error.code != ErrorCode::kSessionMoved);
  const std::string path = ErrorPathOf(failed.status);
  if (path.size() <= kMaxPathBytes) error.path = path;
  error.message =
      std::string(Prefix(failed.status.message(), kMaxErrorMessageBytes));
  error.op_errors = failed.op_errors;
  Count(zxid, request);
  Txn txn;
  txn.session = request.session;
  const bool opens = std::holds_alternative<CreateSessionRequest>(request.body);
  txn.request_id = opens ? 0 : request.request_id;
  if (IsValidAck(txn.request_id, request.acked_through)) {
    txn.acked_through = request.acked_through;
  }
  txn.time_ms = request.time_ms;
  txn.body = std::move(error);
  return txn;
}

void Outstanding::Count(Zxid zxid, const Request& request) {
  if (IsCounted(request) && pending_.HasSession(request.session)) {
    requests_.Add(zxid, request.session, request.request_id);
  }
}

uint64_t Outstanding::AttachmentOf(SessionId session) const {
  const auto found = attachments_.find(session.value);
  return found == attachments_.end() ? 0 : found->second;
}

absl::Status Outstanding::CheckSession(SessionId session,
                                       uint64_t attachment) const {
  if (session.IsNone()) return absl::OkStatus();
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
