// Proposer: what a leader does with writes and sessions, for one epoch.
//
// It recognises what it has taken already, checks what is new against the state
// with all that is outstanding, and proposes it; a request that fails is logged
// too, so that its error has its place among the others. It decides which
// sessions have expired and which containers and TTL nodes are due, and
// proposes that.
//
// It takes nothing before its own NEWLEADER is applied: until then its log may
// hold txns that it does not know the effect of. It is dropped, with all that
// is outstanding, when the member stops leading or moves to another epoch.
//
// Not thread-safe. Core and state must outlive it.

#ifndef QUORATE_COORD_REPLICA_PROPOSER_H_
#define QUORATE_COORD_REPLICA_PROPOSER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "coord/consensus/core.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/attachments.h"
#include "coord/replica/options.h"
#include "coord/replica/peer_message.h"
#include "coord/replica/recent_sessions.h"
#include "coord/replica/recent_writes.h"
#include "coord/replica/session_clock.h"
#include "coord/tree/outstanding.h"
#include "coord/tree/request.h"
#include "coord/tree/session_id.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/txn.h"

namespace quorate::replica {

// What became of a write that was handed to the leader.
struct Verdict {
  enum class Kind {
    kTaken,    // proposed
    kComing,   // taken before: it comes out of the log, or has
    kMoved,    // another connection uses the session
    kRefused,  // nothing of it will come; `why`
  };
  Kind kind = Kind::kTaken;
  // Unavailable: may be sent again. Anything else is for the client.
  absl::Status why;
};

class Proposer {
 public:
  // Most sessions that may be open in an ensemble, and most writes without a
  // session that are remembered.
  static constexpr size_t kMaxSessions = 1'000'000;
  static constexpr size_t kMaxRecentWrites = 1 << 18;

  // REQUIRES: `core` leads.
  Proposer(const Options& options, consensus::Core& core,
           const tree::StateMachine& state);

  consensus::Epoch epoch() const { return epoch_; }
  // Its NEWLEADER is applied.
  bool IsReady() const { return ready_; }

  // `time_ms`: since 1970, for the txn.
  Verdict Take(const ForwardedRequest& request, int64_t time_ms);

  // A connection wants to use a session. Unavailable: ask again.
  SessionAttached Attach(const AttachSession& attach);
  // A session was heard from. False: another connection uses it.
  bool Touch(tree::SessionId session, uint64_t attachment);

  // The state machine has applied the record at `zxid`; `txn` is nullptr if it
  // holds none.
  void OnApplied(consensus::Zxid zxid, const tree::Txn* txn);

  // Time goes on: proposes to close what has expired and, every sweep_ms, to
  // delete what is due. Returns how many sessions have expired.
  size_t Advance(int64_t elapsed_ms, int64_t time_ms);

  void SetDiskFull(bool full) { disk_full_ = full; }

 private:
  Verdict TakeOfSession(const ForwardedRequest& request, int64_t time_ms);
  // OK: this write, which is new, may be proposed. What is refused for want of
  // room is told to the client, so no copy of it may be taken later.
  absl::Status CheckNew(const ForwardedRequest& forwarded,
                        const tree::Request& request);
  Verdict TakeWithoutSession(const ForwardedRequest& request, int64_t time_ms);
  Verdict TakeOpenedAgain(const ForwardedRequest& request,
                          const std::string& password);
  Verdict OpenSession(const ForwardedRequest& request, int64_t time_ms);
  // OK, or why nothing can be taken now: Unavailable or ResourceExhausted.
  absl::Status CheckRoom(const tree::Request& request) const;
  // REQUIRES: CheckRoom() is OK.
  void Propose(consensus::Zxid zxid, const tree::Request& request,
               bool log_failure);
  void BecomeReady();
  void Sweep(int64_t time_ms);

  const Options& options_;
  consensus::Core& core_;
  const tree::StateMachine& state_;
  const consensus::Epoch epoch_;
  bool ready_ = false;
  bool disk_full_ = false;
  int64_t now_ms_ = 0;
  int64_t sweep_at_ms_ = 0;
  std::string sweep_position_;
  tree::Outstanding outstanding_;
  SessionClock clock_;
  Attachments attachments_;
  RecentWrites recent_;
  // The last round of each session's connection that a write was refused in.
  struct RefusedRound {
    uint64_t attachment = 0;
    uint64_t round = 0;
  };
  absl::flat_hash_map<int64_t, RefusedRound> refused_rounds_;
  RecentSessions opened_;  // by this leader; at least those in recent_
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_PROPOSER_H_
