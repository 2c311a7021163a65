#include "coord/client/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "coord/base/check.h"
#include "proto/coord/v1/error.pb.h"

namespace quorate::client {
namespace {

constexpr char kDetailType[] =
    "type.googleapis.com/quorate.coord.v1.ErrorDetail";
// ZooKeeper's codes of the ops of a multi, as decimal numbers.
constexpr char kOpCodesType[] = "quorate.client.OpCodes";

}  // namespace

absl::Status MakeError(absl::StatusCode code, absl::string_view message,
                       const ErrorInfo& info) {
  QUORATE_CHECK(code != absl::StatusCode::kOk);
  coord::v1::ErrorDetail detail;
  detail.set_kind(info.kind);
  detail.set_code(static_cast<int32_t>(code));
  detail.set_zookeeper_code(info.zookeeper_code);
  detail.set_path(info.path);
  detail.set_rule(info.rule);
  detail.set_rule_name(info.rule_name);
  for (const auto& [name, value] : info.numbers) {
    coord::v1::Number* number = detail.add_numbers();
    number->set_name(name);
    number->set_value(value);
  }
  if (info.retry_after_ms) detail.set_retry_after_ms(*info.retry_after_ms);
  detail.set_leader_address(info.leader_address);

  absl::Status status(code, message);
  status.SetPayload(kDetailType, absl::Cord(detail.SerializeAsString()));
  if (!info.op_codes.empty()) {
    status.SetPayload(kOpCodesType,
                      absl::Cord(absl::StrJoin(info.op_codes, ",")));
  }
  return status;
}

std::optional<ErrorInfo> ErrorInfoOf(const absl::Status& status) {
  if (status.ok()) return std::nullopt;
  const absl::optional<absl::Cord> payload = status.GetPayload(kDetailType);
  coord::v1::ErrorDetail detail;
  if (!payload || !detail.ParseFromString(std::string(*payload))) {
    return std::nullopt;
  }
  ErrorInfo info;
  info.kind = detail.kind();
  info.zookeeper_code = detail.zookeeper_code();
  info.path = detail.path();
  info.rule = detail.rule();
  info.rule_name = detail.rule_name();
  for (const coord::v1::Number& number : detail.numbers()) {
    info.numbers.emplace_back(number.name(), number.value());
  }
  if (detail.has_retry_after_ms()) {
    info.retry_after_ms = detail.retry_after_ms();
  }
  info.leader_address = detail.leader_address();
  const absl::optional<absl::Cord> op_codes = status.GetPayload(kOpCodesType);
  if (op_codes) {
    const std::string text(*op_codes);
    for (absl::string_view part : absl::StrSplit(text, ',')) {
      int32_t code = 0;
      if (absl::SimpleAtoi(part, &code)) info.op_codes.push_back(code);
    }
  }
  return info;
}

bool IsError(const absl::Status& status, absl::string_view kind) {
  const std::optional<ErrorInfo> info = ErrorInfoOf(status);
  return info && info->kind == kind;
}

}  // namespace quorate::client
