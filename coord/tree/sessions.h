// SessionTable: the sessions that are open, as all members agree, and the
// results of their latest writes.
//
// A session numbers its writes 1, 2, 3, ... without a gap. The results are
// remembered until the client says that it has them, so that a write which is
// sent again, to whichever member, is answered as it was the first time and is
// not applied again.
//
// When a session has expired is decided by the leader's session clock; here it
// just closes. Which connection a session uses is not replicated either. What a
// session owns is known to the tree. Not thread-safe.

#ifndef QUORATE_COORD_TREE_SESSIONS_H_
#define QUORATE_COORD_TREE_SESSIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "coord/tree/digest.h"
#include "coord/tree/session_id.h"
#include "coord/tree/txn_result.h"

namespace quorate::tree {

// Most results that are remembered of one session, and most bytes of them as
// WriteResult() writes them. Beyond that the oldest are forgotten, unless it is
// the only one. A client that says in time what it has never gets there; see
// Outstanding::HasRoomFor().
inline constexpr size_t kMaxRememberedResults = 4096;
inline constexpr uint64_t kMaxRememberedBytes = 16 << 20;

struct Session {
  int32_t timeout_ms = 0;       // as negotiated
  std::string password;         // kSessionPasswordBytes
  int64_t last_request_id = 0;  // applied; 0: none
  // By request id: those up to last_request_id, without a gap.
  absl::btree_map<int64_t, RememberedResult> results;
  uint64_t result_bytes = 0;  // of all `results`
};

// Told of each change to the sessions before it is made. `session` is nullptr
// if it is about to be opened.
class SessionObserver {
 public:
  virtual ~SessionObserver() = default;
  virtual void BeforeSessionChange(SessionId id, const Session* session) = 0;
};

class SessionTable {
 public:
  using Map = absl::btree_map<SessionId, Session>;

  // A session as it begins. False if it is open already.
  bool Open(SessionId id, int32_t timeout_ms, std::string password);
  // False if it is not open.
  bool Close(SessionId id);

  // Notes that the session's write `request_id` was applied with `result`, and
  // forgets the results up to `acked_through`. False, with nothing changed, if
  // the session is not open or `request_id` is not the next.
  bool Remember(SessionId id, int64_t request_id, int64_t acked_through,
                RememberedResult result);

  // Puts an open session's count back as it was in a snapshot; its results
  // follow by Restore(), the last one for `last_request_id`. REQUIRES: it is as
  // Open() left it.
  void RestoreCount(SessionId id, int64_t last_request_id);
  void RestoreResult(SessionId id, int64_t request_id, RememberedResult result);

  bool Has(SessionId id) const { return sessions_.contains(id); }
  const Session* Find(SessionId id) const;  // nullptr: not open
  // nullptr: not applied yet, or forgotten, or the session is not open.
  const RememberedResult* ResultOf(SessionId id, int64_t request_id) const;
  const Map& sessions() const { return sessions_; }  // by id
  Digest digest() const { return digest_; }

  // `observer` must be removed before it dies.
  void AddObserver(SessionObserver* observer);
  void RemoveObserver(SessionObserver* observer);

 private:
  void Observe(SessionId id, const Session* session);
  void AddResult(SessionId id, Session& session, int64_t request_id,
                 RememberedResult result);
  void ForgetOldest(Session& session);

  Map sessions_;
  Digest digest_ = 0;
  std::vector<SessionObserver*> observers_;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_SESSIONS_H_
