#include "broker/error/error_wire.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/client/error.h"
#include "coord/client/error_detail.h"
#include "google/protobuf/any.pb.h"
#include "proto/coord/v1/error.pb.h"
#include "proto/coord/v1/rpc_status.pb.h"

namespace quorate::broker {
namespace {

// Message and details travel in trailers, of which clients accept 8 KiB.
constexpr size_t kMaxMessageBytes = 512;

// Protobuf's strings are UTF-8: other bytes, such as those of a path that is
// quoted in a message, become '?'.
std::string Clean(absl::string_view text) {
  std::string clean(text.substr(0, kMaxMessageBytes));
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return clean;
}

}  // namespace

coord::v1::ErrorDetail ToWire(const absl::Status& status) {
  coord::v1::ErrorDetail detail;
  const std::optional<client::ErrorInfo> info = client::ErrorInfoOf(status);
  detail.set_kind(info ? info->kind : absl::StatusCodeToString(status.code()));
  detail.set_code(static_cast<int32_t>(status.code()));
  detail.set_message(Clean(status.message()));
  if (info) {
    detail.set_leader_address(info->leader_address);
    if (info->retry_after_ms) detail.set_retry_after_ms(*info->retry_after_ms);
  }
  return detail;
}

absl::Status FromWire(const coord::v1::ErrorDetail& detail) {
  return client::StatusOf(detail);
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  coord::v1::RpcStatus details;
  details.set_code(static_cast<int32_t>(status.code()));
  details.set_message(Clean(status.message()));
  google::protobuf::Any& any = *details.add_details();
  const coord::v1::ErrorDetail detail = ToWire(status);
  any.set_type_url(absl::StrCat("type.googleapis.com/", detail.GetTypeName()));
  detail.SerializeToString(any.mutable_value());
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      details.message(), details.SerializeAsString());
}

absl::Status FromGrpc(const grpc::Status& status) {
  return client::StatusOfCall(static_cast<int32_t>(status.error_code()),
                              status.error_message(), status.error_details());
}

}  // namespace quorate::broker
