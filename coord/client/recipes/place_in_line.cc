#include "coord/client/recipes/place_in_line.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "coord/client/error.h"
#include "coord/client/fencing_token.h"
#include "coord/client/recipes/paths.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::client {
namespace {

// True if sequence number `a` was given before `b`: they go round after 2^32.
bool IsBefore(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) -
                              static_cast<uint32_t>(b)) < 0;
}

}  // namespace

std::shared_ptr<PlaceInLine> PlaceInLine::Enter(
    Session& session, PlaceOptions options,
    std::function<void(absl::StatusOr<FencingToken>)> granted,
    std::function<void(absl::Status)> lost) {
  const std::shared_ptr<PlaceInLine> place(
      new PlaceInLine(session, std::move(options)));
  {
    absl::MutexLock lock(&place->mutex_);
    place->granted_ = std::move(granted);
    place->lost_ = std::move(lost);
  }
  const std::weak_ptr<PlaceInLine> weak = place;
  const uint64_t handler = session.AddStateHandler([weak](SessionState state) {
    if (state != SessionState::kExpired && state != SessionState::kClosed) {
      return;
    }
    if (const std::shared_ptr<PlaceInLine> alive = weak.lock()) {
      ErrorInfo info;
      info.kind = "SessionExpired";
      info.zookeeper_code = -112;
      alive->Fail(MakeError(absl::StatusCode::kFailedPrecondition,
                            "the session is over, and the place with it",
                            info));
    }
  });
  bool over = false;
  {
    absl::MutexLock lock(&place->mutex_);
    place->state_handler_ = handler;
    over = place->state_ == State::kOver;
  }
  // It may have been told already, and then has not known the handler.
  if (over) place->Detach();
  session.AsyncWrite(Create{.path = ChildPath(place->options_.directory,
                                              place->options_.prefix),
                            .data = place->options_.data,
                            .mode = CreateMode::kEphemeralSequential},
                     [place](absl::StatusOr<WriteResult> result) {
                       place->OnCreated(std::move(result));
                     });
  return place;
}

void PlaceInLine::OnCreated(absl::StatusOr<WriteResult> result) {
  if (!result.ok()) {
    std::function<void(absl::Status)> gone;
    {
      absl::MutexLock lock(&mutex_);
      gone = std::exchange(gone_, nullptr);
    }
    if (gone) gone(absl::OkStatus());
    Fail(result.status());
    return;
  }
  bool left = false;
  std::function<void(absl::Status)> gone;
  const std::string ensemble_id = session_.pin().ensemble_id;
  {
    absl::MutexLock lock(&mutex_);
    path_ = result->path;
    token_ = {.ensemble_id = ensemble_id,
              .czxid = result->stat ? result->stat->czxid : result->zxid};
    left = state_ == State::kOver;
    if (!left) state_ = State::kWaiting;
    gone = std::exchange(gone_, nullptr);
  }
  if (left) {
    Delete(result->path, std::move(gone));
    return;
  }
  WatchItself(result->path);
  Look();
}

void PlaceInLine::WatchItself(const std::string& path) {
  const std::weak_ptr<PlaceInLine> weak = weak_from_this();
  session_.AsyncAddWatch(
      path, WatchKind::kPersistent,
      [weak](const Event& event) {
        const std::shared_ptr<PlaceInLine> alive = weak.lock();
        if (alive == nullptr) return;
        if (event.type == EventType::kDeleted) {
          alive->Fail(absl::AbortedError(
              absl::StrCat(event.path, " was deleted by somebody else")));
        } else if (event.type == EventType::kGap) {
          alive->Look();
        }
      },
      [self = shared_from_this()](absl::StatusOr<uint64_t> watch) {
        if (!watch.ok()) {
          self->Fail(watch.status());
          return;
        }
        bool over = false;
        {
          absl::MutexLock lock(&self->mutex_);
          over = self->state_ == State::kOver;
          if (!over) self->own_watch_ = *watch;
        }
        if (over) (void)self->session_.RemoveWatch(*watch);
      });
}

void PlaceInLine::Look() {
  uint64_t look = 0;
  uint64_t watch = 0;
  {
    absl::MutexLock lock(&mutex_);
    if (state_ == State::kOver) return;
    look = ++look_;
    watch = std::exchange(blocker_watch_, 0);
  }
  if (watch != 0) (void)session_.RemoveWatch(watch);
  session_.AsyncRead(
      GetChildren{options_.directory}, Consistency::kLinearizable,
      [self = shared_from_this(), look](absl::StatusOr<ReadResult> result) {
        self->OnLook(look, std::move(result));
      });
}

void PlaceInLine::OnLook(uint64_t look, absl::StatusOr<ReadResult> result) {
  {
    absl::MutexLock lock(&mutex_);
    if (look != look_ || state_ == State::kOver) return;
  }
  if (!result.ok()) {
    Fail(result.status());
    return;
  }
  const absl::StatusOr<std::string> blocker =
      Blocker(std::get<Children>(*result).names);
  if (!blocker.ok()) {
    Fail(blocker.status());
  } else if (blocker->empty()) {
    Grant();
  } else if (options_.fail_if_blocked) {
    Fail(absl::UnavailableError(absl::StrCat(
        ChildPath(options_.directory, *blocker), " stands before it")));
  } else {
    WaitFor(look, *blocker);
  }
}

