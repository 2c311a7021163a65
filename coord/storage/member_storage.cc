#include "coord/storage/member_storage.h"

#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_names.h"
#include "coord/storage/file_system.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/log_replay.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/storage/snapshot_store.h"
#include "coord/storage/snapshot_writer.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/write_ahead_log.h"

namespace quorate::storage {
namespace {

using consensus::Zxid;

// OK if `directory`, which has no hard state, holds nothing that was ever
// acknowledged: formatting it was interrupted, or never begun.
absl::Status CheckNothingIsThere(FileSystem& files,
                                 absl::string_view directory) {
  const absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  if (!names.ok()) return names.status();
  bool in_use = false;
  for (const std::string& name : *names) {
    in_use = in_use || ParseSnapshotName(name) || ParseReceivedName(name);
  }
  if (!SegmentNumbers(*names).empty()) {
    const absl::StatusOr<ReplayedLog> log = ReplayLog(files, directory);
    if (!log.ok()) return log.status();
    const bool is_new = log->segments.size() == 1 && !log->last_frame &&
                        log->segments[0].header.number == 1 &&
                        log->segments[0].end.torn_sectors == 0;
    in_use = in_use || !is_new;
  }
  if (!in_use) return absl::OkStatus();
  return DamagedError(JoinPath(directory, kStateName), 0,
                      "the hard state is missing, but the log or a snapshot "
                      "is there");
}

absl::Status RemoveSegments(FileSystem& files, absl::string_view directory) {
  const absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  if (!names.ok()) return names.status();
  for (const uint64_t number : SegmentNumbers(*names)) {
    absl::Status s = files.Remove(JoinPath(directory, SegmentName(number)));
    if (!s.ok()) return s;
  }
  return AsFinal(files.SyncDirectory(directory));
}

}  // namespace

absl::Status MemberStorage::Format(FileSystem& files,
                                   absl::string_view directory,
                                   MemberKey member, const HardState& state,
                                   const LogOptions& options) {
  if (absl::Status s = files.CreateDirectory(directory); !s.ok()) return s;
  const absl::StatusOr<std::unique_ptr<FileLock>> lock =
      files.Lock(JoinPath(directory, kLockName));
  if (!lock.ok()) return lock.status();
  const absl::Status found = ReadHardState(files, directory).status();
  if (found.ok()) {
    return MakeStorageError(StorageErrorKind::kUsed, directory, 0,
                            "a member's directory already");
  }
  if (StorageErrorOf(found).kind != StorageErrorKind::kUnused) return found;
  absl::Status s = CheckNothingIsThere(files, directory);
  if (!s.ok()) return s;
  if (s = RemoveSegments(files, directory); !s.ok()) return s;
  const Owner owner{.ensemble = state.ensemble, .member = member};
  s = WriteAheadLog::Create(files, directory, owner, options);
  if (!s.ok()) return s;
  // Last: from here on the directory is in use.
  return HardStateFile::Create(files, directory, member, state);
}

absl::StatusOr<OpenedStorage> MemberStorage::Open(FileSystem& files,
                                                  absl::string_view directory,
                                                  const LogOptions& options) {
  OpenedStorage opened;
  opened.storage = absl::WrapUnique(new MemberStorage(files, directory));
  absl::StatusOr<RecoveredState> state = opened.storage->Recover(options);
  if (!state.ok()) return state.status();
  opened.state = *std::move(state);
  return opened;
}

absl::StatusOr<RecoveredState> MemberStorage::Recover(
    const LogOptions& options) {
  absl::StatusOr<std::unique_ptr<FileLock>> lock =
      files_.Lock(JoinPath(directory_, kLockName));
  if (!lock.ok()) {
    if (!absl::IsNotFound(lock.status())) return lock.status();
    return MakeStorageError(StorageErrorKind::kUnused, directory_, 0,
                            "there is no such directory");
  }
  lock_ = *std::move(lock);
  absl::StatusOr<std::unique_ptr<HardStateFile>> state =
      HardStateFile::Open(files_, directory_);
  if (!state.ok()) {
    const bool missing =
        StorageErrorOf(state.status()).kind == StorageErrorKind::kUnused;
    const absl::Status s =
        missing ? CheckNothingIsThere(files_, directory_) : absl::OkStatus();
    return s.ok() ? state.status() : s;
  }
  state_ = *std::move(state);

  absl::StatusOr<ReplayedLog> log = ReplayLog(files_, directory_);
  if (!log.ok()) {
    if (StorageErrorOf(log.status()).kind != StorageErrorKind::kUnused) {
      return log.status();
    }
    return DamagedError(directory_, 0, "the log is missing");
  }
  RecoveredState recovered;
  recovered.member = state_->member();
  recovered.hard_state = state_->state();
  absl::StatusOr<std::unique_ptr<WriteAheadLog>> opened =
      WriteAheadLog::Open(files_, directory_, state_->owner(), options, *log);
  if (!opened.ok()) return opened.status();
  log_ = *std::move(opened);
  absl::StatusOr<std::unique_ptr<SnapshotStore>> snapshots =
      SnapshotStore::Open(files_, directory_, state_->owner(), log->reset);
  if (!snapshots.ok()) return snapshots.status();
  snapshots_ = *std::move(snapshots);
  if (absl::Status s = CheckRecovered(*log); !s.ok()) return s;
  absl::Status s = RemoveTemporaries(&recovered.removed_files);
  if (!s.ok()) return s;

  recovered.snapshots = snapshots_->list();
  recovered.log_base = log->base;
  recovered.log = std::move(log->records);
  recovered.cut_bytes = log->segments.back().end.torn_sectors * kSectorBytes;
  if (log->orphan) recovered.removed_files.push_back(*log->orphan);
  return recovered;
}

absl::Status MemberStorage::CheckRecovered(const ReplayedLog& log) const {
  const Zxid newest = snapshots_->newest();
  const ReplayedSegment& first = log.segments.front();
  if (newest < log.base) {
    return DamagedError(
        first.path, 0,
        absl::StrCat("the log begins after record ", ToString(log.base),
                     ", but the newest snapshot ends with ", ToString(newest),
                     ": a snapshot or a segment is missing"));
  }
  if (newest > log.last()) {
    const ReplayedSegment& end = log.segments.back();
    return DamagedError(
        end.path, end.end.sector * kSectorBytes,
        absl::StrCat("the log ends with record ", ToString(log.last()),
                     ", before the snapshot at ", ToString(newest)));
  }
  return absl::OkStatus();
}

absl::Status MemberStorage::RemoveTemporaries(
    std::vector<std::string>* removed) {
  const absl::StatusOr<std::vector<std::string>> names =
      files_.List(directory_);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (!IsTemporaryName(name)) continue;
    const std::string path = JoinPath(directory_, name);
    if (absl::Status s = files_.Remove(path); !s.ok()) return s;
    removed->push_back(path);
  }
  return absl::OkStatus();
}

