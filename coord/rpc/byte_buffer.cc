#include "coord/rpc/byte_buffer.h"

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

#include <climits>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/rpc/codec/error.h"

namespace quorate::rpc {

absl::Status ParseBuffer(grpc::ByteBuffer& buffer,
                         google::protobuf::MessageLite& proto) {
  bool parsed = false;
  const size_t bytes = buffer.Length();
  {
    grpc::ProtoBufferReader reader(&buffer);
    parsed = reader.status().ok() && proto.ParseFromZeroCopyStream(&reader);
  }
  buffer.Clear();
  if (parsed) return absl::OkStatus();
  return MalformedError(absl::StrCat("expected a ", proto.GetTypeName(),
                                     " with valid UTF-8 in its strings; found ",
                                     bytes, " bytes that are none"));
}

absl::Status SerializeToBuffer(const google::protobuf::MessageLite& proto,
                               grpc::ByteBuffer& buffer) {
  const size_t bytes = proto.ByteSizeLong();
  if (bytes > INT_MAX) {
    return absl::InternalError(absl::StrCat("a ", proto.GetTypeName(), " of ",
                                            bytes,
                                            " bytes is too long to be sent"));
  }
  grpc::Slice slice(bytes);
  proto.SerializeWithCachedSizesToArray(
      const_cast<uint8_t*>(slice.begin()));  // nobody else has it yet
  buffer = grpc::ByteBuffer(&slice, 1);
  return absl::OkStatus();
}

}  // namespace quorate::rpc
