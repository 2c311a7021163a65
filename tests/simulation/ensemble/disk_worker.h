// DiskWorker: carries out the disk jobs of one life of a member on its real
// storage over a simulated disk, as coord/replica/output.h demands, with one
// worker for the log, one for snapshots, and one for housekeeping.
//
// It takes the liberties that the contract leaves: batches share a sync or do
// not, are written early or late, and take their time. The power may go at any
// call of the disk.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_DISK_WORKER_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_DISK_WORKER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/output.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/storage/snapshot_writer.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/tree/state_machine.h"
#include "tests/simulation/ensemble/world.h"
#include "tests/simulation/event_queue.h"

namespace quorate::simulation {

struct DiskTimes {
  Micros min_sync = 200;
  Micros max_sync = 3'000;
  int slowness = 1;  // everything takes so many times as long
};

// What the worker tells the process that it works for.
class DiskListener {
 public:
  virtual ~DiskListener() = default;
  // Runs `action` after `delay` unless the process has ended by then.
  virtual void Later(Micros delay, std::function<void()> action) = 0;
  virtual void Written(uint64_t id) = 0;
  virtual void DiskFull(bool full) = 0;
  virtual void StorageFailed(const absl::Status& status) = 0;
  virtual void SnapshotPieceWritten() = 0;
  virtual void SnapshotPublished(consensus::Zxid zxid, uint64_t size) = 0;
  virtual void SnapshotFailed(const absl::Status& status) = 0;
  virtual void SnapshotLoaded(
      absl::StatusOr<std::unique_ptr<tree::StateMachine>> state) = 0;
  // The disk has lost its power. The worker does nothing any more.
  virtual void PowerLost() = 0;
};

class DiskWorker {
 public:
  // All must outlive it.
  DiskWorker(EnsembleWorld& world, storage::FaultFileSystem& disk,
             storage::MemberStorage& storage, const DiskTimes& times,
             DiskListener& listener)
      : world_(world),
        disk_(disk),
        storage_(storage),
        times_(times),
        listener_(listener) {}

  void Add(replica::Job job);

 private:
  // The publication of a snapshot: three steps on two workers.
  struct Check {
    consensus::Zxid zxid;
  };
  struct Name {
    consensus::Zxid zxid;
  };
  struct Publish {
    storage::SnapshotInfo info;
  };
  struct Remove {
    std::vector<std::string> files;
  };
  struct WaitingLoad {
    consensus::Zxid zxid;
    uint64_t after = 0;  // batches that must be durable before
  };
  using LogJob =
      std::variant<replica::WriteBatch, Check, Publish, replica::Compact>;
  using HousekeepingJob = std::variant<Name, Remove>;
  using SnapshotJob =
      std::variant<replica::SnapshotBegin, replica::SnapshotPiece,
                   replica::SnapshotFinish, replica::SnapshotAbandon,
                   WaitingLoad>;

  Micros Duration();
  void StartLog();
  void WriteEarly();
  void FinishLog();
  absl::Status WriteGroup(size_t count);
  void AcknowledgeGroup();
  absl::Status DoCheck(const Check& check);
  absl::Status DoCompact(const replica::Compact& compact);
  void DoPublish(const Publish& publish);
  void OnLogError(const absl::Status& status);

  void StartSnapshot();
  void FinishSnapshot();
  void Do(const replica::SnapshotBegin& begin);
  void Do(const replica::SnapshotPiece& piece);
  void Do(const replica::SnapshotFinish& finish);
  void Do(const replica::SnapshotAbandon& abandon);
  void Do(const WaitingLoad& load);
  void FailSnapshot(const absl::Status& status);
  bool IsUnderWay(consensus::Zxid zxid) const {
    return writer_ != nullptr && writer_zxid_ == zxid;
  }

  void StartHousekeeping();
  void FinishHousekeeping();
  absl::Status Do(const Name& name);
  absl::Status Do(const Remove& remove);

  // False: the power is gone.
  bool HasPower();

  EnsembleWorld& world_;
  storage::FaultFileSystem& disk_;
  storage::MemberStorage& storage_;
  const DiskTimes& times_;
  DiskListener& listener_;
  bool stopped_ = false;

  std::deque<LogJob> log_jobs_;
  size_t group_ = 0;    // jobs at the head that are under way
  size_t written_ = 0;  // of these, batches handed to storage
  bool acknowledged_ = false;
  bool full_ = false;
  uint64_t batches_added_ = 0;
  uint64_t batches_done_ = 0;

  std::deque<SnapshotJob> snapshot_jobs_;
  bool snapshot_busy_ = false;
  std::unique_ptr<storage::SnapshotWriter> writer_;
  consensus::Zxid writer_zxid_;  // as in SnapshotBegin

  std::deque<HousekeepingJob> housekeeping_jobs_;
  bool housekeeping_busy_ = false;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_DISK_WORKER_H_
