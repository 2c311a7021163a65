// Request codec: what is asked of the tree, from the wire and, for peers, to
// it.
//
// The functions that take a proto move texts out of it. Their errors are
// BadRequest, with what was expected and what was found. What only the tree can
// judge (paths, ACLs, sizes, TTLs) they leave to the tree.

#ifndef QUORATE_COORD_RPC_CODEC_REQUEST_CODEC_H_
#define QUORATE_COORD_RPC_CODEC_REQUEST_CODEC_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/tree/acl.h"
#include "coord/tree/request.h"
#include "proto/coord/v1/coord.pb.h"
#include "proto/coord/v1/peer.pb.h"
#include "proto/coord/v1/tree.pb.h"

namespace quorate::rpc {

// Most operations in a Multi or a MultiRead.
inline constexpr int kMaxMultiOps = 4096;

absl::StatusOr<tree::RequestBody> TakeRequestBody(coord::v1::Write& write);
absl::StatusOr<tree::RequestBody> TakeRequestBody(
    coord::v1::ForwardedRequest& request);

// Internal: a body that is never forwarded (DeleteContainer).
absl::Status PutRequestBody(const tree::RequestBody& body,
                            coord::v1::ForwardedRequest& request);

void PutAcl(const tree::Acl& acl, coord::v1::Acl& proto);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_CODEC_REQUEST_CODEC_H_
