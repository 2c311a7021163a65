#include "coord/client/recipes/barrier.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/error.h"
#include "coord/client/recipes/paths.h"
#include "coord/client/recipes/wait_until.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::client {

absl::StatusOr<bool> Barrier::Close() {
  const size_t slash = path_.rfind('/');
  if (slash != std::string::npos && slash > 0) {
    const absl::Status made = EnsurePath(session_, path_.substr(0, slash));
    if (!made.ok()) return made;
  }
  const absl::Status created = session_.Write(Create{.path = path_}).status();
  if (IsError(created, "NodeExists")) return false;
  if (!created.ok()) return created;
  return true;
}

absl::StatusOr<bool> Barrier::Open() {
  const absl::Status deleted = session_.Write(Delete{path_}).status();
  if (IsError(deleted, "NoNode")) return false;
  if (!deleted.ok()) return deleted;
  return true;
}

absl::Status Barrier::Wait(int64_t timeout_ms) {
  return WaitUntil(
      session_, path_, absl::Now() + absl::Milliseconds(timeout_ms),
      [this]() -> absl::StatusOr<bool> {
        const absl::Status exists = session_.Exists(path_).status();
        if (IsError(exists, "NoNode")) return true;
        if (!exists.ok()) return exists;
        return false;
      });
}

}  // namespace quorate::client
