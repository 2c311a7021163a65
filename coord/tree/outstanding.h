// Outstanding: checks requests on the leader, before they are logged.
//
// A request is checked against the state with all outstanding txns applied (as
// ZooKeeper's PrepRequestProcessor does), so that the next request need not
// wait for the commit of this one. What passes becomes a txn that always
// applies; what does not is answered with one of ZooKeeper's errors.
//
//   Prepared prepared = outstanding.Prepare(zxid, request);
//   if (prepared.status.ok()) propose(zxid, EncodeTxn(prepared.txn));
//   ...
//   state.Apply(zxid, txn);        // once committed
//   outstanding.OnApplied(zxid);
//
// An error may rest on txns that are not committed yet: answer it only after
// all txns prepared before it have been committed (log an ErrorTxn, or wait).
// A member that stops leading drops this object with its outstanding txns.
//
// Not thread-safe. The state machine must outlive it.

#ifndef QUORATE_COORD_TREE_OUTSTANDING_H_
#define QUORATE_COORD_TREE_OUTSTANDING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "coord/tree/error.h"
#include "coord/tree/pending_state.h"
#include "coord/tree/request.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/txn.h"

namespace quorate::tree {

struct Prepared {
  // OK: propose `txn`. Else one of the errors of TREE.md; of a multi, that of
  // the first op that fails.
  absl::Status status;
  Txn txn;
  // Of a multi that fails, one for each op: kOk before the op that fails, its
  // own error, kRuntimeInconsistency behind it.
  std::vector<ErrorCode> op_errors;
  // Quotas, by path, whose soft limit the txn oversteps: worth a warning.
  std::vector<std::string> over_soft_quota;
};

class Outstanding {
 public:
  explicit Outstanding(const StateMachine& state) : pending_(state) {}

  // Checks `request`, and if it passes counts its txn as outstanding at `zxid`.
  // REQUIRES: zxids of the txns grow, and are after the state's.
  Prepared Prepare(Zxid zxid, const Request& request);

  // The state machine has applied all up to `zxid`.
  void OnApplied(Zxid zxid) { pending_.DropUpTo(zxid); }

  // From now on `session` is used by the connection `attachment` alone:
  // requests by another are answered SessionMoved. REQUIRES: attachment != 0.
  void Attach(SessionId session, uint64_t attachment) {
    attachments_[session.value] = attachment;
  }

  // OK, SessionExpired (also for a session that was never open or is being
  // closed) or SessionMoved.
  absl::Status CheckSession(SessionId session, uint64_t attachment) const;

  // Number of changes not yet applied.
  size_t size() const { return pending_.size(); }

 private:
  PendingState pending_;
  absl::flat_hash_map<int64_t, uint64_t> attachments_;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_OUTSTANDING_H_
