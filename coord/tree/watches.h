// Watches: which sessions of one member want to be told of what.
//
// Semantics as in ZooKeeper:
//   watch          is told of                                        and then
//   data           creation, deletion, change of data of the znode   goes
//   child          change of children and deletion of the znode      goes
//   persistent     all of the above                                  stays
//   recursive      creation, deletion, change of data of the znode   stays
//                  and of all below it; not of changes of children
// exists() and getData() set a data watch, getChildren() a child watch. A
// session is told of one event once, by however many watches. A watch belongs
// to its path, whether there is a znode or not.
//
// The state is this member's alone: no part of snapshots or the digest. An
// event costs the watches that it fires, times a logarithm, and one look-up for
// each level of its path. Sessions are told in the order of their ids. Not
// thread-safe.

#ifndef QUORATE_COORD_TREE_WATCHES_H_
#define QUORATE_COORD_TREE_WATCHES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coord/tree/event.h"
#include "coord/tree/session_id.h"

namespace quorate::tree {

// Bits: a session may have several on one path.
enum class WatchKind : uint8_t {
  kData = 1,
  kChild = 2,
  kPersistent = 4,
  kRecursive = 8,
};

// One event and the sessions to tell. Whoever delivers it leaves out those that
// `event.acl` does not permit to read.
struct WatchFiring {
  TreeEvent event;
  std::vector<SessionId> sessions;  // sorted; never empty
};

class Watches {
 public:
  // Adds a watch; nothing changes if there is such a one already.
  void Add(SessionId session, absl::string_view path, WatchKind kind);

  bool Has(SessionId session, absl::string_view path, WatchKind kind) const;

  // Removes one. NoWatcher if there is none.
  absl::Status Remove(SessionId session, absl::string_view path,
                      WatchKind kind);
  // Removes all that a session has on a path. NoWatcher if there is none.
  absl::Status RemoveAny(SessionId session, absl::string_view path);
  // Removes all of a session that has gone.
  void RemoveSession(SessionId session);

  // What `events`, in the order in which a txn made them, fire.
  std::vector<WatchFiring> Fire(const std::vector<TreeEvent>& events);

  // Whether a watch of this kind on `path` is told of `event`. Of a one-shot
  // watch only the first counts.
  static bool Matches(WatchKind kind, absl::string_view path,
                      const TreeEvent& event);

  // Calls `visit` with each pair of session and path and the kinds (bits of
  // WatchKind) that it has, by session, then path as text, until it returns
  // false. It must not change the watches.
  void ForEach(absl::FunctionRef<bool(absl::string_view path, SessionId session,
                                      uint8_t kinds)>
                   visit) const;

  // Number of pairs of session and path.
  size_t size() const { return size_; }

 private:
  using Kinds = uint8_t;
  using OnPath = absl::btree_map<SessionId, Kinds>;

  static Kinds Bit(WatchKind kind) { return static_cast<Kinds>(kind); }
  // Adds to `fired` the sessions on `path` that have one of `firing`, and takes
  // `spent` from them.
  void Collect(absl::string_view path, Kinds firing, Kinds spent,
               std::vector<SessionId>& fired);
  absl::Status Take(SessionId session, absl::string_view path, Kinds kinds);
  void Forget(SessionId session, absl::string_view path);

  absl::flat_hash_map<std::string, OnPath> by_path_;
  absl::btree_map<SessionId, absl::btree_set<std::string>> by_session_;
  size_t size_ = 0;
  size_t recursive_ = 0;  // pairs that have kRecursive
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_WATCHES_H_
