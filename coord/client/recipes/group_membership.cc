#include "coord/client/recipes/group_membership.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "coord/client/error.h"
#include "coord/client/fencing_token.h"
#include "coord/client/recipes/paths.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::client {
namespace {

// Gone is gone: members are ephemerals, too.
absl::Status IgnoreGone(const absl::Status& status) {
  return IsError(status, "NoNode") || IsError(status, "SessionExpired")
             ? absl::OkStatus()
             : status;
}

absl::Status SessionOver() {
  ErrorInfo info;
  info.kind = "SessionExpired";
  info.zookeeper_code = -112;
  return MakeError(absl::StatusCode::kFailedPrecondition, "the session is over",
                   info);
}

}  // namespace

// --- GroupMembership ---------------------------------------------------------

struct GroupMembership::State {
  absl::Mutex mutex;
  bool left ABSL_GUARDED_BY(mutex) = false;

  // True for the first who asks.
  bool Leave() {
    absl::MutexLock lock(&mutex);
    return !std::exchange(left, true);
  }
};

GroupMembership::GroupMembership(Session& session, std::string path,
                                 FencingToken token)
    : session_(session),
      path_(std::move(path)),
      token_(std::move(token)),
      state_(std::make_shared<State>()) {}

absl::StatusOr<std::unique_ptr<GroupMembership>> GroupMembership::Join(
    Session& session, GroupOptions options) {
  const absl::Status made = EnsurePath(session, options.directory);
  if (!made.ok()) return made;
  const std::string path = ChildPath(options.directory, options.name);
  const absl::StatusOr<WriteResult> created =
      session.Write(Create{.path = path,
                           .data = std::move(options.data),
                           .mode = CreateMode::kEphemeral});
  if (absl::IsDeadlineExceeded(created.status())) {
    // It may be created still; then this comes after it.
    session.AsyncWrite(Delete{path}, nullptr);
  }
  if (!created.ok()) return created.status();
  return std::unique_ptr<GroupMembership>(new GroupMembership(
      session, path,
      {.ensemble_id = session.pin().ensemble_id,
       .czxid = created->stat ? created->stat->czxid : created->zxid}));
}

GroupMembership::~GroupMembership() {
  if (state_->Leave()) session_.AsyncWrite(Delete{path_}, nullptr);
}

absl::Status GroupMembership::SetData(std::string data) {
  return session_.Write(quorate::client::SetData{path_, std::move(data)})
      .status();
}

absl::Status GroupMembership::Leave() {
  if (!state_->Leave()) return absl::OkStatus();
  return IgnoreGone(session_.Write(Delete{path_}).status());
}

absl::StatusOr<std::vector<std::string>> GroupMembership::Members(
    Session& session, const std::string& directory) {
  absl::StatusOr<Children> children = session.GetChildren(directory);
  if (IsError(children.status(), "NoNode")) return std::vector<std::string>();
  if (!children.ok()) return children.status();
  return std::move(children->names);
}

// --- GroupWatcher ------------------------------------------------------------

class GroupWatcher::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(Session& session, std::string directory, OnChange on_change)
      : session_(session),
        directory_(std::move(directory)),
        on_change_(std::move(on_change)) {}

  absl::Status Start() {
    const absl::Status made = EnsurePath(session_, directory_);
    if (!made.ok()) return made;
    const std::weak_ptr<Impl> weak = weak_from_this();
    const absl::StatusOr<uint64_t> watch = session_.AddWatch(
        directory_, WatchKind::kPersistent, [weak](const Event& event) {
          const auto alive = weak.lock();
          if (alive == nullptr) return;
          // Data of the directory is nobody's.
          if (event.type != EventType::kDataChanged) {
            alive->Look();
          }
        });
    if (!watch.ok()) return watch.status();
    const uint64_t handler = session_.AddStateHandler([weak](SessionState now) {
      if (now != SessionState::kExpired && now != SessionState::kClosed) return;
      if (const auto alive = weak.lock()) alive->End(SessionOver());
    });
    {
      absl::MutexLock lock(&mutex_);
      watch_ = *watch;
      handler_ = handler;
    }
    Look();
    return absl::OkStatus();
  }

  void Stop() {
    uint64_t watch = 0;
    uint64_t handler = 0;
    {
      absl::MutexLock lock(&mutex_);
      over_ = true;
      watch = std::exchange(watch_, 0);
      handler = std::exchange(handler_, 0);
    }
    if (watch != 0) (void)session_.RemoveWatch(watch);
    if (handler != 0) session_.RemoveStateHandler(handler);
  }

 private:
  // Asks for the names; what changes meanwhile is asked for once more.
  void Look() {
    {
      absl::MutexLock lock(&mutex_);
      if (over_) return;
      if (looking_) {
        look_again_ = true;
        return;
      }
      looking_ = true;
    }
    session_.AsyncRead(
        GetChildren{directory_}, Consistency::kLinearizable,
        [self = shared_from_this()](absl::StatusOr<ReadResult> result) {
          self->OnLook(std::move(result));
        });
  }

  void OnLook(absl::StatusOr<ReadResult> result) {
    bool again = false;
    {
      absl::MutexLock lock(&mutex_);
      looking_ = false;
      again = std::exchange(look_again_, false);
      if (over_) return;
    }
    if (!result.ok()) {
      End(result.status());
      return;
    }
    on_change_(std::move(std::get<Children>(*result).names));
    if (again) Look();
  }

  void End(const absl::Status& why) {
    {
      absl::MutexLock lock(&mutex_);
      if (std::exchange(over_, true)) return;
    }
    on_change_(why);
  }

  Session& session_;
  const std::string directory_;
  const OnChange on_change_;
  absl::Mutex mutex_;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  bool looking_ ABSL_GUARDED_BY(mutex_) = false;
  bool look_again_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t watch_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t handler_ ABSL_GUARDED_BY(mutex_) = 0;
};

GroupWatcher::GroupWatcher(std::shared_ptr<Impl> impl)
    : impl_(std::move(impl)) {}

GroupWatcher::~GroupWatcher() { impl_->Stop(); }

absl::StatusOr<std::unique_ptr<GroupWatcher>> GroupWatcher::Watch(
    Session& session, const std::string& directory, OnChange on_change) {
  auto impl = std::make_shared<Impl>(session, directory, std::move(on_change));
  const absl::Status started = impl->Start();
  if (!started.ok()) return started;
  return std::unique_ptr<GroupWatcher>(new GroupWatcher(std::move(impl)));
}

}  // namespace quorate::client
