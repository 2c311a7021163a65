#include "coord/client/recipes/wait_until.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/error.h"
#include "coord/client/monotonic_wait.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::client {
namespace {

// What the session's thread tells the one that waits.
struct News {
  absl::Mutex mutex;
  MonotonicCondVar told;
  bool changed ABSL_GUARDED_BY(mutex) = false;
  bool over ABSL_GUARDED_BY(mutex) = false;
};

absl::Status SessionOver() {
  ErrorInfo info;
  info.kind = "SessionExpired";
  info.zookeeper_code = -112;
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   "the session ended during the wait", info);
}

}  // namespace

absl::Status WaitUntil(Session& session, const std::string& path,
                       absl::Time deadline,
                       const std::function<absl::StatusOr<bool>()>& is_so) {
  const int64_t until_ms =
      MonotonicIn(absl::ToInt64Milliseconds(deadline - absl::Now()));
  const auto news = std::make_shared<News>();
  const uint64_t handler = session.AddStateHandler([news](SessionState state) {
    absl::MutexLock lock(&news->mutex);
    news->over =
        state == SessionState::kExpired || state == SessionState::kClosed;
    news->told.SignalAll();
  });
  const auto remove_handler = absl::MakeCleanup(
      [&session, handler] { session.RemoveStateHandler(handler); });
  const absl::StatusOr<uint64_t> watch =
      session.AddWatch(path, WatchKind::kPersistent, [news](const Event&) {
        absl::MutexLock lock(&news->mutex);
        news->changed = true;
        news->told.SignalAll();
      });
  if (!watch.ok()) return watch.status();
  const auto remove_watch = absl::MakeCleanup(
      [&session, &watch] { (void)session.RemoveWatch(*watch); });

  for (;;) {
    {
      absl::MutexLock lock(&news->mutex);
      news->changed = false;
    }
    const absl::StatusOr<bool> so = is_so();
    if (!so.ok()) return so.status();
    if (*so) return absl::OkStatus();
    absl::MutexLock lock(&news->mutex);
    while (!news->changed && !news->over) {
      const int64_t left_ms = until_ms - MonotonicMs();
      if (left_ms <= 0) {
        return absl::DeadlineExceededError(
            absl::StrCat("waited in vain for a change of ", path));
      }
      news->told.WaitFor(&news->mutex, left_ms);
    }
    if (news->over) return SessionOver();
  }
}

}  // namespace quorate::client
