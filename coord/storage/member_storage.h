// MemberStorage: everything that one member keeps on its disk.
//
// It is what the driver of the consensus core uses to carry out step 1 of
// coord/consensus/output.h, and knows nothing of consensus: hard state,
// snapshot meta and record payloads are opaque.
//
//   absl::StatusOr<OpenedStorage> opened = MemberStorage::Open(files, dir, {});
//   // ... start the core from opened->state ...
//   status = opened->storage->Write(batch_1);
//   status = opened->storage->Write(batch_2);
//   status = opened->storage->Sync();      // both are durable now
//
// Errors. kMisuse: the call was refused and changed nothing. kDiskFull: there
// is no room; what was acknowledged stands, reads go on, and the very same call
// may be made again later (parts of a batch that are durable already do no
// harm when repeated). Any other error of a call that changes something is
// final: the same error answers every such call from then on, and the member
// stops (rule 21).
//
// One thread writes: it is the log's. What takes long and need not stand in one
// order with the log is const, or said to be thread-safe, and may run on any
// other thread at the same time.

#ifndef QUORATE_COORD_STORAGE_MEMBER_STORAGE_H_
#define QUORATE_COORD_STORAGE_MEMBER_STORAGE_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_system.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/log_record.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/storage/snapshot_store.h"
#include "coord/storage/snapshot_writer.h"
#include "coord/storage/write_ahead_log.h"

namespace quorate::storage {

// What one output of the core wants durable, in this order.
struct Batch {
  std::optional<HardState> hard_state;
  std::vector<SnapshotPiece> snapshot_pieces;
  // What was received is whole: it takes the place of the log.
  std::optional<SnapshotInfo> install_snapshot;
  std::optional<consensus::Zxid> truncate_after;
  std::vector<LogRecord> append;
};

// What a member finds again when it starts.
struct RecoveredState {
  MemberKey member;
  HardState hard_state;
  std::vector<SnapshotInfo> snapshots;  // oldest first
  // The record before log[0]; at most the newest snapshot's zxid.
  consensus::Zxid log_base;
  std::vector<LogRecord> log;
  // For the member's log: what a crash had left under way.
  uint64_t cut_bytes = 0;
  std::vector<std::string> removed_files;
};

class MemberStorage;

struct OpenedStorage {
  std::unique_ptr<MemberStorage> storage;
  RecoveredState state;
};

class MemberStorage {
 public:
  // Makes `directory` (its parent must be there) the member's, durably. What an
  // earlier, interrupted attempt left is replaced. kUsed: it was formatted
  // before. kDamaged: it holds a log but no hard state. kLocked, kDiskFull, or
  // an error of the system.
  static absl::Status Format(FileSystem& files, absl::string_view directory,
                             MemberKey member, const HardState& state,
                             const LogOptions& options);

  // Takes the directory, repairs what a crash may leave (FORMAT.md,
  // "Recovery") and reads everything. kUnused: never formatted. kDamaged,
  // kCopied, kForeign, kVersion, kLocked, kDiskFull, kMisuse (bad options), or
  // an error of the system. May be called again after any error. `files` must
  // outlive the result.
  static absl::StatusOr<OpenedStorage> Open(FileSystem& files,
                                            absl::string_view directory,
                                            const LogOptions& options);

  // Takes a batch. Its order is kept, also with respect to earlier ones. The
  // hard state is durable on return; records, truncation and installation are
  // only after Sync(). kMisuse: records not ascending, too long for a segment;
  // a truncation below the newest snapshot; a piece or an installation that
  // does not fit what was received.
  absl::Status Write(const Batch& batch);
  // Makes all batches written durable: one fdatasync, and none if there is
  // nothing.
  absl::Status Sync();

  // Makes the directory that of a member of another, fresh ensemble, durably
  // and at once (rule 23): `state` is the hard state in it. What is in the
  // directory stays. kMisuse: the member belongs to no ensemble yet, or
  // `state` names the same one.
  absl::Status Rescue(const HardState& state);

