// gRPC's Status for ours, with an ErrorDetail in its details.

#ifndef QUORATE_COORD_RPC_GRPC_STATUS_H_
#define QUORATE_COORD_RPC_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "proto/coord/v1/tree.pb.h"

namespace quorate::rpc {

grpc::Status ToGrpcStatus(const absl::Status& status);

// The same for a write that failed. `result` tells of the ops of a multi; it
// becomes the second of the details, unless it is empty or too long for a
// trailer.
grpc::Status ToGrpcStatus(const absl::Status& status,
                          const coord::v1::WriteResult& result);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_GRPC_STATUS_H_
