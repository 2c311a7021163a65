// Disk: carries out a replica's jobs on the threads of the log, of snapshots
// and of housekeeping, and brings their answers back to the replica's thread.

#ifndef QUORATE_COORD_SERVER_DISK_DISK_H_
#define QUORATE_COORD_SERVER_DISK_DISK_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/output.h"
#include "coord/rpc/host.h"
#include "coord/server/disk/housekeeping_thread.h"
#include "coord/server/disk/log_thread.h"
#include "coord/server/disk/log_worker.h"
#include "coord/server/disk/snapshot_source.h"
#include "coord/server/disk/snapshot_thread.h"
#include "coord/server/disk/snapshot_worker.h"
#include "coord/server/logger.h"
#include "coord/server/timings.h"
#include "coord/storage/member_storage.h"
#include "coord/tree/state_machine.h"

namespace quorate::server {

class Disk final : private LogReport, private SnapshotReport {
 public:
  // Starts the threads. All must outlive this. What is posted to `host` refers
  // to this: the host runs no work any more when this is destroyed.
  Disk(storage::MemberStorage& storage, rpc::ReplicaHost& host,
       Timings& timings, Logger& logger);
  // Stops.
  ~Disk() override;

  // Takes the jobs of one output. Called on the replica's thread alone; does
  // not block.
  void Do(std::vector<replica::Job> jobs);

  rpc::SnapshotSource& snapshots() { return source_; }

  // Makes durable what was given, settles the log, ends the threads. Nothing
  // may be given any more. Returns what came of settling. Call once.
  absl::Status Stop();

 private:
  // On the log's thread.
  void Written(uint64_t id) override;
  void DiskFull(bool full) override;
  void Fsync(int64_t slowest_ms) override;
  void SegmentWanted() override;
  // On any of the threads.
  void StorageFailed(const absl::Status& status) override;
  void PieceWritten(uint64_t turn) override;
  void Published(uint64_t turn, consensus::Zxid zxid,
                 uint64_t size_bytes) override;
  void Failed(uint64_t turn, const absl::Status& status) override;
  void Loaded(
      absl::StatusOr<std::unique_ptr<tree::StateMachine>> state) override;

  void PostToLog(LogWork work);
  LogJob MakeJob(replica::Compact compact, int64_t now_us);
  LogJob MakeJob(replica::LoadSnapshot load, int64_t now_us);

  rpc::ReplicaHost& host_;
  Logger& logger_;
  DiskSnapshotSource source_;
  // Of the snapshot under way, or given up last. The replica's thread's.
  uint64_t turn_ = 0;
  HousekeepingThread housekeeping_;
  LogThread log_;
  SnapshotThread snapshots_;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_DISK_DISK_H_
