// What a request counts for in the bounds of memory and messages: its strings,
// and a fixed sum for the rest.

#ifndef QUORATE_COORD_REPLICA_REQUEST_SIZE_H_
#define QUORATE_COORD_REPLICA_REQUEST_SIZE_H_

#include <cstddef>

#include "coord/replica/client_message.h"
#include "coord/replica/peer_message.h"

namespace quorate::replica {

// In bytes.
size_t SizeOf(const ClientRequest& request);
size_t SizeOf(const ForwardedRequest& request);

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_REQUEST_SIZE_H_
