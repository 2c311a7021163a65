// StateMachine: the replicated state of one member, moved by committed txns.
//
// Deterministic: the same txns at the same zxids give the same state, results,
// events and digest on every member. The state is the tree with its quotas and
// ACLs, and the sessions. Watches belong to one member: feed the events to
// Watches (watches.h). Requests are checked by Outstanding (outstanding.h) on
// the leader, reads are answered by reads.h, snapshots are taken and loaded by
// snapshot.h.
//
// Not thread-safe; one thread drives it.

#ifndef QUORATE_COORD_TREE_STATE_MACHINE_H_
#define QUORATE_COORD_TREE_STATE_MACHINE_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/tree/digest.h"
#include "coord/tree/event.h"
#include "coord/tree/sessions.h"
#include "coord/tree/stat.h"
#include "coord/tree/tree.h"
#include "coord/tree/txn.h"
#include "coord/tree/txn_result.h"

namespace quorate::tree {

struct Applied {
  TxnResult result;
  std::vector<TreeEvent> events;  // in the order in which they came about
};

class StateMachine {
 public:
  // The state before the first record.
  StateMachine();
  // As loaded from a snapshot.
  StateMachine(Zxid applied, std::unique_ptr<Tree> tree, SessionTable sessions);

  // Applies what was committed at `zxid`. Zxids grow; they may skip records
  // that hold no txn. The result of a session's write (request id above 0) is
  // remembered with the session, errors too. InvalidArgument, with nothing
  // changed: `zxid` is not after applied(). DataLoss: the txn does not fit the
  // state, so that this member and whoever logged the txn have diverged. The
  // state may then be half changed: stop the member and do not use it again.
  absl::StatusOr<Applied> Apply(Zxid zxid, const Txn& txn);

  // Notes a committed record that holds no txn, such as NEWLEADER.
  // InvalidArgument as above.
  absl::Status Skip(Zxid zxid);

  // The last record applied or skipped; 0:0: none.
  Zxid applied() const { return applied_; }
  Digest digest() const { return tree_->digest() + sessions_.digest(); }
  const Tree& tree() const { return *tree_; }
  const SessionTable& sessions() const { return sessions_; }

 private:
  friend class Snapshot;  // observes tree and sessions
  class Applier;

  Zxid applied_;
  std::unique_ptr<Tree> tree_;
  SessionTable sessions_;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_STATE_MACHINE_H_
