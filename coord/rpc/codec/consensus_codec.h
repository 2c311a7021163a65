// Consensus codec: the messages of consensus, to the wire and back.

#ifndef QUORATE_COORD_RPC_CODEC_CONSENSUS_CODEC_H_
#define QUORATE_COORD_RPC_CODEC_CONSENSUS_CODEC_H_

#include "absl/status/statusor.h"
#include "coord/consensus/message.h"
#include "proto/coord/v1/peer.pb.h"

namespace quorate::rpc {

void PutMessage(const consensus::Message& message,
                coord::v1::PeerMessage& proto);

// Moves texts and payloads out of `proto`. InvalidArgument or Unimplemented,
// saying what is wrong. REQUIRES: `proto` holds a message of consensus.
absl::StatusOr<consensus::Message> TakeMessage(coord::v1::PeerMessage& proto);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_CODEC_CONSENSUS_CODEC_H_
