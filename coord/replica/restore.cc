#include "coord/replica/restore.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/replica/record_codec.h"
#include "coord/replica/unfinished_restore.h"
#include "coord/storage/file_names.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/member_storage.h"
#include "coord/tree/snapshot.h"

namespace quorate::replica {
namespace {

using consensus::Configuration;
using consensus::HardState;
using consensus::SnapshotMeta;
using storage::FileSystem;
using storage::MemberStorage;

constexpr size_t kPieceBytes = 1 << 20;

absl::StatusOr<SnapshotMeta> MetaOf(const RestorePlan& plan) {
  if (plan.member.id.IsNone() || plan.member.incarnation.IsNone()) {
    return absl::InvalidArgumentError(
        "a restored member needs an id and an incarnation");
  }
  if (plan.ensemble.IsNone() || plan.parent.IsNone() ||
      plan.ensemble == plan.parent) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a restored ensemble needs a freshly drawn id and the id of the one "
        "that the snapshot is of; found ",
        ToString(plan.ensemble), " and ", ToString(plan.parent)));
  }
  // A leader needs an epoch above it, and room in it.
  if (plan.zxid.IsNone() ||
      plan.zxid.epoch() == std::numeric_limits<consensus::Epoch>::max()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no ensemble can go on from ", ToString(plan.zxid)));
  }
  Configuration::Parts parts;
  parts.ensemble = plan.ensemble;
  parts.parent = plan.parent;
  parts.version = 1;
  consensus::Member member;
  member.id = plan.member.id;
  member.incarnation = plan.member.incarnation;
  member.address = plan.address;
  member.voter = true;
  parts.members.push_back(std::move(member));
  parts.limits = plan.limits;
  parts.limits.min_voters = 1;
  absl::StatusOr<Configuration> configuration =
      Configuration::FromParts(std::move(parts));
  if (!configuration.ok()) return configuration.status();
  SnapshotMeta meta;
  meta.zxid = meta.configuration_zxid = plan.zxid;
  meta.configuration =
      std::make_shared<const Configuration>(*std::move(configuration));
  meta.size_bytes = plan.size_bytes;
  return meta;
}

// Removes all that this program keeps in a directory; its mark last.
absl::Status Clear(FileSystem& files, absl::string_view directory) {
  const absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    const bool is_ours =
        storage::ParseSegmentName(name) || storage::ParseSnapshotName(name) ||
        storage::ParseReceivedName(name) || storage::IsTemporaryName(name);
    if (!is_ours) continue;
    absl::Status s = files.Remove(storage::JoinPath(directory, name));
    if (!s.ok()) return s;
  }
  if (absl::Status s = files.SyncDirectory(directory); !s.ok()) return s;
  absl::Status s =
      files.Remove(storage::JoinPath(directory, storage::kStateName));
  if (!s.ok() && !absl::IsNotFound(s)) return s;
  return files.SyncDirectory(directory);
}

// OK if the directory, which is there, holds nothing but what an interrupted
// attempt left; that is removed.
absl::Status MakeEmpty(FileSystem& files, absl::string_view directory) {
  const absl::StatusOr<std::unique_ptr<storage::FileLock>> lock =
      files.Lock(storage::JoinPath(directory, storage::kLockName));
  if (!lock.ok()) return lock.status();
  const absl::StatusOr<storage::HardStateSlot> slot =
      storage::ReadHardState(files, directory);
  if (slot.ok() && slot->state.bytes == kUnfinishedRestore) {
    return Clear(files, directory);
  }
  const absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    // Segments and temporary files without a state are for Format() to judge.
    if (name == storage::kLockName || storage::ParseSegmentName(name) ||
        storage::IsTemporaryName(name)) {
      continue;
    }
    return absl::FailedPreconditionError(
        absl::StrCat(directory, " is not empty: there is ", name,
                     "; restore into an empty directory"));
  }
  return absl::OkStatus();
}

// Copies the content into the storage, where it does not count yet, and loads
// it to see that it is what the plan says.
absl::Status Receive(MemberStorage& storage, const RestorePlan& plan,
                     const ContentSource& content,
                     const LoadProgress& progress) {
  tree::SnapshotLoader loader;
  uint64_t done = 0;
  for (;;) {
    absl::StatusOr<std::string> piece = content(kPieceBytes);
    if (!piece.ok()) return piece.status();
    if (piece->empty()) break;
    if (absl::Status s = loader.Append(*piece); !s.ok()) return s;
    storage::Batch batch;
    const uint64_t size = piece->size();
    batch.snapshot_pieces.push_back(
        {plan.zxid, done, MakeBytes(*std::move(piece))});
    if (absl::Status s = storage.Write(batch); !s.ok()) return s;
    done += size;
    if (progress) progress(done, plan.size_bytes);
  }
  const auto state = loader.Finish();
  if (!state.ok()) return state.status();
  if (done != plan.size_bytes || (*state)->applied() != plan.zxid) {
    return absl::DataLossError(absl::StrCat(
        "expected a snapshot at ", ToString(plan.zxid), " of ", plan.size_bytes,
        " bytes, found one at ", ToString((*state)->applied()), " of ", done));
  }
  return absl::OkStatus();
}

absl::Status Fill(FileSystem& files, absl::string_view directory,
                  const RestorePlan& plan, const SnapshotMeta& meta,
                  const ContentSource& content, const LoadProgress& progress) {
  absl::StatusOr<storage::OpenedStorage> opened =
      MemberStorage::Open(files, directory, plan.log);
  if (!opened.ok()) return opened.status();
  MemberStorage& storage = *opened->storage;
  if (absl::Status s = Receive(storage, plan, content, progress); !s.ok()) {
    return s;
  }
  storage::Batch install;
  install.install_snapshot = {.zxid = meta.zxid,
                              .meta = EncodeSnapshotMeta(meta),
                              .size_bytes = meta.size_bytes};
  if (absl::Status s = storage.Write(install); !s.ok()) return s;
  if (absl::Status s = storage.Sync(); !s.ok()) return s;
  if (absl::Status s = storage.Settle(); !s.ok()) return s;
  HardState hard_state;
  hard_state.member = plan.member.id;
  hard_state.incarnation = plan.member.incarnation;
  hard_state.accepted_epoch = plan.zxid.epoch();
  // Last, and at once: from here on the member can be started.
  storage::Batch finish;
  finish.hard_state = {.ensemble = plan.ensemble,
                       .bytes = EncodeHardState(hard_state)};
  return storage.Write(finish);
}

}  // namespace

absl::Status RestoreMember(FileSystem& files, absl::string_view directory,
                           const RestorePlan& plan,
                           const ContentSource& content,
                           const LoadProgress& progress) {
  const absl::StatusOr<SnapshotMeta> meta = MetaOf(plan);
  if (!meta.ok()) return meta.status();
  if (absl::Status s = files.CreateDirectory(directory); !s.ok()) return s;
  if (absl::Status s = MakeEmpty(files, directory); !s.ok()) return s;
  absl::Status status = MemberStorage::Format(
      files, directory, plan.member,
      {.ensemble = EnsembleId(), .bytes = std::string(kUnfinishedRestore)},
      plan.log);
  if (!status.ok()) return status;
  status = Fill(files, directory, plan, *meta, content, progress);
  if (status.ok()) return status;
  // If this fails too, the mark stays and the next attempt clears up.
  if (absl::Status s = Clear(files, directory); !s.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat(status.message(),
                                     "; and the directory could not be "
                                     "cleared: ",
                                     s.message()));
  }
  return status;
}

}  // namespace quorate::replica
