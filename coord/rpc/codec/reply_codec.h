// Reply codec: what clients are told, to the wire.

#ifndef QUORATE_COORD_RPC_CODEC_REPLY_CODEC_H_
#define QUORATE_COORD_RPC_CODEC_REPLY_CODEC_H_

#include <cstddef>

#include "coord/replica/client_message.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::rpc {

// Moves texts out of what it is given. `proto` is empty before.
void PutServerMessage(replica::ServerMessage message,
                      coord::v1::ServerMessage& proto);
void PutReply(replica::Reply reply, coord::v1::Reply& proto);

// What a message counts for against bounds of memory, in bytes: about what it
// takes in memory and, encoded, on the wire.
size_t SizeOf(const replica::ServerMessage& message);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_CODEC_REPLY_CODEC_H_
