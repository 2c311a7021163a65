#include "coord/client/recipes/lock.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/client/await.h"
#include "coord/client/fencing_token.h"
#include "coord/client/recipes/paths.h"
#include "coord/client/recipes/place_in_line.h"
#include "coord/client/session.h"

namespace quorate::client {

absl::StatusOr<std::unique_ptr<Lock>> Lock::Acquire(Session& session,
                                                    LockOptions options) {
  PlaceOptions place;
  place.prefix = "lock-";
  return AcquirePlace(session, options, std::move(place));
}

absl::StatusOr<std::unique_ptr<Lock>> Lock::AcquirePlace(
    Session& session, const LockOptions& options, PlaceOptions place_options) {
  const absl::Status made = EnsurePath(session, options.directory);
  if (!made.ok()) return made;
  place_options.directory = options.directory;
  place_options.data = options.data;
  place_options.fail_if_blocked = options.only_if_free;
  std::shared_ptr<PlaceInLine> place;
  std::optional<absl::StatusOr<FencingToken>> token = Await<FencingToken>(
      options.timeout_ms,
      [&](std::function<void(absl::StatusOr<FencingToken>)> granted) {
        place = PlaceInLine::Enter(
            session, std::move(place_options), std::move(granted),
            [on_lost = options.on_lost](absl::Status why) {
              if (on_lost) on_lost(std::move(why));
            });
      });
  if (!token) {
    place->Leave(nullptr);
    return absl::DeadlineExceededError(
        absl::StrCat("the lock ", options.directory, " was not free within ",
                     options.timeout_ms, " ms"));
  }
  if (!token->ok()) return token->status();
  return std::unique_ptr<Lock>(
      new Lock(std::move(place), **std::move(token), options.timeout_ms));
}

Lock::~Lock() { place_->Leave(nullptr); }

absl::Status Lock::Release() {
  struct Done {};
  const std::optional<absl::StatusOr<Done>> left = Await<Done>(
      timeout_ms_, [this](std::function<void(absl::StatusOr<Done>)> done) {
        place_->Leave([done = std::move(done)](absl::Status status) {
          if (status.ok()) {
            done(Done());
          } else {
            done(std::move(status));
          }
        });
      });
  if (!left) {
    return absl::DeadlineExceededError(
        "nobody has confirmed that the lock is free; it will be");
  }
  return left->status();
}

}  // namespace quorate::client
