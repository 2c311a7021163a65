// Error details: from what members send to the Status that users get.

#ifndef QUORATE_COORD_CLIENT_ERROR_DETAIL_H_
#define QUORATE_COORD_CLIENT_ERROR_DETAIL_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proto/coord/v1/error.pb.h"

namespace quorate::client {

// The error that `detail` describes; a code that is none, or OK, becomes
// Unknown. `op_codes`: see ErrorInfo.
absl::Status StatusOf(const coord::v1::ErrorDetail& detail,
                      std::vector<int32_t> op_codes = {});

// The status of a failed gRPC call: `code` and `message` as they came,
// `details` the bytes of grpc-status-details-bin, a google.rpc.Status with an
// ErrorDetail in it. Without one, or if the bytes are malformed, a plain
// Status. A `code` that is none becomes Unknown.
absl::Status StatusOfCall(int32_t code, absl::string_view message,
                          absl::string_view details);

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_ERROR_DETAIL_H_
