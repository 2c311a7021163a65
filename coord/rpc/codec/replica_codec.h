// Replica codec: what replicas tell each other beside consensus, to the wire
// and back.

#ifndef QUORATE_COORD_RPC_CODEC_REPLICA_CODEC_H_
#define QUORATE_COORD_RPC_CODEC_REPLICA_CODEC_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/replica/peer_message.h"
#include "proto/coord/v1/peer.pb.h"

namespace quorate::rpc {

// Internal: a message with something that never travels.
absl::Status PutMessage(const replica::PeerMessage& message,
                        coord::v1::PeerMessage& proto);

// Moves texts out of `proto`. InvalidArgument, saying what is wrong. REQUIRES:
// `proto` holds a message of replicas.
absl::StatusOr<replica::PeerMessage> TakeReplicaMessage(
    coord::v1::PeerMessage& proto);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_CODEC_REPLICA_CODEC_H_
