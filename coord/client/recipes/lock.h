// Lock: held by one session of the ensemble at a time, in the order of asking.
//
//   auto lock = Lock::Acquire(session, {.directory = "/locks/printer"});
//   Print((*lock)->token());   // the printer refuses older tokens
//   (*lock)->Release();
//
// A holder can lose it without knowing at once: its process may be stopped, or
// be cut off, while its session expires. So show the token with every command,
// and refuse older ones (see fencing_token.h).
//
// ZooKeeper's recipe: an ephemeral sequential znode each, which watches the one
// before it. Thread-safe. The session must outlive the lock.

#ifndef QUORATE_COORD_CLIENT_RECIPES_LOCK_H_
#define QUORATE_COORD_CLIENT_RECIPES_LOCK_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/client/fencing_token.h"
#include "coord/client/recipes/place_in_line.h"
#include "coord/client/session.h"

namespace quorate::client {

struct LockOptions {
  std::string directory;  // of the lock alone; made if it is not there
  std::string data = {};  // for people who look
  int64_t timeout_ms = 60'000;
  // Do not wait: Unavailable if somebody else holds it.
  bool only_if_free = false;
  // Called, on the session's thread, if it is lost before it was released.
  std::function<void(absl::Status)> on_lost = {};
};

class Lock {
 public:
  // Blocks. DeadlineExceeded: not within the time. Unavailable: see
  // `only_if_free`. SessionExpired: the session is over. After an error nothing
  // is held, nor will be.
  static absl::StatusOr<std::unique_ptr<Lock>> Acquire(Session& session,
                                                       LockOptions options);
  // Releases it, without waiting.
  ~Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  const FencingToken& token() const { return token_; }
  // False: released, or lost. True proves nothing: see above.
  bool IsHeld() const { return place_->IsGranted(); }
  // Its znode.
  std::string path() const { return place_->path(); }
  // Blocks until it is free for the next. DeadlineExceeded: not confirmed yet;
  // it will be.
  absl::Status Release();

 private:
  friend class ReadWriteLock;

  Lock(std::shared_ptr<PlaceInLine> place, FencingToken token,
       int64_t timeout_ms)
      : place_(std::move(place)),
        token_(std::move(token)),
        timeout_ms_(timeout_ms) {}
  static absl::StatusOr<std::unique_ptr<Lock>> AcquirePlace(
      Session& session, const LockOptions& options, PlaceOptions place);

  const std::shared_ptr<PlaceInLine> place_;
  const FencingToken token_;
  const int64_t timeout_ms_;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_RECIPES_LOCK_H_
