// Errors of the transport itself, beside those of the replica and the tree.

#ifndef QUORATE_COORD_RPC_CODEC_ERROR_H_
#define QUORATE_COORD_RPC_CODEC_ERROR_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace quorate::rpc {

// kInvalidArgument, kind BadRequest: what arrived is no message of this API.
absl::Status MalformedError(absl::string_view detail);

// The same error, and where in the message it was found: "op 3: ...".
absl::Status MalformedWithin(absl::string_view where,
                             const absl::Status& malformed);

// kFailedPrecondition, kind NotLeader: only the leader can do that. The address
// may be empty: not known.
absl::Status NotLeaderError(absl::string_view leader_address);

// kFailedPrecondition, kind Incompatible: of another version of the API.
absl::Status IncompatibleError(absl::string_view what, uint32_t expected,
                               uint32_t found);

// The word and the address that the errors above carry; both empty for others.
struct TransportError {
  std::string kind;
  std::string leader_address;
};
TransportError TransportErrorOf(const absl::Status& status);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_CODEC_ERROR_H_
