#include "coord/replica/recovery.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/record.h"
#include "coord/consensus/rescue.h"
#include "coord/replica/record_codec.h"
#include "coord/replica/unfinished_restore.h"
#include "coord/storage/log_record.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/tree/snapshot.h"

namespace quorate::replica {
namespace {

using consensus::HardState;
using consensus::Record;
using consensus::SnapshotMeta;
using tree::StateMachine;

constexpr size_t kPieceBytes = 1 << 20;

// Checksums hold good, so what is malformed was written so.
absl::Status AsDataLoss(const absl::Status& status, absl::string_view what) {
  const std::string message = absl::StrCat(what, ": ", status.message());
  if (!absl::IsInvalidArgument(status)) {
    return absl::Status(status.code(), message);
  }
  return absl::DataLossError(
      absl::StrCat(message,
                   "; its checksum is right, so no such program wrote it; "
                   "repair this member from its peers"));
}

absl::StatusOr<HardState> RecoverHardState(
    const storage::RecoveredState& found) {
  if (found.hard_state.bytes == kUnfinishedRestore) {
    return absl::FailedPreconditionError(
        "restoring a snapshot into this directory was not finished; do it "
        "again, or use another directory");
  }
  absl::StatusOr<HardState> state =
      DecodeHardState(found.hard_state.ensemble, found.hard_state.bytes);
  if (!state.ok()) return AsDataLoss(state.status(), "hard state");
  const MemberKey member = {state->member, state->incarnation};
  if (member != found.member) {
    return absl::DataLossError(
        absl::StrCat("the directory is that of member ", ToString(found.member),
                     ", the hard state in it that of ", ToString(member)));
  }
  return state;
}

absl::StatusOr<Recovered> Load(const storage::MemberStorage& storage,
                               const storage::RecoveredState& found,
                               const LoadProgress& progress) {
  Recovered recovered;
  absl::StatusOr<HardState> hard_state = RecoverHardState(found);
  if (!hard_state.ok()) return hard_state.status();
  recovered.durable.hard_state = *std::move(hard_state);
  recovered.durable.log_base = found.log_base;
  recovered.durable.log.reserve(found.log.size());
  for (const storage::LogRecord& log_record : found.log) {
    absl::StatusOr<Record> record = FromLogRecord(log_record);
    if (!record.ok()) {
      return AsDataLoss(record.status(),
                        absl::StrCat("record ", ToString(log_record.zxid)));
    }
    recovered.durable.log.push_back(*std::move(record));
  }
  if (found.snapshots.empty()) {
    recovered.state = std::make_unique<StateMachine>();
    return recovered;
  }
  const storage::SnapshotInfo& newest = found.snapshots.back();
  absl::StatusOr<SnapshotMeta> meta =
      DecodeSnapshotMeta(newest.zxid, newest.size_bytes, newest.meta);
  if (!meta.ok()) {
    return AsDataLoss(meta.status(), absl::StrCat("meta of the snapshot at ",
                                                  ToString(newest.zxid)));
  }
  recovered.durable.snapshot = *std::move(meta);
  const absl::StatusOr<std::unique_ptr<storage::SnapshotReader>> reader =
      storage.ReadSnapshot(newest.zxid);
  if (!reader.ok()) return reader.status();
  absl::StatusOr<std::unique_ptr<StateMachine>> state =
      LoadState(**reader, progress);
  if (!state.ok()) return state.status();
  recovered.state = *std::move(state);
  return recovered;
}

}  // namespace

absl::Status FormatMember(storage::FileSystem& files,
                          absl::string_view directory, MemberKey member,
                          const storage::LogOptions& options) {
  HardState state;
  state.member = member.id;
  state.incarnation = member.incarnation;
  return storage::MemberStorage::Format(
      files, directory, member,
      {.ensemble = EnsembleId(), .bytes = EncodeHardState(state)}, options);
}

absl::StatusOr<Recovered> Recover(storage::MemberStorage& storage,
                                  storage::RecoveredState found,
                                  const LoadProgress& progress) {
  absl::StatusOr<Recovered> recovered = Load(storage, found, progress);
  if (!recovered.ok() || storage.parent().IsNone() ||
      !consensus::FinishRescue(recovered->durable)) {
    return recovered;
  }
  storage::Batch batch;
  batch.append.push_back(ToLogRecord(recovered->durable.log.back()));
  if (absl::Status s = storage.Write(batch); !s.ok()) return s;
  if (absl::Status s = storage.Sync(); !s.ok()) return s;
  return recovered;
}

absl::StatusOr<std::unique_ptr<StateMachine>> LoadState(
    storage::SnapshotReader& reader, const LoadProgress& progress) {
  const uint64_t all = reader.info().size_bytes;
  tree::SnapshotLoader loader;
  for (uint64_t done = 0; done < all;) {
    const absl::StatusOr<std::string> piece = reader.Read(done, kPieceBytes);
    if (!piece.ok()) return piece.status();
    if (absl::Status s = loader.Append(*piece); !s.ok()) {
      return AsDataLoss(s, reader.path());
    }
    done += piece->size();
    if (progress) progress(done, all);
  }
  absl::StatusOr<std::unique_ptr<StateMachine>> state = loader.Finish();
  if (!state.ok()) return AsDataLoss(state.status(), reader.path());
  if ((*state)->applied() != reader.info().zxid) {
    return absl::DataLossError(absl::StrCat(
        reader.path(), ": the snapshot at ", ToString(reader.info().zxid),
        " holds the state at ", ToString((*state)->applied())));
  }
  return state;
}

}  // namespace quorate::replica
