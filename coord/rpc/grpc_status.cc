#include "coord/rpc/grpc_status.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/rpc/codec/error_codec.h"
#include "coord/rpc/codec/utf8.h"
#include "proto/coord/v1/error.pb.h"
#include "proto/coord/v1/rpc_status.pb.h"
#include "proto/coord/v1/tree.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

namespace {

// Of the message that stands beside the details, which have it in full: all
// trailers together must stay below what clients accept, 8 KiB, and here each
// byte may take three.
constexpr size_t kMaxMessageBytes = 512;
constexpr size_t kMaxResultBytes = 1024;

void Pack(const google::protobuf::Message& message, v1::RpcStatus& status) {
  google::protobuf::Any& any = *status.add_details();
  any.set_type_url(absl::StrCat("type.googleapis.com/", message.GetTypeName()));
  message.SerializeToString(any.mutable_value());
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  return ToGrpcStatus(status, v1::WriteResult());
}

grpc::Status ToGrpcStatus(const absl::Status& status,
                          const v1::WriteResult& result) {
  if (status.ok()) return grpc::Status::OK;
  v1::RpcStatus details;
  details.set_code(static_cast<int32_t>(status.code()));
  std::string message = CleanUtf8(status.message(), kMaxMessageBytes);
  details.set_message(message);
  Pack(ToErrorDetail(status), details);
  const size_t result_bytes = result.ByteSizeLong();
  if (result.ops_size() > 0 && result_bytes <= kMaxResultBytes) {
    Pack(result, details);
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::move(message), details.SerializeAsString());
}

}  // namespace quorate::rpc
