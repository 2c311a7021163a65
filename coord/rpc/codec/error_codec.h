// Error codec: a Status as ErrorDetail, and back.

#ifndef QUORATE_COORD_RPC_CODEC_ERROR_CODEC_H_
#define QUORATE_COORD_RPC_CODEC_ERROR_CODEC_H_

#include "absl/status/status.h"
#include "coord/consensus/rule.h"
#include "proto/coord/v1/error.pb.h"

namespace quorate::rpc {

// Longest message, path and address in an ErrorDetail, in bytes, and most
// numbers; the rest is cut off, so that an error fits into trailers.
inline constexpr size_t kMaxErrorMessageBytes = 1024;
inline constexpr size_t kMaxErrorPathBytes = 1024;
inline constexpr int kMaxErrorNumbers = 32;

// Every field that `status` gives; its kind is never empty. REQUIRES: not OK.
coord::v1::ErrorDetail ToErrorDetail(const absl::Status& status);

// The status that `detail` was made of, with its typed payload: replica/error.h
// and tree/error.h read from it what they wrote. Never OK: a code that is none
// becomes kUnknown.
absl::Status FromErrorDetail(const coord::v1::ErrorDetail& detail);

// A refusal by itself.
coord::v1::ErrorDetail ToErrorDetail(const consensus::Refusal& refusal);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_CODEC_ERROR_CODEC_H_
