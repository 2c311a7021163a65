// Replica::Impl: ties the parts of the replica together.
//
//   replica_connections.cc   a connection from Hello to Goodbye
//   replica_requests.cc      requests: taking in, answering in order
//   replica_writes.cc        writes on their way to the leader
//   replica_peers.cc         messages of the other replicas
//   replica_apply.cc         applying, and who is told
//   replica_snapshots.cc     snapshots, made and installed
//   replica.cc               the rest: time, outputs, stopping
//
// REPLICA.md tells how they work together.

#ifndef QUORATE_COORD_REPLICA_REPLICA_IMPL_H_
#define QUORATE_COORD_REPLICA_REPLICA_IMPL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/ids.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/client_pin.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/replica/connections.h"
#include "coord/replica/digest_log.h"
#include "coord/replica/options.h"
#include "coord/replica/output.h"
#include "coord/replica/peer_message.h"
#include "coord/replica/pending_writes.h"
#include "coord/replica/proposer.h"
#include "coord/replica/read_batches.h"
#include "coord/replica/recent_sessions.h"
#include "coord/replica/refused_changes.h"
#include "coord/replica/replica.h"
#include "coord/replica/snapshotter.h"
#include "coord/replica/watch_history.h"
#include "coord/tree/acl.h"
#include "coord/tree/event.h"
#include "coord/tree/session_id.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/txn.h"
#include "coord/tree/txn_result.h"
#include "coord/tree/watches.h"

namespace quorate::replica {

// A snapshot that is about to replace the state.
struct SnapshotInstall {
  consensus::Zxid zxid;
  uint64_t batch = 0;  // that installs it; 0: it is durable
  size_t loads = 0;    // LoadSnapshots that were not answered
};

class Replica::Impl {
 public:
  Impl(const Options& options, Recovered recovered, uint64_t seed);

  // replica.cc
  void Tick(int64_t elapsed_ms, int64_t wall_ms);
  // The core was given something: whether it leads may have changed.
  void ObserveCore();
  Output TakeOutput();
  // Ends everything (rule 21, and what else cannot be mended).
  void Stop(const absl::Status& why);
  Counters CountersNow() const;
  bool IsServing() const;

  // replica_connections.cc
  void Connect(ConnectionId id, const Hello& hello);
  void Call(ConnectionId id, const consensus::ClientPin& pin,
            std::vector<tree::Identity> identities, ClientRequest request);
  void Disconnect(ConnectionId id);

  // replica_requests.cc
  void Submit(ConnectionId id, ClientRequest request);

  // replica_peers.cc
  void OnPeer(const PeerEnvelope& envelope);

  // replica_snapshots.cc
  absl::Status TakeSnapshot();
  void SnapshotPublished(consensus::Zxid zxid, uint64_t size_bytes);
  void SnapshotFailed();
  void Written(uint64_t id);
  void SnapshotLoaded(
      absl::StatusOr<std::unique_ptr<tree::StateMachine>> state);

  consensus::Core& core() { return core_; }
  const consensus::Core& core() const { return core_; }
  const tree::StateMachine& state() const { return *state_; }
  const tree::Watches& watches() const { return watches_; }
  const Connections& connections() const { return connections_; }
  Snapshotter& snapshotter() { return snapshotter_; }
  RefusedChanges& refused_changes() { return refused_changes_; }
  const RefusedChanges& refused_changes() const { return refused_changes_; }
  std::vector<Job>& jobs() { return output_.jobs; }
  const absl::Status& stop_reason() const { return stop_reason_; }
  bool disk_full() const { return disk_full_; }
  void SetDiskFull(bool full);

 private:
  // --- replica.cc
  void Absorb(consensus::Output output);
  void SaveRemoval(const consensus::Output& output);
  // Writes can be handed to the leader now: it is known, and this member has
  // applied its NEWLEADER, and so all that earlier leaders have left.
  bool CanSend() const;
  // The leader, perhaps this member, can be asked about sessions.
  bool CanAsk() const;
  int64_t LeaderlessMs() const;
  static constexpr size_t kRecentSessions = 50'000;
  static constexpr size_t kRefusedChanges = 64;
  void TellDigest();
  void Deliver(ConnectionId connection, ServerMessage message);
  void SendToPeer(MemberId to, const std::string& address, PeerMessage message);

  // --- replica_connections.cc
  // OK: may be served.
  absl::Status CheckPin(const Connection& connection) const;
  // Takes all connections that are not served as far as they get now.
  void AdvanceConnecting();
  void AdvanceOne(ConnectionId id);
  void Advance(Connection& connection);
  void LeavePin(Connection& connection);
  void OpenSession(Connection& connection);
  void AskForSession(Connection& connection);
  void OnAttached(const SessionAttached& attached);
  void WelcomeOrClose(Connection& connection);
  // The connection ends with a Goodbye; the reference is void afterwards.
  void Close(Connection& connection, const absl::Status& status);
  void Forget(Connection& connection);
  // Heard of a client.
  void Touch(Connection& connection);
  void SendTouches();
  // Clients that had better look for another member.
  void CloseLeaderless();

