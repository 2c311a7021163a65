// The bytes of a txn: the same in the log, on the way to peers and in a DIFF.
//
//   txn     = version:u8 (1)  kind:u8  session:i64  request_id:i64
//             acked_through:i64  time_ms:i64  body
//   body    = by kind:
//     1 create            path data acl ephemeral_owner:i64
//     2 delete            path
//     3 delete container  path
//     4 delete recursive  path
//     5 set data          path data version:i32
//     6 set ACL           path acl version:i32
//     7 check             path
//     8 multi             count:u32, then for each op  kind:u8 (1 2 5 7) body
//     9 create session    timeout_ms:i32 password
//    10 close session     (nothing)
//    11 error             code:i32 path message count:u32, then for each op
//                         code:i32
//   path, data, password, message = length:u32 bytes
//   acl     = count:u32, then for each entry  permissions:u32 scheme id
//             (scheme, id = length:u32 bytes)
//
// Numbers are little-endian. The encoding is canonical: each txn has one, and
// what decodes encodes to the same bytes again. A kind is never given another
// meaning; a change of form takes a new version.

#ifndef QUORATE_COORD_TREE_TXN_CODEC_H_
#define QUORATE_COORD_TREE_TXN_CODEC_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/tree/txn.h"

namespace quorate::tree {

std::string EncodeTxn(const Txn& txn);

// The bytes may come from anywhere. InvalidArgument: they are no txn.
// Unimplemented: version or kind is unknown, so a newer release wrote them.
// Allocates at most a small multiple of bytes.size().
absl::StatusOr<Txn> DecodeTxn(absl::string_view bytes);

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_TXN_CODEC_H_
