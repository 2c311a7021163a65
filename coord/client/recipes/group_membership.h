// GroupMembership: who of a group is there; who dies leaves it by itself.
//
//   auto member = GroupMembership::Join(session, {.directory = "/workers",
//                                                 .name = "host:1",
//                                                 .data = "..."});
//   auto watcher = GroupWatcher::Watch(session, "/workers", on_change);
//
// Thread-safe. The session must outlive both.

#ifndef QUORATE_COORD_CLIENT_RECIPES_GROUP_MEMBERSHIP_H_
#define QUORATE_COORD_CLIENT_RECIPES_GROUP_MEMBERSHIP_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/client/fencing_token.h"
#include "coord/client/session.h"

namespace quorate::client {

struct GroupOptions {
  std::string directory;  // of the group alone; made if it is not there
  std::string name;       // unique in the group
  std::string data = {};  // for the others
};

class GroupMembership {
 public:
  // Blocks. AlreadyExists (NodeExists): there is a member of this name; if it
  // was this process in a former life, its session will expire.
  static absl::StatusOr<std::unique_ptr<GroupMembership>> Join(
      Session& session, GroupOptions options);
  // Leaves, without waiting.
  ~GroupMembership();
  GroupMembership(const GroupMembership&) = delete;
  GroupMembership& operator=(const GroupMembership&) = delete;

  // Of this membership: newer than that of every former one under this name.
  const FencingToken& token() const { return token_; }
  // Changes what the others see.
  absl::Status SetData(std::string data);
  // Blocks. Leaving twice is OK.
  absl::Status Leave();

  // The names, sorted. Blocks. A group that is not there is empty.
  static absl::StatusOr<std::vector<std::string>> Members(
      Session& session, const std::string& directory);

 private:
  struct State;
  GroupMembership(Session& session, std::string path, FencingToken token);

  Session& session_;
  const std::string path_;
  const FencingToken token_;
  const std::shared_ptr<State> state_;
};

class GroupWatcher {
 public:
  // The names, sorted. Or why nothing more will come: SessionExpired, NoNode if
  // the directory was deleted.
  using OnChange =
      std::function<void(absl::StatusOr<std::vector<std::string>>)>;

  // Calls `on_change`, on the session's thread, with who is there now and after
  // every change; changes that come together may be told as one. Blocks until
  // the watch is set.
  static absl::StatusOr<std::unique_ptr<GroupWatcher>> Watch(
      Session& session, const std::string& directory, OnChange on_change);
  ~GroupWatcher();
  GroupWatcher(const GroupWatcher&) = delete;
  GroupWatcher& operator=(const GroupWatcher&) = delete;

 private:
  class Impl;
  explicit GroupWatcher(std::shared_ptr<Impl> impl);

  const std::shared_ptr<Impl> impl_;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_RECIPES_GROUP_MEMBERSHIP_H_
