// SnapshotStream: one Admin.SaveSnapshot.

#ifndef QUORATE_COORD_RPC_SNAPSHOT_STREAM_H_
#define QUORATE_COORD_RPC_SNAPSHOT_STREAM_H_

#include <grpcpp/support/server_callback.h>

#include <memory>

#include "coord/rpc/context.h"
#include "proto/coord/v1/admin.pb.h"

namespace quorate::rpc {

// Sends the newest snapshot piece by piece. NotFound: there is none.
// Unavailable: a newer one has replaced it meanwhile; try again.
grpc::ServerWriteReactor<coord::v1::SnapshotPart>* StartSnapshotStream(
    std::shared_ptr<Context> context);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_SNAPSHOT_STREAM_H_
