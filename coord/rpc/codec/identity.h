// Identity: who a client is, from its address and from what it shows.

#ifndef QUORATE_COORD_RPC_CODEC_IDENTITY_H_
#define QUORATE_COORD_RPC_CODEC_IDENTITY_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/tree/acl.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::rpc {

// Most credentials that one Hello or Call may show.
inline constexpr int kMaxCredentials = 16;

// Scheme "ip" with the IPv4 address in gRPC's name of a peer, such as
// "ipv4:10.0.0.7:4321" or "ipv6:%5B::ffff:10.0.0.7%5D:4321". Nothing for other
// addresses: ACLs know IPv4 only.
std::optional<tree::Identity> AddressIdentity(absl::string_view grpc_peer);

// The identity that a credential proves, its password hashed. BadRequest: an
// unknown scheme, or a malformed secret, which is not repeated.
absl::StatusOr<tree::Identity> CredentialIdentity(
    const coord::v1::Credential& credential);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_CODEC_IDENTITY_H_
