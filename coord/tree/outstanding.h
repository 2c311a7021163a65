// Outstanding: checks requests on the leader, before they are logged.
//
// A request is checked against the state with all outstanding txns applied (as
// ZooKeeper's PrepRequestProcessor does), so that the next request need not
// wait for the commit of this one. What passes becomes a txn that always
// applies; what does not is answered with one of ZooKeeper's errors.
//
//   Prepared prepared = outstanding.Prepare(zxid, request);
//   if (!prepared.status.ok()) {
//     prepared.txn = outstanding.Fail(zxid, request, prepared);
//   }
//   propose(zxid, EncodeTxn(prepared.txn));
//   ...
//   state.Apply(zxid, txn);        // once committed
//   outstanding.OnApplied(zxid);
//
// An error may rest on txns that are not committed yet, so it is logged in its
// place behind them, too, and answered from there. A member that stops leading
// drops this object with its outstanding txns.
//
// The writes of a session come in the order of their request ids: whoever calls
// asks Classify() first, and prepares only what is new.
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
#include "coord/tree/pending_requests.h"
#include "coord/tree/pending_state.h"
#include "coord/tree/request.h"
#include "coord/tree/session_id.h"
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

// Where a session's write is on its way.
enum class RequestState {
  kNew,          // the next: prepare it
  kOutstanding,  // prepared, not applied: its result will come
  kApplied,      // SessionTable::ResultOf() has the result, if not forgotten
  kGap,          // one before it is missing: not to be taken
};

class Outstanding {
 public:
  explicit Outstanding(const StateMachine& state)
      : state_(state), pending_(state) {}

  // The state of write `request_id` of `session`; always kNew for a session
  // that is not open or is being closed. REQUIRES: request_id > 0.
  RequestState Classify(SessionId session, int64_t request_id) const;

  // False: too many results would be remembered for the session, as its client
  // does not say which it has. Do not take the request; see
  // kMaxRememberedResults for what happens else.
  bool HasRoomFor(SessionId session, int64_t request_id,
                  int64_t acked_through) const;

  // Checks `request`, and if it passes counts its txn as outstanding at `zxid`.
  // REQUIRES: zxids of the txns grow, and are after the state's; a session's
  // write that has a number is kNew.
  Prepared Prepare(Zxid zxid, const Request& request);

  // After Prepare() has failed: the txn that gives the failure its place in the
  // log. The request's number counts as outstanding at `zxid`. REQUIRES: not
  // for SessionMoved, which must not use up a number: the connection that has
  // the session now will send a write with the same one.
  Txn Fail(Zxid zxid, const Request& request, const Prepared& failed);

  // The state machine has applied all up to `zxid`.
  void OnApplied(Zxid zxid) {
    pending_.DropUpTo(zxid);
    requests_.DropUpTo(zxid);
  }

  // From now on `session` is used by the connection `attachment` alone:
  // requests by another are answered SessionMoved. REQUIRES: attachment != 0.
  void Attach(SessionId session, uint64_t attachment) {
    attachments_[session.value] = attachment;
  }

  // As it was attached; 0: not known.
  uint64_t AttachmentOf(SessionId session) const;

  // OK (always for none), SessionExpired (also for a session that was never
  // open or is being closed) or SessionMoved.
  absl::Status CheckSession(SessionId session, uint64_t attachment) const;

  // Number of changes not yet applied.
  size_t size() const { return pending_.size() + requests_.size(); }

 private:
  int64_t LastApplied(SessionId session) const;
  int64_t LastPrepared(SessionId session) const;
  // Counts the request's number, if it has one, as outstanding.
  void Count(Zxid zxid, const Request& request);

  const StateMachine& state_;
  PendingState pending_;
  PendingRequests requests_;
  absl::flat_hash_map<int64_t, uint64_t> attachments_;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_OUTSTANDING_H_
