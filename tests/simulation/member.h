// SimMember: one simulated process, and its machine's disk and clock.
//
// It drives a Core as output.h demands, and takes the liberties that the
// contract leaves: several outputs share a sync, messages leave before or after
// the write, records are applied at once or late, several inputs give one
// output. It may crash between any two of these steps.

#ifndef QUORATE_TESTS_SIMULATION_MEMBER_H_
#define QUORATE_TESTS_SIMULATION_MEMBER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/core.h"
#include "coord/consensus/message.h"
#include "coord/consensus/options.h"
#include "coord/consensus/output.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/applied_state.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/world.h"

namespace quorate::simulation {

// How a member's driver behaves within the contract.
struct DriverOptions {
  // A tick comes after a time drawn evenly from here.
  Micros min_tick = 50 * kMillisecond;
  Micros max_tick = 50 * kMillisecond;
  // Chance that an output's messages wait for its sync, and that an input's
  // output is taken only together with that of the next.
  uint32_t send_late_per_million = 0;
  uint32_t batch_inputs_per_million = 0;
  // Longest time before a committed record is applied; 0: at once.
  Micros max_apply_delay = 0;
  // A snapshot is taken every so many records; 0: never.
  uint64_t snapshot_records = 0;
  // Least bytes of a snapshot.
  size_t snapshot_bytes = 64;
};

struct MemberSpec {
  MemberId id = {};
  std::string address = {};
  // As in consensus::Options: for an empty disk, exactly one of these.
  std::optional<consensus::Manifest> manifest = {};
  std::vector<std::string> seeds = {};
};

struct ReadAnswer {
  bool ok = false;  // false: no confirmation
  consensus::Zxid zxid;
};

class SimMember {
 public:
  SimMember(World& world, int index, MemberSpec spec,
            const consensus::Options& core, const DiskOptions& disk,
            const DriverOptions& driver);

  // --- The process -----------------------------------------------------------
  // Starts on what the disk holds. FailedPrecondition: another member listens
  // at the address. DataLoss: the disk is damaged (rule 21).
  absl::Status Start();
  // Orderly: waits for nothing, but loses nothing that was written.
  void Stop();
  // Loses what is not durable.
  void Crash();
  // SIGSTOP and SIGCONT: meanwhile messages and syncs queue up.
  void Pause();
  void Resume();
  // Parts per million that its clock runs faster than true time.
  void SetClockDrift(int64_t ppm) { drift_ppm_ = ppm; }
  // Lets its clock jump: it does not wait for this time.
  void Elapse(int64_t ms);

  // What happens to a process; called when an event of it is due.
  void Handle(const QueuedEvent& event);
  void Deliver(const consensus::Envelope& envelope);

  // --- Requests. REQUIRES: running(), and, but for Read(), not paused().
  // ---------------------------
  absl::StatusOr<consensus::Zxid> Propose(Bytes payload);
  // Returns the token; see answer(). A paused process finds the request in its
  // socket when it goes on.
  uint64_t Read();
  consensus::AdmissionDecision Change(
      const consensus::MembershipChange& change);
  absl::Status Transfer(MemberId target);

  // --- What is known of it ---------------------------------------------------
  int index() const { return index_; }
  MemberSpec& spec() { return spec_; }
  const MemberSpec& spec() const { return spec_; }
  bool running() const { return core_ != nullptr; }
  bool paused() const { return paused_; }
  int64_t clock_drift_ppm() const { return drift_ppm_; }
  // REQUIRES: running().
  const consensus::Core& core() const { return *core_; }
  // Overrides for the next start: flow control, last counter and the like.
  consensus::Options& core_options() { return options_; }
  DriverOptions& driver_options() { return driver_; }
  const AppliedState& applied() const { return applied_; }
  std::optional<ReadAnswer> answer(uint64_t token) const;
  // True if proposals of its clients wait for their commit.
  size_t proposals_pending() const { return proposals_.size(); }
  // The ensemble it belongs to, by its disk if it is down.
  EnsembleId ensemble() const;

