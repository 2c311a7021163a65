// Client codec: what clients ask, from the wire.
//
// The functions move texts out of the protos. Errors: BadRequest with what was
// expected and what was found; Incompatible for another version of the API.

#ifndef QUORATE_COORD_RPC_CODEC_CLIENT_CODEC_H_
#define QUORATE_COORD_RPC_CODEC_CLIENT_CODEC_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "coord/consensus/client_pin.h"
#include "coord/replica/client_message.h"
#include "coord/tree/acl.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::rpc {

inline constexpr uint32_t kApiVersion = 1;

// `address`: of the client, if ACLs can name it.
absl::StatusOr<replica::Hello> TakeHello(
    coord::v1::Hello& hello, const std::optional<tree::Identity>& address);

// A request of a session.
absl::StatusOr<replica::ClientRequest> TakeRequest(coord::v1::Request& request);

struct Call {
  consensus::ClientPin pin;
  std::vector<tree::Identity> identities;
  replica::ClientRequest request;
};
absl::StatusOr<Call> TakeCall(coord::v1::CallRequest& call,
                              const std::optional<tree::Identity>& address);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_CODEC_CLIENT_CODEC_H_