absl::Status MemberStorage::Note(const absl::Status& status) {
  const StorageErrorKind kind = StorageErrorOf(status).kind;
  if (!status.ok() && kind != StorageErrorKind::kDiskFull &&
      kind != StorageErrorKind::kMisuse) {
    const std::scoped_lock lock(mutex_);
    if (broken_.ok()) broken_ = status;
  }
  return status;
}

absl::Status MemberStorage::status() const {
  const std::scoped_lock lock(mutex_);
  return broken_;
}

absl::Status MemberStorage::Write(const Batch& batch) {
  absl::Status s = status();
  return s.ok() ? Note(DoWrite(batch)) : s;
}

absl::Status MemberStorage::DoWrite(const Batch& batch) {
  LogChange change;
  if (batch.install_snapshot) change.reset = batch.install_snapshot->zxid;
  change.truncate_after = batch.truncate_after;
  change.append = batch.append;
  if (batch.hard_state) {
    if (absl::Status s = state_->Check(*batch.hard_state); !s.ok()) return s;
  }
  if (!batch.install_snapshot && batch.truncate_after &&
      *batch.truncate_after < snapshots_->newest()) {
    return MisuseError(absl::StrCat(
        "truncation after ", ToString(*batch.truncate_after),
        " is below the snapshot at ", ToString(snapshots_->newest())));
  }
  // An installation that is staged is completed before the next one begins.
  if (install_is_staged_ && !batch.snapshot_pieces.empty()) {
    if (absl::Status s = DoSync(); !s.ok()) return s;
  }
  // Room first: without it the batch is refused before it has begun.
  if (absl::Status s = log_->Reserve(change); !s.ok()) return s;
  if (batch.hard_state) {
    // Earlier batches come first.
    if (absl::Status s = DoSync(); !s.ok()) return s;
    if (absl::Status s = state_->Write(*batch.hard_state); !s.ok()) return s;
    log_->SetOwner(state_->owner());
    snapshots_->SetOwner(state_->owner());
  }
  for (const SnapshotPiece& piece : batch.snapshot_pieces) {
    if (absl::Status s = snapshots_->Receive(piece); !s.ok()) return s;
  }
  if (batch.install_snapshot) {
    absl::Status s = snapshots_->PrepareInstall(*batch.install_snapshot);
    if (!s.ok()) return s;
  }
  if (absl::Status s = log_->Stage(change); !s.ok()) return s;
  install_is_staged_ = install_is_staged_ || batch.install_snapshot.has_value();
  return absl::OkStatus();
}

