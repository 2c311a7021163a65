// What a call to a broker has come to.

#ifndef QUORATE_BROKER_CLIENT_CALL_STATUS_H_
#define QUORATE_BROKER_CLIENT_CALL_STATUS_H_

#include "absl/status/status.h"
#include "broker/error/error_wire.h"
#include "coord/client/error.h"
#include "grpcpp/support/status.h"

namespace quorate::broker {

// The broker's own error, with its kind. Without one no broker has said it: it
// is trouble of the connection, or of a server that is being ended, whatever
// gRPC calls it (CANCELLED, INTERNAL, UNKNOWN), and so Unavailable; but for
// what stays as it is: the call is not known there, or its message is too
// large.
inline absl::Status CallStatus(const grpc::Status& status) {
  absl::Status ours = FromGrpc(status);
  if (ours.ok() || client::ErrorInfoOf(ours) ||
      absl::IsDeadlineExceeded(ours) || absl::IsUnimplemented(ours) ||
      absl::IsResourceExhausted(ours)) {
    return ours;
  }
  return absl::UnavailableError(ours.message());
}

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_CALL_STATUS_H_
