// Codec: the values of types.h to and from the messages of the API.

#ifndef QUORATE_COORD_CLIENT_CODEC_H_
#define QUORATE_COORD_CLIENT_CODEC_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::client {

// Sets the op of `wire`, not its numbers. Each of these four answers
// InvalidArgument (BadArguments) if a text is not valid UTF-8, or an enumerator
// is none.
absl::Status EncodeWrite(const Write& write, coord::v1::Write& wire);
absl::Status EncodeRead(const Read& read, Consistency consistency,
                        coord::v1::Read& wire);
absl::Status EncodeWatch(const std::string& path, WatchKind kind,
                         coord::v1::AddWatch& wire);
absl::Status EncodeCredential(const Credential& credential,
                              coord::v1::Credential& wire);
void EncodePin(const Pin& pin, coord::v1::Pin& wire);

// What `reply` answers to a write. Its error if it has one; Internal if it is
// not an answer to such a write.
absl::StatusOr<WriteResult> DecodeWriteReply(const coord::v1::Write& write,
                                             const coord::v1::Reply& reply);
absl::StatusOr<ReadResult> DecodeReadReply(const coord::v1::Read& read,
                                           const coord::v1::Reply& reply);
// The error of `reply`, which has one.
absl::Status DecodeError(const coord::v1::Reply& reply);

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_CODEC_H_
