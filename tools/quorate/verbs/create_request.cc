#include "tools/quorate/verbs/create_request.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coord/client/types.h"
#include "coord/tree/node_kind.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/text.h"

namespace quorate::tools {

using client::CreateMode;

void AddCreateOptions(Verb& verb, CreateRequest& request) {
  verb.Flag("-e,--ephemeral", &request.ephemeral, "goes when the session ends")
      .Flag("-s,--sequential", &request.sequential,
            "the ensemble appends a number that grows")
      .Flag("-c,--container", &request.container,
            "goes once its last child has gone")
      .Option("--ttl", &request.ttl, "TIME",
              "goes after so long without a change, if it has no children")
      .Option("--acl", &request.acl, "ACL",
              "who may do what: world:anyone:cdrwa, auth::cdrwa, "
              "digest:USER:HASH:r; many with commas");
}

absl::StatusOr<client::Create> ToCreate(const CreateRequest& request) {
  const absl::Status path = CheckPath(request.path, request.sequential);
  if (!path.ok()) return path;
  const int kinds = request.ephemeral + request.container +
                    static_cast<int>(request.ttl.has_value());
  if (kinds > 1) {
    return UsageError(
        "a znode is one of --ephemeral, --container and --ttl, not two");
  }
  if (request.container && request.sequential) {
    return UsageError("--container does not go together with --sequential");
  }
  client::Create create{.path = request.path, .data = request.data};
  if (!request.acl.empty()) {
    absl::StatusOr<client::Acl> acl = ParseAcl(request.acl);
    if (!acl.ok()) return acl.status();
    create.acl = *std::move(acl);
  }
  const bool sequential = request.sequential;
  if (request.ephemeral) {
    create.mode =
        sequential ? CreateMode::kEphemeralSequential : CreateMode::kEphemeral;
  } else if (request.container) {
    create.mode = CreateMode::kContainer;
  } else if (request.ttl) {
    create.mode = sequential ? CreateMode::kPersistentSequentialWithTtl
                             : CreateMode::kPersistentWithTtl;
    create.ttl_ms = absl::ToInt64Milliseconds(*request.ttl);
    if (!tree::IsValidTtl(create.ttl_ms)) {
      return UsageError("--ttl is at least 1ms and less than 34 years");
    }
  } else if (sequential) {
    create.mode = CreateMode::kPersistentSequential;
  }
  return create;
}

}  // namespace quorate::tools
