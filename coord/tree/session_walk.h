// SessionWalk: writes the sessions of one moment into a snapshot, piece by
// piece, while sessions come, go and write on.
//
// Part of Snapshot. A session that is about to change ahead of the walk is
// copied first. Not thread-safe; the table must outlive it.

#ifndef QUORATE_COORD_TREE_SESSION_WALK_H_
#define QUORATE_COORD_TREE_SESSION_WALK_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/btree_map.h"
#include "coord/tree/session_id.h"
#include "coord/tree/sessions.h"

namespace quorate::tree {

class SessionWalk : private SessionObserver {
 public:
  // Of the sessions as they are now.
  explicit SessionWalk(SessionTable& table);
  ~SessionWalk() override;
  SessionWalk(const SessionWalk&) = delete;
  SessionWalk& operator=(const SessionWalk&) = delete;

  // Appends at most one record; false if there are no more.
  bool Next(std::string& out);

  uint64_t num_written() const { return num_written_; }

 private:
  void BeforeSessionChange(SessionId id, const Session* session) override;
  // Finds the session to write next; false if there is none.
  bool Advance();

  SessionTable& table_;
  bool ended_ = false;
  std::optional<SessionId> position_;  // the last one passed; nothing: none yet
  // Of those ahead that have changed since; nothing: it was not open.
  absl::btree_map<SessionId, std::optional<Session>> copies_;
  Session current_;          // the one at position_, being written
  int64_t next_result_ = 0;  // of it; beyond last_request_id: all are written
  uint64_t num_written_ = 0;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_SESSION_WALK_H_