  // --- Its disk --------------------------------------------------------------
  Disk& disk() { return disk_; }
  const Disk& disk() const { return disk_; }
  const DiskOptions& disk_options() const { return disk_options_; }
  // Syncs take so many times as long. 1: normal.
  void SetDiskSlowness(int factor) { slowness_ = factor; }
  int disk_slowness() const { return slowness_; }
  // Nothing becomes durable until there is room again.
  void SetDiskFull(bool full);
  bool disk_full() const { return disk_full_; }
  // The next sync fails.
  void FailNextSync() { fail_sync_ = true; }
  void ClearSyncFailure() { fail_sync_ = false; }

 private:
  // An output whose writes are not known durable.
  struct Unsynced {
    uint64_t persist_id = 0;
    uint64_t mark = 0;  // its last write
    bool installs = false;
    std::vector<consensus::Envelope> messages;  // that leave after the sync
  };
  struct WaitingRead {
    uint64_t token = 0;
    consensus::Zxid zxid;
  };

  MemberView View() const;
  void ForgetProcess();
  void RequestReads(const std::vector<uint64_t>& tokens);
  void NoteDurable();  // tells the checks what the disk holds

  // member_output.cc: working through an output.
  void Drain();
  void MaybeDrain();
  void WorkThrough(consensus::Output output);
  void CountEvents(const std::vector<consensus::Event>& events);
  void HashOutput(const consensus::Output& output);
  void SendAll(std::vector<consensus::Envelope>& messages);
  bool FillChunk(consensus::SnapshotChunk& chunk);
  void CheckInstall(consensus::Zxid zxid);
  void StartSync();
  void OnSynced();
  void OnSyncFailed();
  void FailStorage(const std::string& what);
  void InstallReceived();
  void ApplyDue();
  void ApplyOne(const consensus::Record& record);
  void AnswerReads();
  void MaybeStartSnapshot();
  void OnSnapshotStored();
  void OnTick();
  void ScheduleTick();
  void Schedule(Micros delay, EventType type);
  Micros SyncTime();
  void NoteSyncTime(Micros took);
  void ReportSyncTime();

  World& world_;
  const int index_;
  MemberSpec spec_;
  consensus::Options options_;
  DiskOptions disk_options_;
  DriverOptions driver_;

  // The machine.
  Disk disk_;
  int slowness_ = 1;
  bool disk_full_ = false;
  bool fail_sync_ = false;
  int64_t drift_ppm_ = 0;

  // The process; all of this is lost when it ends.
  uint32_t life_ = 0;
  std::unique_ptr<consensus::Core> core_;
  bool paused_ = false;
  std::vector<QueuedEvent> backlog_;  // while paused
  std::vector<consensus::Envelope> backlog_messages_;
  std::vector<uint64_t> backlog_reads_;  // tokens
  Micros ticked_at_ = 0;
  int64_t clock_rest_ = 0;  // of a millisecond, in 10^-6 microseconds
  std::deque<Unsynced> unsynced_;
  bool snapshot_unreadable_ = false;
  bool storage_failed_ = false;  // nothing is written any more
  bool syncing_ = false;
  uint64_t sync_mark_ = 0;
  Micros sync_began_ = 0;
  Micros slowest_sync_ = 0;    // in the present period
  Micros slowest_before_ = 0;  // in the one before
  Micros period_began_ = 0;
  AppliedState applied_;
  uint64_t snapshot_count_ = 0;  // records in the newest snapshot
  std::deque<consensus::Record> to_apply_;
  bool apply_scheduled_ = false;
  struct OwnSnapshot {
    consensus::SnapshotMeta meta;
    Bytes content;
    uint64_t count = 0;
  };
  std::optional<OwnSnapshot> own_snapshot_;  // being written
  std::map<consensus::Zxid, Bytes> proposals_;
  uint64_t next_token_ = 1;
  std::map<uint64_t, consensus::Zxid> reads_;  // by token: when they began
  std::vector<WaitingRead> waiting_reads_;     // answered, not applied so far
  std::map<uint64_t, ReadAnswer> answers_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_MEMBER_H_
