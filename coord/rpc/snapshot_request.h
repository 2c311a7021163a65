// SnapshotRequest: takes a snapshot and waits until it is published.

#ifndef QUORATE_COORD_RPC_SNAPSHOT_REQUEST_H_
#define QUORATE_COORD_RPC_SNAPSHOT_REQUEST_H_

#include <grpcpp/support/server_callback.h>

#include <memory>

#include "coord/rpc/context.h"
#include "proto/coord/v1/admin.pb.h"

namespace quorate::rpc {

// Answers with the snapshot once it is published: FailedPrecondition if none
// can be begun now, Internal if it fails, Cancelled when the caller gives up.
grpc::ServerUnaryReactor* StartSnapshotRequest(
    std::shared_ptr<Context> context,
    coord::v1::TakeSnapshotResponse* response);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_SNAPSHOT_REQUEST_H_
