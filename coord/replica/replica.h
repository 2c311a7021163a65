// Replica: drives one member. Requests go in; log, commit, apply; replies and
// watch events come out.
//
// It joins the consensus core with the tree: it checks requests against the
// state with all outstanding txns applied, proposes them, applies what is
// committed, answers, and runs the leader's session clock. On a member that
// does not lead, writes travel to the leader and come back through the log.
//
// Like the core it has no threads, files, sockets or clocks, and the same
// inputs give the same outputs; output.h states what the driver owes. The same
// code runs in coordd and in the simulator.
//
//   Replica replica(options, std::move(recovered), seed);
//   for (;;) {
//     replica.Step(...) or Tick(...) or Submit(...) or Written(...) ...
//     Output output = replica.TakeOutput();
//     carry out the jobs, send the messages, deliver the answers
//   }
//
// Inputs may be collected: one TakeOutput() after many of them batches what
// they gave. Not thread-safe: one thread drives it.

#ifndef QUORATE_COORD_REPLICA_REPLICA_H_
#define QUORATE_COORD_REPLICA_REPLICA_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/core.h"
#include "coord/consensus/message.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/replica/options.h"
#include "coord/replica/output.h"
#include "coord/replica/peer_message.h"
#include "coord/replica/recovery.h"
#include "coord/tree/acl.h"
#include "coord/tree/session_id.h"
#include "coord/tree/state_machine.h"

namespace quorate::replica {

// What is counted, for metrics and status. All since the process began, unless
// it says "now".
struct Counters {
  uint64_t writes = 0;  // txns of clients applied for this member's own
  uint64_t txns = 0;    // txns applied
  uint64_t reads_linearizable = 0;
  uint64_t reads_local = 0;
  uint64_t watch_events = 0;
  uint64_t not_taken = 0;         // replies with Reply::not_taken
  uint64_t duplicates = 0;        // writes that were recognised as resent
  uint64_t sessions_expired = 0;  // by this member, as the leader
  uint64_t snapshots_taken = 0;
  uint64_t snapshots_installed = 0;
  uint64_t snapshots_failed = 0;
  size_t connections = 0;       // now
  size_t sessions = 0;          // now, in the ensemble
  size_t watches = 0;           // now, at this member
  size_t znodes = 0;            // now
  size_t waiting_requests = 0;  // now
  uint64_t waiting_bytes = 0;   // now
};

class Replica {
 public:
  // `recovered`: see recovery.h. `seed`: random bits from the system.
  Replica(const Options& options, Recovered recovered, uint64_t seed);
  ~Replica();
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  // --- Peers and time -------------------------------------------------------
  void Step(const consensus::Envelope& envelope);
  void Step(const PeerEnvelope& envelope);
  // `elapsed_ms` of a monotonic clock since the last call; `wall_ms` since
  // 1970, for the times in Stats and for TTLs. About twice every heartbeat.
  void Tick(int64_t elapsed_ms, int64_t wall_ms);

  // --- The disk's answers to the jobs of output.h ---------------------------
  void Written(uint64_t id);
  void StorageFailed(const absl::Status& status);
  void SetDiskFull(bool full);
  // Slowest fsync of the last seconds.
  void ReportFsync(int64_t fsync_ms);
  void SnapshotPieceWritten();
  void SnapshotPublished(consensus::Zxid zxid, uint64_t size_bytes);
  void SnapshotFailed(const absl::Status& status);
  void SnapshotLoaded(
      absl::StatusOr<std::unique_ptr<tree::StateMachine>> state);

  // --- Clients --------------------------------------------------------------
  // A new connection; answered with Welcome or Goodbye.
  void Connect(ConnectionId connection, const Hello& hello);
  // Allowed at once after Connect(), without waiting for Welcome. Answered with
  // a Reply. After Goodbye, nothing is answered.
  void Submit(ConnectionId connection, ClientRequest request);
  // The connection is gone. Its session lives on until it expires.
  void Disconnect(ConnectionId connection);
  // A request without a session: `call` is used for it alone and forgotten with
  // the Reply. `pin` may be none.
  void SubmitCall(ConnectionId call, const consensus::ClientPin& pin,
                  std::vector<tree::Identity> identities,
                  ClientRequest request);

  // --- Operators ------------------------------------------------------------
  consensus::AdmissionDecision ChangeMembership(
      const consensus::MembershipChange& change);
  consensus::AdmissionDecision PlanMembership(
      const consensus::MembershipChange& change) const;
  // The change was refused lately, by ChangeMembership() of this leader, and
  // not made since: that decision. Else nullptr. Valid until the next call.
  const consensus::AdmissionDecision* RefusedChange(uint64_t change_id) const;
  absl::Status TransferLeadership(MemberId target);
  // Begins a snapshot now. FailedPrecondition: one is under way, or there is
  // nothing new since the last.
  absl::Status TakeSnapshot();

  Output TakeOutput();

  // --- What it knows --------------------------------------------------------
  const consensus::Core& core() const;
  const tree::StateMachine& state() const;
  Counters counters() const;
  // Calls `visit` for each pair of session and path that has watches here, with
  // the bits of their tree::WatchKinds, by session, then path, until it returns
  // false. It must not call the replica.
  void ForEachWatch(
      absl::FunctionRef<bool(absl::string_view path, tree::SessionId session,
                             uint8_t kinds)>
          visit) const;
  // A connection of this member uses the session.
  bool IsAttachedHere(tree::SessionId session) const;
  // Its answers can be trusted now: it belongs to an ensemble, knows a leader
  // or leads, and is not loading a snapshot.
  bool IsServing() const;
  // Why it has stopped for good; OK while it runs.
  absl::Status stop_reason() const;
  bool disk_full() const;

 private:
  class Impl;  // the parts: see the other headers of this folder
  std::unique_ptr<Impl> impl_;
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_REPLICA_H_
