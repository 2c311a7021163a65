// Protos in and out of gRPC's buffers.
//
// The streams are served without gRPC's own parsing, so that what does not
// parse can be told from a stream that ends, and be answered.

#ifndef QUORATE_COORD_RPC_BYTE_BUFFER_H_
#define QUORATE_COORD_RPC_BYTE_BUFFER_H_

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"

namespace quorate::rpc {

// BadRequest: `buffer` does not hold such a proto. Empties `buffer`.
absl::Status ParseBuffer(grpc::ByteBuffer& buffer,
                         google::protobuf::MessageLite& proto);

// Internal: the proto is longer than 2 GiB.
absl::Status SerializeToBuffer(const google::protobuf::MessageLite& proto,
                               grpc::ByteBuffer& buffer);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_BYTE_BUFFER_H_
