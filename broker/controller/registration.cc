#include "broker/controller/registration.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/controller/bootstrap.h"
#include "broker/image/cluster_image.h"
#include "broker/image/znodes.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::broker {
namespace {

// What is read may be gone when it is to be replaced.
constexpr int kTries = 10;

absl::Status IdTaken(const std::string& path, BrokerId id,
                     const Registration& found, const Registration& own) {
  return absl::AlreadyExistsError(absl::StrCat(
      path, ": expected no broker ", id,
      " but that of this data directory; found one at ", found.address,
      " (directory ", found.directory, ", this one is ", own.directory,
      "). Give each broker an id of its own; if that one is dead for good, its "
      "session ends by itself soon: start again then"));
}

}  // namespace

absl::StatusOr<uint64_t> Register(client::Session& session, BrokerId id,
                                  const Registration& registration) {
  const std::string path = BrokerPath(id);
  const client::Create create = {.path = path,
                                 .data = FormatRegistration(registration),
                                 .mode = client::CreateMode::kEphemeral};
  client::Write write = create;
  absl::Status last;
  for (int i = 0; i < kTries; ++i) {
    const absl::StatusOr<client::WriteResult> made = session.Write(write);
    if (made.ok()) {
      const client::WriteResult& result =
          made->ops.empty() ? *made : made->ops.back();
      return result.stat.value().czxid;
    }
    last = made.status();
    const bool has_changed = client::IsError(last, "NodeExists") ||
                             client::IsError(last, "BadVersion") ||
                             client::IsError(last, "NoNode");
    if (!has_changed) return last;

    const absl::StatusOr<client::Data> found = session.GetData(path);
    if (client::IsError(found.status(), "NoNode")) {
      if (client::IsError(session.Exists(kBrokersPath).status(), "NoNode")) {
        return MissingZnodeError(kBrokersPath, session);
      }
      write = create;
      continue;
    }
    if (!found.ok()) return found.status();
    const absl::StatusOr<Registration> other =
        ParseRegistration(path, found->data);
    if (!other.ok()) return other.status();
    if (found->stat.ephemeral_owner == session.id() && *other == registration) {
      return found->stat.czxid;
    }
    if (other->directory != registration.directory) {
      return IdTaken(path, id, *other, registration);
    }
    write = client::Multi{{client::Delete{path, found->stat.version}, create}};
  }
  return absl::UnavailableError(last.message());
}

}  // namespace quorate::broker
