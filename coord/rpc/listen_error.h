// ListenError: why an address cannot be listened on.

#ifndef QUORATE_COORD_RPC_LISTEN_ERROR_H_
#define QUORATE_COORD_RPC_LISTEN_ERROR_H_

#include <string>

#include "absl/status/status.h"

namespace quorate::rpc {

// gRPC says only that it failed: tries the same with the system's own calls,
// and tells what they say. Unavailable; InvalidArgument: no "host:port".
absl::Status ListenError(const std::string& address);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_LISTEN_ERROR_H_
