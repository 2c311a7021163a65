// Errors of the client library: the server's ErrorDetail, carried by a Status.

#ifndef QUORATE_COORD_CLIENT_ERROR_H_
#define QUORATE_COORD_CLIENT_ERROR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace quorate::client {

// As proto/coord/v1/error.proto; see there for every field.
struct ErrorInfo {
  std::string kind;
  int32_t zookeeper_code = 0;
  std::string path;
  uint32_t rule = 0;
  std::string rule_name;
  std::vector<std::pair<std::string, int64_t>> numbers;
  std::optional<int64_t> retry_after_ms;
  std::string leader_address;
  // Of a multi that failed: ZooKeeper's code of each op.
  std::vector<int32_t> op_codes;
};

// What `status` carries; nothing if it carries nothing, such as a failed
// connection or a call that timed out.
std::optional<ErrorInfo> ErrorInfoOf(const absl::Status& status);

// True if `status` is of this kind: IsError(status, "NoNode").
bool IsError(const absl::Status& status, absl::string_view kind);

absl::Status MakeError(absl::StatusCode code, absl::string_view message,
                       const ErrorInfo& info);

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_ERROR_H_