absl::Status MemberStorage::Sync() {
  absl::Status s = status();
  return s.ok() ? Note(DoSync()) : s;
}

absl::Status MemberStorage::DoSync() {
  if (absl::Status s = log_->Sync(); !s.ok()) return s;
  if (!install_is_staged_) return absl::OkStatus();
  if (absl::Status s = snapshots_->CompleteInstall(); !s.ok()) return s;
  install_is_staged_ = false;
  return absl::OkStatus();
}

absl::Status MemberStorage::Rescue(const HardState& state) {
  absl::Status s = status();
  return s.ok() ? Note(DoRescue(state)) : s;
}

absl::Status MemberStorage::DoRescue(const HardState& state) {
  if (absl::Status s = DoSync(); !s.ok()) return s;
  if (absl::Status s = state_->Rescue(state); !s.ok()) return s;
  log_->SetOwner(state_->owner());
  snapshots_->SetOwner(state_->owner());
  return absl::OkStatus();
}

absl::Status MemberStorage::Prepare(uint64_t max_bytes) {
  absl::Status s = status();
  return s.ok() ? Note(log_->spare().Prepare(max_bytes)) : s;
}

absl::Status MemberStorage::Settle() {
  absl::Status s = status();
  if (!s.ok()) return s;
  if (s = Note(DoSync()); !s.ok()) return s;
  return Note(log_->Settle());
}

absl::StatusOr<std::unique_ptr<SnapshotWriter>> MemberStorage::BeginSnapshot(
    Zxid zxid) const {
  return snapshots_->Begin(zxid);
}

absl::Status MemberStorage::CheckSnapshot(const SnapshotWriter& writer) {
  absl::Status s = status();
  return s.ok() ? Note(DoCheckSnapshot(writer)) : s;
}

absl::Status MemberStorage::DoCheckSnapshot(const SnapshotWriter& writer) {
  // A snapshot never knows more than the durable log.
  if (absl::Status s = DoSync(); !s.ok()) return s;
  const Zxid zxid = writer.info().zxid;
  if (zxid > log_->last() || zxid < log_->base()) {
    return MisuseError(absl::StrCat(
        "the snapshot at ", ToString(zxid), " is not of this log, which has ",
        ToString(log_->base()), " to ", ToString(log_->last())));
  }
  return snapshots_->CheckFinished(writer);
}

absl::Status MemberStorage::NameSnapshot(const SnapshotWriter& writer) {
  absl::Status s = status();
  return s.ok() ? Note(snapshots_->Name(writer)) : s;
}

absl::StatusOr<std::unique_ptr<SnapshotReader>> MemberStorage::ReadSnapshot(
    Zxid zxid) const {
  return snapshots_->Read(zxid);
}

absl::StatusOr<std::vector<std::string>> MemberStorage::Compact(
    Zxid zxid, absl::Span<const Zxid> snapshots_in_use) {
  if (absl::Status s = status(); !s.ok()) return s;
  absl::StatusOr<std::vector<std::string>> given_up =
      DoCompact(zxid, snapshots_in_use);
  Note(given_up.status()).IgnoreError();
  return given_up;
}

absl::StatusOr<std::vector<std::string>> MemberStorage::DoCompact(
    Zxid zxid, absl::Span<const Zxid> in_use) {
  if (absl::Status s = DoSync(); !s.ok()) return s;
  if (zxid > snapshots_->newest()) {
    return MisuseError(absl::StrCat("compaction up to ", ToString(zxid),
                                    " is above the newest snapshot, at ",
                                    ToString(snapshots_->newest())));
  }
  absl::StatusOr<std::vector<std::string>> segments = log_->GiveUp(zxid);
  if (!segments.ok()) return segments.status();
  std::vector<std::string> files = snapshots_->GiveUpOlder(in_use);
  files.insert(files.end(), std::make_move_iterator(segments->begin()),
               std::make_move_iterator(segments->end()));
  return files;
}

absl::Status MemberStorage::RemoveFiles(absl::Span<const std::string> paths) {
  absl::Status s = status();
  return s.ok() ? Note(DoRemove(paths)) : s;
}

absl::Status MemberStorage::DoRemove(absl::Span<const std::string> paths) {
  for (const std::string& path : paths) {
    if (absl::Status s = files_.Remove(path); !s.ok()) return s;
    absl::Status s = AsFinal(files_.SyncDirectory(directory_));
    if (!s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> MemberStorage::FreeBytes() const {
  return files_.FreeBytes(directory_);
}

}  // namespace quorate::storage
