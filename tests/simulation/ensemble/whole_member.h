// WholeMember: one machine, and the member's process that runs on it.
//
// The process is the code that ships: replica::Replica over
// storage::MemberStorage. The machine's disk, clock and network are simulated.
// It may crash between any two steps of working through an output, and at any
// call of its disk.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_WHOLE_MEMBER_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_WHOLE_MEMBER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/ids.h"
#include "coord/consensus/options.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/replica/options.h"
#include "coord/replica/output.h"
#include "coord/replica/replica.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/storage/write_ahead_log.h"
#include "coord/tree/state_machine.h"
#include "tests/simulation/ensemble/disk_worker.h"
#include "tests/simulation/ensemble/ledger.h"
#include "tests/simulation/ensemble/peer_network.h"
#include "tests/simulation/ensemble/wire.h"
#include "tests/simulation/ensemble/world.h"
#include "tests/simulation/event_queue.h"

namespace quorate::simulation {

struct WholeMemberSpec {
  MemberId id = {};
  std::string address = {};
  // As in consensus::Options: for an empty disk, exactly one of these.
  std::optional<consensus::Manifest> manifest = {};
  std::vector<std::string> seeds = {};
};

struct MemberDriverOptions {
  replica::Options replica;
  storage::LogOptions log;
  DiskTimes disk;
  Micros min_tick = 25 * kMillisecond;
  Micros max_tick = 50 * kMillisecond;
  // Chance that an input's output is taken only some time later.
  uint32_t late_output_per_million = 0;
};

class WholeMember final : private DiskListener {
 public:
  WholeMember(EnsembleWorld& world, Ledger& ledger, PeerNetwork& peers,
              Wire& wire, int index, WholeMemberSpec spec,
              const MemberDriverOptions& options);
  ~WholeMember() override;

  // --- The process ----------------------------------------------------------
  // ------------------------------------------------------------- Starts on
  // what the disk holds; formats an empty one. Unavailable: the disk lost its
  // power meanwhile.
  absl::Status Start();
  // The power goes: what is not durable is lost, as `loss` says.
  void Crash(storage::CrashLoss loss);
  // SIGSTOP and SIGCONT: meanwhile everything queues up.
  void Pause() { paused_ = true; }
  void Resume();
  // Crashes after so many steps of working through outputs.
  void CrashWithin(int steps) { steps_to_crash_ = steps; }
  void SetClockDrift(int64_t ppm) { drift_ppm_ = ppm; }
  // The disk is gone for ever, and the member with it.
  void Destroy();

  void Receive(const PeerPayload& payload);
  void Receive(replica::ConnectionId connection, const UpMessage& message);

  // Gives the replica an input, and works through what comes of it. REQUIRES:
  // running() and not paused().
  void Feed(absl::FunctionRef<void(replica::Replica&)> input);

  // --- What is known of it --------------------------------------------------
  int index() const { return index_; }
  const WholeMemberSpec& spec() const { return spec_; }
  bool running() const { return process_ != nullptr; }
  bool paused() const { return paused_; }
  bool destroyed() const { return destroyed_; }
  bool active() const { return running() && !paused_; }
  // Of the process; 0: none runs.
  uint32_t life() const { return running() ? life_ : 0; }
  // REQUIRES: running().
  const replica::Replica& replica() const { return *process_->replica; }
  storage::FaultFileSystem& disk() { return disk_; }
  DiskTimes& disk_times() { return options_.disk; }
  // The storage of this process has failed.
  bool storage_failed() const { return storage_failed_; }
  // Adds what the present process has counted to the statistics.
  void CountProcess();

 private:
  struct Process {
    std::unique_ptr<storage::MemberStorage> storage;
    std::unique_ptr<replica::Replica> replica;
    std::unique_ptr<DiskWorker> worker;
  };

  // DiskListener.
  void Later(Micros delay, std::function<void()> action) override;
  void Written(uint64_t id) override;
  void DiskFull(bool full) override;
  void StorageFailed(const absl::Status& status) override;
  void SnapshotPieceWritten() override;
  void SnapshotPublished(consensus::Zxid zxid, uint64_t size) override;
  void SnapshotFailed(const absl::Status& status) override;
  void SnapshotLoaded(
      absl::StatusOr<std::unique_ptr<tree::StateMachine>> state) override;
  void PowerLost() override;

  storage::CrashLoss AnyLoss();
  absl::StatusOr<storage::OpenedStorage> OpenDisk();
  void Run(std::function<void()> action);  // when it is not paused
  void ScheduleTick();
  void OnTick();
  void ScheduleDrain(Micros delay);
  void Drain();
  void WorkThrough(replica::Output output);
  void SendChunk(consensus::Envelope envelope);
  void CountEvents(const std::vector<consensus::Event>& events);
  // True: the process has just died.
  bool DiesNow();
  void NoteSync();
  void Observe();

  EnsembleWorld& world_;
  Ledger& ledger_;
  PeerNetwork& peers_;
  Wire& wire_;
  const int index_;
  const WholeMemberSpec spec_;
  MemberDriverOptions options_;

  // The machine.
  storage::FaultFileSystem disk_;
  int64_t drift_ppm_ = 0;
  int64_t wall_offset_ms_ = 0;
  bool destroyed_ = false;

  // The process; all of this is lost when it ends.
  std::shared_ptr<Process> process_;
  uint32_t life_ = 0;
  bool paused_ = false;
  std::vector<std::function<void()>> backlog_;  // while paused
  bool drain_scheduled_ = false;
  bool storage_failed_ = false;
  int steps_to_crash_ = 0;  // 0: it does not
  Micros ticked_at_ = 0;
  int64_t clock_rest_ = 0;  // of a millisecond, in 10^-6 microseconds
  Micros sync_began_ = 0;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_WHOLE_MEMBER_H_
