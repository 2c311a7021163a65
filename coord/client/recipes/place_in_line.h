// PlaceInLine: an ephemeral sequential znode in a directory, and the wait until
// those before it have gone. Locks and elections are made of it.
//
// It watches only the nearest of those that it waits for: when that goes, one
// session is told, not all. A lost answer leaves no znode behind, since the
// session creates it exactly once; nor does leaving before it was created.
//
// Callbacks run on the session's thread. Thread-safe. The session must outlive
// it.

#ifndef QUORATE_COORD_CLIENT_RECIPES_PLACE_IN_LINE_H_
#define QUORATE_COORD_CLIENT_RECIPES_PLACE_IN_LINE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "coord/client/fencing_token.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::client {

struct PlaceOptions {
  std::string directory;  // must exist
  std::string prefix;     // of the name; ends with "-"
  std::string data;       // for people who look
  // Whether the znode of this name, which stands before it in the line, must
  // go first. Empty: each must.
  std::function<bool(absl::string_view name)> blocks;
  // Unavailable at once, instead of waiting.
  bool fail_if_blocked = false;
};

class PlaceInLine : public std::enable_shared_from_this<PlaceInLine> {
 public:
  // `granted` is called once: nobody stands before it any more, or it will
  // never come to that. After that, `lost` is called if the place is lost: the
  // session is over (SessionExpired) or somebody has deleted the znode
  // (Aborted). Neither is called after Leave(). Returns at once.
  static std::shared_ptr<PlaceInLine> Enter(
      Session& session, PlaceOptions options,
      std::function<void(absl::StatusOr<FencingToken>)> granted,
      std::function<void(absl::Status)> lost);

  // Leaves the line; `done` (may be empty) is told when the znode has gone.
  void Leave(std::function<void(absl::Status)> done);

  // Of the znode; empty: not created yet.
  std::string path() const;
  bool IsGranted() const;

 private:
  enum class State { kCreating, kWaiting, kGranted, kOver };

  PlaceInLine(Session& session, PlaceOptions options)
      : session_(session), options_(std::move(options)) {}

  void OnCreated(absl::StatusOr<WriteResult> result);
  void WatchItself(const std::string& path);
  // Finds out who stands before it. What an earlier look, or the waiting after
  // it, still brings is ignored.
  void Look();
  void OnLook(uint64_t look, absl::StatusOr<ReadResult> result);
  void WaitFor(uint64_t look, const std::string& name);
  void OnWatchSet(uint64_t look, absl::StatusOr<uint64_t> watch);
  void LookAfter(uint64_t look);
  void Grant();
  // It will never be granted, or is lost.
  void Fail(const absl::Status& why);
  void Delete(const std::string& path, std::function<void(absl::Status)> done);
  // Takes back what it has set at the session.
  void Detach() ABSL_LOCKS_EXCLUDED(mutex_);
  // The nearest before it that must go first; empty: none. Aborted: the own
  // znode is not among `names`.
  absl::StatusOr<std::string> Blocker(
      const std::vector<std::string>& names) const;

  Session& session_;
  const PlaceOptions options_;

  mutable absl::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kCreating;
  std::function<void(absl::StatusOr<FencingToken>)> granted_
      ABSL_GUARDED_BY(mutex_);
  std::function<void(absl::Status)> lost_ ABSL_GUARDED_BY(mutex_);
  // Of Leave() before the znode was created.
  std::function<void(absl::Status)> gone_ ABSL_GUARDED_BY(mutex_);
  std::string path_ ABSL_GUARDED_BY(mutex_);
  FencingToken token_ ABSL_GUARDED_BY(mutex_);
  uint64_t look_ ABSL_GUARDED_BY(mutex_) = 0;
  // Ids at the session; 0: none.
  uint64_t state_handler_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t own_watch_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t blocker_watch_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_RECIPES_PLACE_IN_LINE_H_
