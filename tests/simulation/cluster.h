// Cluster: any number of members in one process, with simulated clock, network
// and disks. Both the swarm and the text scenarios drive this class.
//
//   Cluster cluster({.seed = 7});
//   cluster.AddFounders(3, consensus::Limits{});
//   cluster.RunUntil([&] { return cluster.Leader() >= 0; }, 10 * kSecond);
//   cluster.Crash(cluster.Leader());
//   absl::Status healed = cluster.Converge(30 * kSecond);
//
// Members are named by their index, 0, 1, 2, ..., in the order in which they
// were added; ids start at 1. The defaults are calm: constant delays, no loss,
// no liberties of the driver. The same options and the same calls give the same
// run, on every machine. Every check runs after every step; see violations().
//
// Not thread-safe; different clusters may run on different threads.

#ifndef QUORATE_TESTS_SIMULATION_CLUSTER_H_
#define QUORATE_TESTS_SIMULATION_CLUSTER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/message.h"
#include "coord/consensus/options.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/member.h"
#include "tests/simulation/network.h"
#include "tests/simulation/statistics.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/world.h"

namespace quorate::simulation {

struct ClusterOptions {
  uint64_t seed = 1;
  // Of every member; address, manifest, seeds and fresh_ensemble_id are set for
  // each by itself.
  consensus::Options core = {};
  NetworkOptions network = {};
  DiskOptions disk = {};
  DriverOptions driver = {};
};

// "m3:1" for member id 3.
std::string DefaultAddress(MemberId id);

class Cluster {
 public:
  explicit Cluster(const ClusterOptions& options);

  // --- Members
  // ----------------------------------------------------------------- Adds a
  // member with an empty disk, not started. No id: the next free one; no
  // address: DefaultAddress() of the id. Returns its index.
  int Add(MemberSpec spec);
  // Adds `count` founders of one ensemble and starts them.
  std::vector<int> AddFounders(int count, const consensus::Limits& limits);
  // The manifest that these members would found an ensemble from.
  consensus::Manifest ManifestOf(absl::Span<const int> members,
                                 const consensus::Limits& limits) const;
  // Adds a member that asks at `seeds` for admission, and starts it.
  int AddJoiner(std::vector<std::string> seeds);

  int size() const { return static_cast<int>(members_.size()); }
  // REQUIRES: 0 <= index < size(), as for every index below.
  SimMember& member(int index) { return *members_[index]; }
  const SimMember& member(int index) const { return *members_[index]; }
  // The newest member (highest index) with this id or address; -1: none.
  int IndexOf(MemberId id) const;
  int IndexOfAddress(const std::string& address) const;
  // REQUIRES: it runs.
  const consensus::Core& core(int index) const {
    return members_[index]->core();
  }
  bool IsUp(int index) const { return members_[index]->running(); }

  // --- Processes
  // ----------------------------------------------------------------- As
  // SimMember's; each is traced, and counted as a fault where it is one.
  absl::Status Start(int index);
  void Stop(int index);  // no-op if down, as is Crash
  void Crash(int index);
  // Crashes it if it is up, and starts it again.
  absl::Status Restart(int index);
  // Likewise, with other options: another manifest, seeds or address.
  absl::Status RestartWith(int index, MemberSpec spec);
  void Pause(int index);
  void Resume(int index);
  void SetClockDrift(int index, int64_t ppm);
  // Lets the member's clock jump by `ms`, as if it had not run meanwhile.
  void Elapse(int index, int64_t ms);

  // --- Disks -----------------------------------------------------------------
  // Crashes the member and empties its disk: same id, new incarnation at the
  // next start. It stays down.
  void Wipe(int index);
  // A backup of the durable part, for CopyBack(), which crashes the member and
  // leaves it down.
  Disk SaveDisk(int index) const;
  void CopyBack(int index, const Disk& saved);
  void SetDiskSlowness(int index, int factor);
  void SetDiskFull(int index, bool full);
  void FailNextSync(int index);
  // Flips bits in what is durable: anything, or the record at `zxid`. False if
  // there is nothing. A running member does not notice before it restarts.
  bool Rot(int index);
  bool RotRecord(int index, consensus::Zxid zxid);
  void MisdirectNextWrite(int index);