  // --- replica_requests.cc
  void Enqueue(Connection& connection, ClientRequest request);
  void TakeInAll(Connection& connection);
  void TakeIn(Connection& connection, QueuedRequest& queued);
  void TakeInIdentity(Connection& connection, QueuedRequest& queued,
                      const tree::Identity& identity);
  void TakeInWrite(Connection& connection, QueuedRequest& queued,
                   WriteRequest& write);
  void TakeInSessionWrite(Connection& connection, QueuedRequest& queued,
                          WriteRequest& write);
  // Answers what can be answered at the head of the queue. With `before`: also
  // the reads in front of that write of the session, which is about to be
  // applied. The connection may be gone afterwards.
  void Pump(ConnectionId id, std::optional<int64_t> before = std::nullopt);
  std::optional<Reply> TryAnswer(Connection& connection, QueuedRequest& queued,
                                 bool now);
  std::optional<Reply> AnswerWrite(const Connection& connection,
                                   const WriteRequest& write) const;
  Reply AnswerRead(Connection& connection, const ReadRequest& read);
  Reply AnswerAddWatch(Connection& connection, const AddWatch& add);
  Reply AnswerRemoveWatch(Connection& connection, const RemoveWatch& remove);
  Reply AnswerPing() const;
  void TickDeadlines();

  // --- replica_writes.cc
  void SendWrites();
  void ForwardWrites();
  void OnVerdict(const WriteKey& key, const Verdict& verdict);
  // The leader has not taken the write and never will because of what it was
  // sent.
  void OnRefused(const WriteKey& key, const absl::Status& why);
  void RefuseSessionWrite(Connection& connection, int64_t request_id,
                          const absl::Status& why);
  void AnswerCall(Connection& connection, Reply reply);

  // --- replica_peers.cc
  bool IsAdmissible(const PeerEnvelope& envelope) const;
  void OnForward(const PeerEnvelope& envelope, const Forward& forward);
  void OnForwardRefused(const PeerEnvelope& envelope,
                        const ForwardRefused& refused);
  void OnAttachSession(const PeerEnvelope& envelope,
                       const AttachSession& attach);
  void OnTouches(const PeerEnvelope& envelope, const SessionTouches& touches);

  // --- replica_apply.cc
  // Applies what is committed, up to a bound of work.
  void ApplyCommitted();
  absl::Status ApplyRecord(const consensus::Record& record);
  absl::Status ApplyTxn(consensus::Zxid zxid, const tree::Txn& txn);
  // What the same connection has asked before this write must not see it.
  void AnswerBefore(const tree::Txn& txn);
  void TellWatchers(const std::vector<tree::TreeEvent>& events);
  void TellAsker(consensus::Zxid zxid, const tree::Txn& txn,
                 const tree::TxnResult& result);
  void OnSessionClosed(consensus::Zxid zxid, const tree::Txn& txn,
                       const tree::TxnResult& result);
  void OnSessionOpened(const tree::Txn& txn, const std::string& password);
  void Diverged(const Divergence& divergence);
  // Where a divergence comes from, if the members are UNSAFE.
  std::string WhyDiverged() const;

  // --- replica_snapshots.cc
  void MaybeTakeSnapshot();
  void BeginSnapshot();
  void BeginInstall(uint64_t batch, const consensus::SnapshotMeta& meta);
  // Unsafe static membership: back to the newest snapshot, see
  // consensus::Output::roll_back.
  void BeginRollBack();
  // `state` takes the place of what was applied here.
  void TakeState(std::unique_ptr<tree::StateMachine> state);
  void SettleReadsBeforeLoad(const tree::StateMachine& next);
  // Of the first `end` requests, those not answered that show the state, or
  // only the linearizable reads that wait for their confirmation.
  void RefuseReads(Connection& connection, size_t end, bool linearizable_only);
  void TellGaps();
  void SettleWritesAfterLoad();

  const Options options_;
  SeededRandom random_;
  consensus::Core core_;
  std::unique_ptr<tree::StateMachine> state_;

  int64_t now_ms_ = 0;
  int64_t wall_ms_ = 0;
  bool disk_full_ = false;
  absl::Status stop_reason_;
  Counters counters_;
  Output output_;

  // Who leads, as it was seen last, and when nobody did.
  std::pair<MemberId, consensus::Epoch> leader_;
  int64_t led_ms_ = 0;                // the last time a leader was known
  std::optional<Proposer> proposer_;  // while this member leads

  RefusedChanges refused_changes_{kRefusedChanges};

  Connections connections_;
  std::vector<ConnectionId> touched_;
  RecentSessions opened_{kRecentSessions};  // anywhere in the ensemble
  PendingWrites writes_;
  ReadBatches reads_;
  tree::Watches watches_;
  WatchHistory history_;
  DigestLog digests_;
  consensus::Zxid digest_told_;
  int64_t tell_digest_at_ms_ = 0;

  std::deque<consensus::Record> to_apply_;
  Snapshotter snapshotter_;
  uint64_t applied_bytes_ = 0;     // of log, since the last snapshot
  uint64_t snapshot_bytes_ = 0;    // the same, when the one under way began
  int64_t snapshot_after_ms_ = 0;  // after a failure: not before

  // Until it is loaded, nothing is applied or answered.
  std::optional<SnapshotInstall> install_;
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_REPLICA_IMPL_H_
