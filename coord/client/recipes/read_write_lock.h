// ReadWriteLock: held by many readers, or by one writer, in the order of
// asking: a reader waits for the writers before it, a writer for all before it.
//
//   auto lock = ReadWriteLock::AcquireRead(session, {.directory = "/locks/a"});
//
// What it gives is a Lock: see lock.h. The tokens of readers that hold it
// together differ; each is newer than that of every writer before them.

#ifndef QUORATE_COORD_CLIENT_RECIPES_READ_WRITE_LOCK_H_
#define QUORATE_COORD_CLIENT_RECIPES_READ_WRITE_LOCK_H_

#include <memory>

#include "absl/status/statusor.h"
#include "coord/client/recipes/lock.h"
#include "coord/client/session.h"

namespace quorate::client {

class ReadWriteLock {
 public:
  ReadWriteLock() = delete;

  // Errors as those of Lock::Acquire(). Both in the same directory.
  static absl::StatusOr<std::unique_ptr<Lock>> AcquireRead(Session& session,
                                                           LockOptions options);
  static absl::StatusOr<std::unique_ptr<Lock>> AcquireWrite(
      Session& session, LockOptions options);
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_RECIPES_READ_WRITE_LOCK_H_