  // --- Network
  // ----------------------------------------------------------------- Links,
  // partitions and options: see Network.
  Network& network() { return world_.network; }
  const Network& network() const { return world_.network; }
  void Partition(absl::Span<const std::vector<int>> groups);
  void Isolate(int index);
  void CutLink(int from, int to);
  void HealLink(int from, int to);
  void HealNetwork();
  // Puts a message into the network as if its sender had sent it just now.
  void Inject(int from, consensus::Envelope envelope);

  // Ends every fault but those of processes that are down and disks that are
  // lost: cuts, bad network, pauses, drift, slow, full and failing disks.
  void HealAll();

  // --- Requests
  // -----------------------------------------------------------------
  // Unavailable if the member is down or paused; else as Core's.
  absl::StatusOr<consensus::Zxid> Propose(int index, Bytes payload);
  // Proposes 8 to 8 + `extra_bytes` bytes that were never proposed before.
  absl::StatusOr<consensus::Zxid> ProposeNext(int index,
                                              uint64_t extra_bytes = 0);
  // A linearizable read: returns its token for ReadResult(). The answer is
  // compared with what had been acknowledged to any client by now. A paused
  // member answers when it goes on.
  absl::StatusOr<uint64_t> Read(int index);
  // Nothing: not answered so far.
  std::optional<ReadAnswer> ReadResult(int index, uint64_t token) const;
  absl::StatusOr<consensus::AdmissionDecision> Change(
      int index, const consensus::MembershipChange& change);
  absl::StatusOr<consensus::AdmissionDecision> Plan(
      int index, const consensus::MembershipChange& change) const;
  absl::Status Transfer(int index, MemberId target);
  // A change with a fresh id, decided on the newest configuration of `index`.
  consensus::MembershipChange NewChange(int index);
  // How `index` is named when it is added to a configuration. REQUIRES: its
  // disk is not empty.
  consensus::Member AsMember(int index) const;

  // --- Time -----------------------------------------------------------------
  Micros now() const { return world_.queue.now(); }
  void RunFor(Micros duration);
  // Runs until `done` holds, which is asked after every event. False if it
  // does not within `limit`.
  bool RunUntil(absl::FunctionRef<bool()> done, Micros limit);

  // --- What is known
  // ----------------------------------------------------------- The running
  // leader of the highest epoch, of any ensemble or this one; -1 if there is
  // none.
  int Leader() const;
  int Leader(const EnsembleId& ensemble) const;
  // The ensemble of the member with the lowest index that belongs to one.
  EnsembleId MainEnsemble() const;

  // HealAll(), then runs until, in MainEnsemble(), the newest configuration is
  // committed and not joint, and all its live members agree on the end of the
  // log, the commit point and everything applied; then commits one proposal
  // more, everywhere. DeadlineExceeded tells what was missing.
  absl::Status Converge(Micros limit);
  // Without the healing, and only of members that `counts` holds for.
  absl::Status AwaitConvergence(const EnsembleId& ensemble, Micros limit,
                                absl::FunctionRef<bool(int)> counts);
  // What stands between now and that; empty: nothing.
  std::string MissingForConvergence(const EnsembleId& ensemble,
                                    absl::FunctionRef<bool(int)> counts) const;

  const std::vector<Violation>& violations() const { return world_.violations; }
  // Reports a violation that the caller has found, such as lost liveness.
  void Report(const std::string& check, std::string text);
  const Ledger& ledger() const { return world_.ledger; }
  const Statistics& statistics() const { return world_.statistics; }
  Statistics& statistics() { return world_.statistics; }
  // For the caller's own choices: part of the one stream of the seed.
  SeededRandom& random() { return world_.random; }

  void SetTrace(Trace::Sink sink) { world_.trace.SetSink(std::move(sink)); }
  Trace& trace() { return world_.trace; }
  // Hash over everything that has happened so far.
  uint64_t fingerprint() const { return world_.trace.fingerprint(); }

  // One line a member: "0 id=1 leader epoch=3 last=3:17 commit=3:17 v5 {1 2
  // 3}".
  std::string Describe() const;
  std::string Describe(int index) const;

 private:
  void Step();
  void Fault(FaultKind kind, int member, uint64_t number = 0);
  absl::Status RequireServing(int index) const;

  ClusterOptions options_;
  World world_;
  std::vector<std::unique_ptr<SimMember>> members_;
  uint64_t next_id_ = 1;
  uint64_t next_payload_ = 1;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CLUSTER_H_
