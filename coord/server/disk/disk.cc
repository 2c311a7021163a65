#include "coord/server/disk/disk.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/output.h"
#include "coord/replica/replica.h"
#include "coord/rpc/host.h"
#include "coord/server/disk/housekeeping_thread.h"
#include "coord/server/disk/log_thread.h"
#include "coord/server/disk/log_worker.h"
#include "coord/server/disk/snapshot_source.h"
#include "coord/server/disk/snapshot_thread.h"
#include "coord/server/disk/snapshot_worker.h"
#include "coord/server/logger.h"
#include "coord/server/monotonic_clock.h"
#include "coord/server/timings.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/storage_error.h"
#include "coord/tree/state_machine.h"

namespace quorate::server {

using replica::Replica;

namespace {

constexpr int64_t kSlowFsyncMs = 500;

}  // namespace

Disk::Disk(storage::MemberStorage& storage, rpc::ReplicaHost& host,
           Timings& timings, Logger& logger)
    : host_(host),
      logger_(logger),
      source_(storage, [this](const absl::Status& s) { StorageFailed(s); }),
      housekeeping_(storage,
                    [this](const absl::Status& s) { StorageFailed(s); }),
      log_(storage, *this, timings),
      snapshots_(
          storage, *this, timings,
          {.post_to_log = [this](LogWork work) { PostToLog(std::move(work)); },
           .post_to_housekeeping =
               [this](HousekeepingThread::Work work) {
                 housekeeping_.Post(std::move(work));
               }}) {
  housekeeping_.PrepareSegment();
}

Disk::~Disk() { Stop().IgnoreError(); }

absl::Status Disk::Stop() {
  snapshots_.Stop();
  housekeeping_.Stop();
  return log_.Stop();
}

void Disk::Do(std::vector<replica::Job> jobs) {
  if (jobs.empty()) return;
  const int64_t now_us = MonotonicUs();
  std::vector<LogJob> for_log;
  for (replica::Job& job : jobs) {
    if (auto* write = std::get_if<replica::WriteBatch>(&job)) {
      for_log.push_back({now_us, std::move(*write)});
    } else if (auto* compact = std::get_if<replica::Compact>(&job)) {
      for_log.push_back(MakeJob(std::move(*compact), now_us));
    } else if (auto* load = std::get_if<replica::LoadSnapshot>(&job)) {
      for_log.push_back(MakeJob(*load, now_us));
    } else if (auto* begin = std::get_if<replica::SnapshotBegin>(&job)) {
      snapshots_.Post({++turn_, *begin});
    } else if (auto* piece = std::get_if<replica::SnapshotPiece>(&job)) {
      snapshots_.Post({turn_, std::move(*piece)});
    } else if (auto* finish = std::get_if<replica::SnapshotFinish>(&job)) {
      snapshots_.Post({turn_, std::move(*finish)});
    } else if (auto* abandon = std::get_if<replica::SnapshotAbandon>(&job)) {
      // Answers that are on their way do not count any more.
      snapshots_.Post({turn_++, *abandon});
    }
  }
  if (!for_log.empty()) log_.Post(std::move(for_log));
}

LogJob Disk::MakeJob(replica::Compact compact, int64_t now_us) {
  return {now_us, [this, compact = std::move(compact)](
                      storage::MemberStorage& storage) {
            absl::StatusOr<std::vector<std::string>> files =
                storage.Compact(compact.zxid, compact.snapshots_in_use);
            source_.Close();
            if (files.ok()) {
              return housekeeping_.Post(
                  [files = *std::move(files)](storage::MemberStorage& same) {
                    return same.RemoveFiles(files);
                  });
            }
            if (!storage.status().ok()) return;
            // It changed nothing; the next one comes after the next snapshot.
            logger_.Log(LogLevel::kError, "log not compacted",
                        {{"zxid", ToString(compact.zxid)},
                         {"why", std::string(files.status().message())}});
          }};
}

LogJob Disk::MakeJob(replica::LoadSnapshot load, int64_t now_us) {
  // It is there once the batch before is durable.
  return {now_us, [this, load](storage::MemberStorage&) {
            snapshots_.Post({0, load});
          }};
}

void Disk::PostToLog(LogWork work) {
  std::vector<LogJob> jobs;
  jobs.push_back({MonotonicUs(), std::move(work)});
  log_.Post(std::move(jobs));
}

void Disk::Written(uint64_t id) {
  host_.Post([id](Replica& replica) { replica.Written(id); });
}

void Disk::StorageFailed(const absl::Status& status) {
  const storage::StorageError error = storage::StorageErrorOf(status);
  logger_.Log(LogLevel::kError, "storage failed",
              {{"why", std::string(status.message())},
               {"kind", Name(error.kind)},
               {"file", error.file},
               {"advice", Advice(error.kind)}});
  host_.Post([status](Replica& replica) { replica.StorageFailed(status); });
}

void Disk::DiskFull(bool full) {
  if (full) {
    logger_.Log(LogLevel::kError, "disk full",
                {{"effect", "writes are refused, reads go on"},
                 {"advice", Advice(storage::StorageErrorKind::kDiskFull)}});
  } else {
    logger_.Log(LogLevel::kInfo, "disk has room again");
  }
  host_.Post([full](Replica& replica) { replica.SetDiskFull(full); });
}

void Disk::SegmentWanted() { housekeeping_.PrepareSegment(); }

void Disk::Fsync(int64_t slowest_ms) {
  if (slowest_ms >= kSlowFsyncMs) {
    logger_.Log(LogLevel::kWarn, "the disk is slow",
                {{"slowest_fsync_ms", slowest_ms}});
  }
  host_.Post(
      [slowest_ms](Replica& replica) { replica.ReportFsync(slowest_ms); });
}

void Disk::PieceWritten(uint64_t turn) {
  host_.Post([this, turn](Replica& replica) {
    if (turn == turn_) replica.SnapshotPieceWritten();
  });
}

void Disk::Published(uint64_t turn, consensus::Zxid zxid, uint64_t size_bytes) {
  logger_.Log(LogLevel::kInfo, "snapshot taken",
              {{"zxid", ToString(zxid)}, {"bytes", size_bytes}});
  host_.Post([this, turn, zxid, size_bytes](Replica& replica) {
    if (turn == turn_) replica.SnapshotPublished(zxid, size_bytes);
  });
}

void Disk::Failed(uint64_t turn, const absl::Status& status) {
  logger_.Log(LogLevel::kError, "snapshot failed",
              {{"why", std::string(status.message())}});
  host_.Post([this, turn, status](Replica& replica) {
    if (turn == turn_) replica.SnapshotFailed(status);
  });
}

void Disk::Loaded(absl::StatusOr<std::unique_ptr<tree::StateMachine>> state) {
  if (state.ok()) {
    logger_.Log(LogLevel::kInfo, "snapshot loaded");
  } else {
    logger_.Log(LogLevel::kError, "snapshot not loaded",
                {{"why", std::string(state.status().message())}});
  }
  // A std::function must be copyable.
  auto shared =
      std::make_shared<absl::StatusOr<std::unique_ptr<tree::StateMachine>>>(
          std::move(state));
  host_.Post([shared](Replica& replica) {
    replica.SnapshotLoaded(std::move(*shared));
  });
}

}  // namespace quorate::server