absl::StatusOr<std::string> PlaceInLine::Blocker(
    const std::vector<std::string>& names) const {
  const std::string own_name = NameOf(path());
  const std::optional<int32_t> own = SequenceOf(own_name);
  if (!own) {
    return absl::InternalError(
        absl::StrCat(own_name, " has no sequence number"));
  }
  bool found = false;
  std::string blocker;
  std::optional<int32_t> nearest;
  for (const std::string& name : names) {
    if (name == own_name) found = true;
    const std::optional<int32_t> sequence = SequenceOf(name);
    if (!sequence || !IsBefore(*sequence, *own)) continue;
    if (options_.blocks && !options_.blocks(name)) continue;
    if (!nearest || IsBefore(*nearest, *sequence)) {
      nearest = sequence;
      blocker = name;
    }
  }
  if (!found) {
    return absl::AbortedError(
        absl::StrCat(path(), " was deleted by somebody else"));
  }
  return blocker;
}

void PlaceInLine::WaitFor(uint64_t look, const std::string& name) {
  const std::string path = ChildPath(options_.directory, name);
  const std::weak_ptr<PlaceInLine> weak = weak_from_this();
  session_.AsyncAddWatch(
      path, WatchKind::kData,
      [weak, look](const Event&) {
        if (const auto alive = weak.lock()) alive->LookAfter(look);
      },
      [self = shared_from_this(), look](absl::StatusOr<uint64_t> watch) {
        self->OnWatchSet(look, std::move(watch));
      });
  // It may have gone before the watch was set.
  session_.AsyncRead(
      Exists{path}, Consistency::kLinearizable,
      [self = shared_from_this(), look](absl::StatusOr<ReadResult> result) {
        if (IsError(result.status(), "NoNode")) {
          self->LookAfter(look);
        } else if (!result.ok()) {
          self->Fail(result.status());
        }
      });
}

void PlaceInLine::OnWatchSet(uint64_t look, absl::StatusOr<uint64_t> watch) {
  if (!watch.ok()) {
    Fail(watch.status());
    return;
  }
  bool stale = false;
  {
    absl::MutexLock lock(&mutex_);
    stale = look != look_ || state_ == State::kOver;
    if (!stale) blocker_watch_ = *watch;
  }
  if (stale) (void)session_.RemoveWatch(*watch);
}

void PlaceInLine::LookAfter(uint64_t look) {
  {
    absl::MutexLock lock(&mutex_);
    if (look != look_) return;
  }
  Look();
}

void PlaceInLine::Grant() {
  std::function<void(absl::StatusOr<FencingToken>)> granted;
  FencingToken token;
  {
    absl::MutexLock lock(&mutex_);
    if (state_ != State::kWaiting) return;
    state_ = State::kGranted;
    granted = std::exchange(granted_, nullptr);
    token = token_;
  }
  if (granted) granted(token);
}

void PlaceInLine::Fail(const absl::Status& why) {
  State before = State::kOver;
  std::string path;
  std::function<void(absl::StatusOr<FencingToken>)> granted;
  std::function<void(absl::Status)> lost;
  {
    absl::MutexLock lock(&mutex_);
    if (state_ == State::kOver) return;
    before = std::exchange(state_, State::kOver);
    path = path_;
    granted = std::exchange(granted_, nullptr);
    lost = std::exchange(lost_, nullptr);
  }
  Detach();
  if (!path.empty()) Delete(path, nullptr);
  if (before == State::kGranted) {
    if (lost) lost(why);
  } else if (granted) {
    granted(why);
  }
}

void PlaceInLine::Leave(std::function<void(absl::Status)> done) {
  State before = State::kOver;
  std::string path;
  {
    absl::MutexLock lock(&mutex_);
    granted_ = nullptr;
    lost_ = nullptr;
    before = std::exchange(state_, State::kOver);
    path = path_;
    // Whether it was created is not known yet; its answer comes for sure.
    if (before == State::kCreating) gone_ = std::exchange(done, nullptr);
  }
  Detach();
  if (before == State::kCreating) return;
  if (before != State::kOver) {
    Delete(path, std::move(done));
  } else if (done) {
    done(absl::OkStatus());
  }
}

void PlaceInLine::Delete(const std::string& path,
                         std::function<void(absl::Status)> done) {
  session_.AsyncWrite(
      quorate::client::Delete{path},
      [done = std::move(done)](absl::StatusOr<WriteResult> result) {
        if (!done) return;
        // Gone is gone: it is an ephemeral, too.
        const absl::Status& status = result.status();
        done(IsError(status, "NoNode") || IsError(status, "SessionExpired")
                 ? absl::OkStatus()
                 : status);
      });
}

void PlaceInLine::Detach() {
  uint64_t state_handler = 0;
  uint64_t own_watch = 0;
  uint64_t blocker_watch = 0;
  {
    absl::MutexLock lock(&mutex_);
    state_handler = std::exchange(state_handler_, 0);
    own_watch = std::exchange(own_watch_, 0);
    blocker_watch = std::exchange(blocker_watch_, 0);
  }
  if (state_handler != 0) session_.RemoveStateHandler(state_handler);
  if (own_watch != 0) (void)session_.RemoveWatch(own_watch);
  if (blocker_watch != 0) (void)session_.RemoveWatch(blocker_watch);
}

std::string PlaceInLine::path() const {
  absl::MutexLock lock(&mutex_);
  return path_;
}

bool PlaceInLine::IsGranted() const {
  absl::MutexLock lock(&mutex_);
  return state_ == State::kGranted;
}

}  // namespace quorate::client
