// CreateRequest: the options that describe a znode to be created, as `create`
// and the lines of `multi` take them.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_CREATE_REQUEST_H_
#define QUORATE_TOOLS_QUORATE_VERBS_CREATE_REQUEST_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coord/client/types.h"
#include "tools/quorate/command_line.h"

namespace quorate::tools {

struct CreateRequest {
  std::string path;
  std::string data;
  bool ephemeral = false;
  bool sequential = false;
  bool container = false;
  std::optional<absl::Duration> ttl;
  std::string acl;  // empty: everyone may do everything
};

// Declares --ephemeral, --sequential, --container, --ttl and --acl.
void AddCreateOptions(Verb& verb, CreateRequest& request);

// Usage: the path is bad, or the options do not go together.
absl::StatusOr<client::Create> ToCreate(const CreateRequest& request);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_CREATE_REQUEST_H_
