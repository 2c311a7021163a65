// SnapshotWorker: does the snapshot jobs of a replica, except for what must
// stand in one order with the log, which it hands to the log's thread, and the
// naming in between, which it hands to housekeeping. Without a thread of its
// own (snapshot_thread.h has it).
//
// Each snapshot of the member's own has a number, its turn, which is in every
// answer, so that late answers about one that was given up can be told apart.
//
// Not thread-safe.

#ifndef QUORATE_COORD_SERVER_DISK_SNAPSHOT_WORKER_H_
#define QUORATE_COORD_SERVER_DISK_SNAPSHOT_WORKER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/output.h"
#include "coord/server/disk/housekeeping_thread.h"
#include "coord/server/disk/log_worker.h"
#include "coord/server/timings.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/snapshot_writer.h"
#include "coord/tree/state_machine.h"

namespace quorate::server {

// What came of the jobs. Called on the worker's thread, housekeeping's, or the
// log's.
class SnapshotReport {
 public:
  virtual ~SnapshotReport() = default;
  virtual void PieceWritten(uint64_t turn) = 0;
  virtual void Published(uint64_t turn, consensus::Zxid zxid,
                         uint64_t size_bytes) = 0;
  virtual void Failed(uint64_t turn, const absl::Status& status) = 0;
  virtual void Loaded(
      absl::StatusOr<std::unique_ptr<tree::StateMachine>> state) = 0;
};

struct SnapshotJob {
  uint64_t turn = 0;  // none for LoadSnapshot
  std::variant<replica::SnapshotBegin, replica::SnapshotPiece,
               replica::SnapshotFinish, replica::SnapshotAbandon,
               replica::LoadSnapshot>
      work;
};

class SnapshotWorker {
 public:
  // Other threads that finish a publication; each runs what it is given in
  // order. The log's does so after all batches posted before.
  struct Threads {
    std::function<void(LogWork)> post_to_log;
    std::function<void(HousekeepingThread::Work)> post_to_housekeeping;
  };

  // All must outlive the worker.
  SnapshotWorker(const storage::MemberStorage& storage, SnapshotReport& report,
                 Timings& timings, std::function<int64_t()> clock,
                 Threads threads);

  void Do(const SnapshotJob& job);

 private:
  void Begin(uint64_t turn, const replica::SnapshotBegin& begin);
  void Append(uint64_t turn, const replica::SnapshotPiece& piece);
  void Finish(uint64_t turn, const replica::SnapshotFinish& finish);
  void Load(const replica::LoadSnapshot& load);
  void GiveUp(uint64_t turn, const absl::Status& why);

  // A snapshot that is written: three steps on two threads, each of which posts
  // the next.
  struct Publication {
    uint64_t turn = 0;
    int64_t begun_us = 0;
    std::shared_ptr<storage::SnapshotWriter> writer;
  };
  void Check(storage::MemberStorage& storage, const Publication& snapshot);
  absl::Status Name(storage::MemberStorage& storage,
                    const Publication& snapshot);
  void Publish(storage::MemberStorage& storage, const Publication& snapshot);
  void Fail(const Publication& snapshot, const absl::Status& why);

  const storage::MemberStorage& storage_;
  SnapshotReport& report_;
  Timings& timings_;
  const std::function<int64_t()> clock_;
  const Threads threads_;

  // The one under way; nullptr: none, or it has failed.
  std::shared_ptr<storage::SnapshotWriter> writer_;
  int64_t begun_us_ = 0;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_DISK_SNAPSHOT_WORKER_H_