  // Call when IsPrepared() is false: prepares the next segment, up to
  // `max_bytes` at once, so that the log need not wait for it. Thread-safe.
  absl::Status Prepare(uint64_t max_bytes);
  bool IsPrepared() const { return log_->spare().ready(); }
  // Call before a pause, such as a shutdown: afterwards no damage to the log
  // can pass for a torn write. At most two syncs.
  absl::Status Settle();

  // A writer for a snapshot of the member's own. Thread-safe; one at a time.
  absl::StatusOr<std::unique_ptr<SnapshotWriter>> BeginSnapshot(
      consensus::Zxid zxid) const;
  // Its publication is three calls. First, on the log's thread, whether it may
  // be; kMisuse: not finished, or its zxid is not between the newest one's and
  // the log's last.
  absl::Status CheckSnapshot(const SnapshotWriter& writer);
  // Then, on any thread, its name is made durable.
  absl::Status NameSnapshot(const SnapshotWriter& writer);
  // Then, on the log's thread again, it counts. One that was received meanwhile
  // may be newer.
  void AddSnapshot(const SnapshotInfo& info) { snapshots_->Add(info); }
  absl::StatusOr<std::unique_ptr<SnapshotReader>> ReadSnapshot(
      consensus::Zxid zxid) const;

  // Gives up snapshots but the newest and those in `snapshots_in_use`, then
  // whole segments of records up to `zxid`; returns their files, which are to
  // be removed in this order. kMisuse: `zxid` is above the newest snapshot's.
  absl::StatusOr<std::vector<std::string>> Compact(
      consensus::Zxid zxid, absl::Span<const consensus::Zxid> snapshots_in_use);
  // Removes them, each durably before the next. Freeing hundreds of MiB takes a
  // file system long enough that no commit should wait for it. Thread-safe; one
  // call at a time, in the order of the calls of Compact().
  absl::Status RemoveFiles(absl::Span<const std::string> paths);

  const HardState& hard_state() const { return state_->state(); }
  // The ensemble that the member was rescued from; none: it never was.
  EnsembleId parent() const { return state_->parent(); }
  const std::vector<SnapshotInfo>& snapshots() const {
    return snapshots_->list();
  }
  consensus::Zxid log_base() const { return log_->base(); }
  consensus::Zxid log_last() const { return log_->last(); }
  uint64_t received_bytes() const { return snapshots_->received_bytes(); }
  absl::StatusOr<uint64_t> FreeBytes() const;
  // OK, or the error that is final. Thread-safe.
  absl::Status status() const;

 private:
  MemberStorage(FileSystem& files, absl::string_view directory)
      : files_(files), directory_(directory) {}

  absl::StatusOr<RecoveredState> Recover(const LogOptions& options);
  absl::Status CheckRecovered(const ReplayedLog& log) const;
  absl::Status RemoveTemporaries(std::vector<std::string>* removed);
  absl::Status DoWrite(const Batch& batch);
  absl::Status DoSync();
  absl::Status DoRescue(const HardState& state);
  absl::Status DoCheckSnapshot(const SnapshotWriter& writer);
  absl::StatusOr<std::vector<std::string>> DoCompact(
      consensus::Zxid zxid, absl::Span<const consensus::Zxid> in_use);
  absl::Status DoRemove(absl::Span<const std::string> paths);
  // Remembers an error that is final; returns `status`. Thread-safe.
  absl::Status Note(const absl::Status& status);

  FileSystem& files_;
  const std::string directory_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<HardStateFile> state_;
  std::unique_ptr<SnapshotStore> snapshots_;
  std::unique_ptr<WriteAheadLog> log_;
  bool install_is_staged_ = false;
  mutable std::mutex mutex_;
  absl::Status broken_;  // guarded by mutex_
};

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_MEMBER_STORAGE_H_
