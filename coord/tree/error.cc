#include "coord/tree/error.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "coord/base/check.h"

namespace quorate::tree {
namespace {

constexpr char kPayloadType[] = "quorate.tree.ErrorCode";
constexpr char kPathPayloadType[] = "quorate.tree.ErrorPath";

struct Entry {
  ErrorCode code;
  absl::string_view name;
  absl::StatusCode canonical;
};

constexpr Entry kEntries[] = {
    {ErrorCode::kOk, "Ok", absl::StatusCode::kOk},
    {ErrorCode::kSystemError, "SystemError", absl::StatusCode::kInternal},
    {ErrorCode::kRuntimeInconsistency, "RuntimeInconsistency",
     absl::StatusCode::kAborted},
    {ErrorCode::kDataInconsistency, "DataInconsistency",
     absl::StatusCode::kDataLoss},
    {ErrorCode::kMarshallingError, "MarshallingError",
     absl::StatusCode::kInvalidArgument},
    {ErrorCode::kUnimplemented, "Unimplemented",
     absl::StatusCode::kUnimplemented},
    {ErrorCode::kBadArguments, "BadArguments",
     absl::StatusCode::kInvalidArgument},
    {ErrorCode::kNoNode, "NoNode", absl::StatusCode::kNotFound},
    {ErrorCode::kNoAuth, "NoAuth", absl::StatusCode::kPermissionDenied},
    {ErrorCode::kBadVersion, "BadVersion",
     absl::StatusCode::kFailedPrecondition},
    {ErrorCode::kNoChildrenForEphemerals, "NoChildrenForEphemerals",
     absl::StatusCode::kFailedPrecondition},
    {ErrorCode::kNodeExists, "NodeExists", absl::StatusCode::kAlreadyExists},
    {ErrorCode::kNotEmpty, "NotEmpty", absl::StatusCode::kFailedPrecondition},
    {ErrorCode::kSessionExpired, "SessionExpired",
     absl::StatusCode::kFailedPrecondition},
    {ErrorCode::kInvalidAcl, "InvalidACL", absl::StatusCode::kInvalidArgument},
    {ErrorCode::kSessionMoved, "SessionMoved", absl::StatusCode::kAborted},
    {ErrorCode::kNoWatcher, "NoWatcher", absl::StatusCode::kNotFound},
    {ErrorCode::kQuotaExceeded, "QuotaExceeded",
     absl::StatusCode::kResourceExhausted},
};

const Entry* Find(int32_t number) {
  for (const Entry& entry : kEntries) {
    if (static_cast<int32_t>(entry.code) == number) return &entry;
  }
  return nullptr;
}

}  // namespace

absl::string_view ErrorName(ErrorCode code) {
  const Entry* entry = Find(static_cast<int32_t>(code));
  return entry ? entry->name : "Unknown";
}

bool IsErrorCode(int32_t number) { return Find(number) != nullptr; }

absl::Status Error(ErrorCode code, absl::string_view path,
                   absl::string_view detail) {
  std::string message(ErrorName(code));
  if (!path.empty()) absl::StrAppend(&message, " for ", path);
  if (!detail.empty()) absl::StrAppend(&message, ": ", detail);
  return ErrorWithMessage(code, path, message);
}

absl::Status ErrorWithMessage(ErrorCode code, absl::string_view path,
                              absl::string_view message) {
  QUORATE_CHECK(code != ErrorCode::kOk);
  const Entry* entry = Find(static_cast<int32_t>(code));
  QUORATE_CHECK(entry != nullptr);
  absl::Status status(entry->canonical, message);
  status.SetPayload(kPayloadType,
                    absl::Cord(absl::StrCat(static_cast<int32_t>(code))));
  if (!path.empty()) status.SetPayload(kPathPayloadType, absl::Cord(path));
  return status;
}

ErrorCode ErrorCodeOf(const absl::Status& status) {
  if (status.ok()) return ErrorCode::kOk;
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayloadType);
  int32_t number = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &number) ||
      !IsErrorCode(number)) {
    return ErrorCode::kSystemError;
  }
  return static_cast<ErrorCode>(number);
}

std::string ErrorPathOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload =
      status.GetPayload(kPathPayloadType);
  return payload ? std::string(*payload) : std::string();
}

}  // namespace quorate::tree
