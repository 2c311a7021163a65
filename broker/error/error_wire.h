// Errors on the wire: ErrorDetail and gRPC's Status, from and to ours.

#ifndef QUORATE_BROKER_ERROR_ERROR_WIRE_H_
#define QUORATE_BROKER_ERROR_ERROR_WIRE_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "proto/coord/v1/error.pb.h"

namespace quorate::broker {

// REQUIRES: not OK. A message longer than 512 bytes is cut.
coord::v1::ErrorDetail ToWire(const absl::Status& status);
absl::Status FromWire(const coord::v1::ErrorDetail& detail);

// A gRPC status with the ErrorDetail in its details; OK becomes OK.
grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_ERROR_ERROR_WIRE_H_
