#include "coord/client/recipes/read_write_lock.h"

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "coord/client/recipes/lock.h"
#include "coord/client/recipes/place_in_line.h"
#include "coord/client/session.h"

namespace quorate::client {

absl::StatusOr<std::unique_ptr<Lock>> ReadWriteLock::AcquireRead(
    Session& session, LockOptions options) {
  PlaceOptions place;
  place.prefix = "read-";
  place.blocks = [](absl::string_view name) {
    return absl::StartsWith(name, "write-");
  };
  return Lock::AcquirePlace(session, options, std::move(place));
}

absl::StatusOr<std::unique_ptr<Lock>> ReadWriteLock::AcquireWrite(
    Session& session, LockOptions options) {
  PlaceOptions place;
  place.prefix = "write-";
  return Lock::AcquirePlace(session, options, std::move(place));
}

}  // namespace quorate::client
