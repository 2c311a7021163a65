#include "coord/client/error_detail.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/client/error.h"
#include "google/protobuf/any.pb.h"
#include "proto/coord/v1/error.pb.h"
#include "proto/coord/v1/rpc_status.pb.h"
#include "proto/coord/v1/tree.pb.h"

namespace quorate::client {
namespace {

absl::StatusCode CodeOf(int32_t code) {
  // Those of google.rpc.Code, which are absl's, too.
  return code >= 1 && code <= 16 ? static_cast<absl::StatusCode>(code)
                                 : absl::StatusCode::kUnknown;
}

// The `Message` among the details, if there is one.
template <typename Message>
std::optional<Message> Find(const coord::v1::RpcStatus& status) {
  const std::string type =
      absl::StrCat("/", Message::descriptor()->full_name());
  for (const google::protobuf::Any& any : status.details()) {
    Message message;
    if (absl::EndsWith(any.type_url(), type) &&
        message.ParseFromString(any.value())) {
      return message;
    }
  }
  return std::nullopt;
}

}  // namespace

absl::Status StatusOf(const coord::v1::ErrorDetail& detail,
                      std::vector<int32_t> op_codes) {
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
  info.op_codes = std::move(op_codes);
  return MakeError(CodeOf(detail.code()), detail.message(), info);
}

absl::Status StatusOfCall(int32_t code, absl::string_view message,
                          absl::string_view details) {
  if (code == 0) return absl::OkStatus();
  coord::v1::RpcStatus rpc_status;
  std::optional<coord::v1::ErrorDetail> detail;
  if (rpc_status.ParseFromArray(details.data(),
                                static_cast<int>(details.size()))) {
    detail = Find<coord::v1::ErrorDetail>(rpc_status);
  }
  if (!detail) return absl::Status(CodeOf(code), message);
  // The status itself is what gRPC's own tools show: it decides.
  detail->set_code(code);
  if (detail->message().empty()) detail->set_message(std::string(message));
  std::vector<int32_t> op_codes;
  const auto multi = Find<coord::v1::WriteResult>(rpc_status);
  if (multi) {
    for (const coord::v1::WriteResult& op : multi->ops()) {
      op_codes.push_back(op.zookeeper_code());
    }
  }
  return StatusOf(*detail, std::move(op_codes));
}

}  // namespace quorate::client
