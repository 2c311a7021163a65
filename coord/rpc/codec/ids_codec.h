// Ids codec: ensemble ids as the wire has them.

#ifndef QUORATE_COORD_RPC_CODEC_IDS_CODEC_H_
#define QUORATE_COORD_RPC_CODEC_IDS_CODEC_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"

namespace quorate::rpc {

inline constexpr size_t kEnsembleIdBytes = 16;

// 16 bytes, big-endian; empty for none.
std::string EncodeEnsembleId(EnsembleId ensemble);

// BadRequest: neither 16 bytes nor none, or 16 zeros.
absl::StatusOr<EnsembleId> DecodeEnsembleId(absl::string_view bytes);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_CODEC_IDS_CODEC_H_
