#include "coord/rpc/codec/error_codec.h"

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/rule.h"
#include "coord/replica/error.h"
#include "coord/rpc/codec/error.h"
#include "coord/rpc/codec/utf8.h"
#include "coord/tree/error.h"
#include "proto/coord/v1/error.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

namespace {

// The word for a failure that nobody gave a kind.
absl::string_view PlainKind(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kCancelled:
      return "Cancelled";
    case absl::StatusCode::kInvalidArgument:
      return "BadRequest";
    case absl::StatusCode::kDeadlineExceeded:
      return "DeadlineExceeded";
    case absl::StatusCode::kNotFound:
      return "NotFound";
    case absl::StatusCode::kAlreadyExists:
      return "AlreadyExists";
    case absl::StatusCode::kPermissionDenied:
      return "PermissionDenied";
    case absl::StatusCode::kResourceExhausted:
      return "ResourceExhausted";
    case absl::StatusCode::kFailedPrecondition:
      return "FailedPrecondition";
    case absl::StatusCode::kAborted:
      return "Aborted";
    case absl::StatusCode::kOutOfRange:
      return "OutOfRange";
    case absl::StatusCode::kUnimplemented:
      return "Unimplemented";
    case absl::StatusCode::kInternal:
      return "Internal";
    case absl::StatusCode::kUnavailable:
      return "Unavailable";
    case absl::StatusCode::kDataLoss:
      return "DataLoss";
    case absl::StatusCode::kUnauthenticated:
      return "Unauthenticated";
    default:
      return "Unknown";
  }
}

void FillRefusal(const consensus::Refusal& refusal, v1::ErrorDetail& detail) {
  detail.set_rule(static_cast<uint32_t>(refusal.rule));
  detail.set_rule_name(std::string(consensus::RuleName(refusal.rule)));
  for (const auto& [name, value] : refusal.numbers) {
    if (detail.numbers_size() >= kMaxErrorNumbers) break;
    v1::Number& number = *detail.add_numbers();
    number.set_name(CleanUtf8(name, kMaxErrorPathBytes));
    number.set_value(value);
  }
  if (refusal.retry_after_ms)
    detail.set_retry_after_ms(*refusal.retry_after_ms);
}

void FillTreeError(const absl::Status& status, v1::ErrorDetail& detail) {
  const tree::ErrorCode code = tree::ErrorCodeOf(status);
  detail.set_kind(std::string(tree::ErrorName(code)));
  detail.set_zookeeper_code(static_cast<int32_t>(code));
  detail.set_path(CleanUtf8(tree::ErrorPathOf(status), kMaxErrorPathBytes));
}

bool HasTreeError(const absl::Status& status) {
  // ErrorCodeOf() says kSystemError for what the tree did not make; whoever
  // makes a real one makes it kInternal.
  return tree::ErrorCodeOf(status) != tree::ErrorCode::kSystemError ||
         absl::StartsWith(status.message(),
                          tree::ErrorName(tree::ErrorCode::kSystemError));
}

absl::StatusCode CodeOf(const v1::ErrorDetail& detail) {
  const bool is_code = detail.code() > 0 && detail.code() <= 16;
  return is_code ? static_cast<absl::StatusCode>(detail.code())
                 : absl::StatusCode::kUnknown;
}

std::optional<replica::ErrorKind> ReplicaKind(absl::string_view word) {
  for (int i = 1;; ++i) {
    const auto kind = static_cast<replica::ErrorKind>(i);
    if (replica::ErrorKindName(kind) == word) return kind;
    if (kind == replica::ErrorKind::kNotServing) return std::nullopt;
  }
}

consensus::Refusal RefusalIn(const v1::ErrorDetail& detail) {
  consensus::Refusal refusal;
  refusal.rule = static_cast<consensus::Rule>(detail.rule());
  refusal.reason = detail.message();
  for (const v1::Number& number : detail.numbers()) {
    if (refusal.numbers.size() >= kMaxErrorNumbers) break;
    refusal.numbers.emplace_back(number.name(), number.value());
  }
  if (detail.has_retry_after_ms()) {
    refusal.retry_after_ms = detail.retry_after_ms();
  }
  return refusal;
}

// What the layer that knows `detail`'s kind would say.
absl::Status TypedError(const v1::ErrorDetail& detail) {
  if (const auto kind = ReplicaKind(detail.kind())) {
    return replica::Error(*kind, detail.message());
  }
  if (detail.zookeeper_code() != 0 &&
      tree::IsErrorCode(detail.zookeeper_code())) {
    return tree::Error(static_cast<tree::ErrorCode>(detail.zookeeper_code()),
                       detail.path());
  }
  if (detail.kind() == "NotLeader") {
    return NotLeaderError(detail.leader_address());
  }
  if (detail.kind() == "Incompatible") return IncompatibleError("", 0, 0);
  return absl::OkStatus();
}

void CopyPayloads(const absl::Status& from, absl::Status& to) {
  from.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    to.SetPayload(type, payload);
  });
}

}  // namespace

v1::ErrorDetail ToErrorDetail(const absl::Status& status) {
  v1::ErrorDetail detail;
  detail.set_code(static_cast<int32_t>(status.code()));
  const TransportError transport = TransportErrorOf(status);
  const replica::ErrorKind kind = replica::ErrorKindOf(status);
  if (!transport.kind.empty()) {
    detail.set_kind(transport.kind);
    detail.set_leader_address(
        CleanUtf8(transport.leader_address, consensus::kMaxAddressBytes));
  } else if (kind != replica::ErrorKind::kNone) {
    detail.set_kind(std::string(replica::ErrorKindName(kind)));
  } else if (HasTreeError(status)) {
    FillTreeError(status, detail);
  } else {
    detail.set_kind(std::string(PlainKind(status.code())));
  }
  detail.set_message(CleanUtf8(status.message(), kMaxErrorMessageBytes));
  const std::optional<consensus::Refusal> refusal = replica::RefusalOf(status);
  if (refusal) {
    FillRefusal(*refusal, detail);
  } else if (kind == replica::ErrorKind::kPinned) {
    detail.set_rule(static_cast<uint32_t>(consensus::Rule::kClientsRemember));
    detail.set_rule_name(
        std::string(consensus::RuleName(consensus::Rule::kClientsRemember)));
  }
  if (refusal && kind == replica::ErrorKind::kNone) {
    detail.set_kind(refusal->rule == consensus::Rule::kClientsRemember
                        ? "Pinned"
                        : "Refused");
    // The rest of the status' message stands in the fields.
    detail.set_message(CleanUtf8(refusal->reason, kMaxErrorMessageBytes));
  }
  return detail;
}

v1::ErrorDetail ToErrorDetail(const consensus::Refusal& refusal) {
  return ToErrorDetail(replica::RefusalError(refusal));
}

absl::Status FromErrorDetail(const v1::ErrorDetail& detail) {
  absl::Status refused;
  if (detail.rule() > 0 && detail.rule() < consensus::kRuleCount) {
    refused = replica::RefusalError(RefusalIn(detail));
  }
  const bool is_refusal = !refused.ok() && !ReplicaKind(detail.kind());
  // Never without a message, so that it stays the same error when it is passed
  // on.
  absl::string_view message = detail.message();
  if (message.empty()) message = detail.kind();
  if (message.empty()) message = PlainKind(CodeOf(detail));
  absl::Status status(CodeOf(detail), is_refusal ? refused.message() : message);
  CopyPayloads(TypedError(detail), status);
  CopyPayloads(refused, status);
  return status;
}

}  // namespace quorate::rpc
