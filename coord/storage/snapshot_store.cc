#include "coord/storage/snapshot_store.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_names.h"
#include "coord/storage/file_system.h"
#include "coord/storage/owner.h"
#include "coord/storage/snapshot_format.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/storage/snapshot_writer.h"
#include "coord/storage/storage_error.h"

namespace quorate::storage {

using consensus::Zxid;

absl::StatusOr<std::unique_ptr<SnapshotStore>> SnapshotStore::Open(
    FileSystem& files, absl::string_view directory, const Owner& owner,
    std::optional<Zxid> log_reset) {
  absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  if (!names.ok()) return names.status();
  auto store = absl::WrapUnique(new SnapshotStore(files, directory, owner));
  for (std::string& name : *names) {
    const std::optional<Zxid> received = ParseReceivedName(name);
    if (!received) continue;
    const std::string path = JoinPath(directory, name);
    if (received == log_reset) {
      const std::string final_name = SnapshotName(*received);
      absl::Status s = files.Rename(path, JoinPath(directory, final_name));
      if (!s.ok()) return s;
      name = final_name;
    } else if (absl::Status s = files.Remove(path); !s.ok()) {
      return s;
    }
  }
  absl::Status s = AsFinal(files.SyncDirectory(directory));
  if (!s.ok()) return s;
  if (s = store->Load(*names); !s.ok()) return s;
  return store;
}

absl::Status SnapshotStore::Load(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::optional<Zxid> zxid = ParseSnapshotName(name);
    if (!zxid) continue;
    const absl::StatusOr<std::unique_ptr<SnapshotReader>> reader = Read(*zxid);
    if (!reader.ok()) return reader.status();
    const std::string& path = (*reader)->path();
    if (!owner_.MayHave((*reader)->owner())) {
      return MakeStorageError(
          StorageErrorKind::kForeign, path, 0,
          absl::StrCat("expected a snapshot of ", ToString(owner_), ", found ",
                       ToString((*reader)->owner())));
    }
    if ((*reader)->info().zxid != *zxid) {
      return DamagedError(
          path, 0,
          absl::StrCat("found a snapshot at ", ToString((*reader)->info().zxid),
                       " under this name"));
    }
    Add((*reader)->info());
  }
  return absl::OkStatus();
}

void SnapshotStore::Add(const SnapshotInfo& info) {
  std::erase_if(snapshots_, [&](const SnapshotInfo& held) {
    return held.zxid == info.zxid;
  });
  snapshots_.push_back(info);
  absl::c_sort(snapshots_, [](const SnapshotInfo& a, const SnapshotInfo& b) {
    return a.zxid < b.zxid;
  });
}

absl::StatusOr<std::unique_ptr<SnapshotReader>> SnapshotStore::Read(
    Zxid zxid) const {
  return SnapshotReader::Open(files_, JoinPath(directory_, SnapshotName(zxid)));
}

absl::StatusOr<std::unique_ptr<SnapshotWriter>> SnapshotStore::Begin(
    Zxid zxid) const {
  const std::string name = absl::StrCat(SnapshotName(zxid), kTemporarySuffix);
  return SnapshotWriter::Begin(files_, JoinPath(directory_, name),
                               {.owner = owner_, .zxid = zxid});
}

absl::Status SnapshotStore::Give(absl::string_view from,
                                 absl::string_view to) const {
  absl::Status s = files_.Rename(from, JoinPath(directory_, to));
  if (!s.ok()) return s;
  return AsFinal(files_.SyncDirectory(directory_));
}

absl::Status SnapshotStore::CheckFinished(const SnapshotWriter& writer) const {
  const SnapshotInfo& info = writer.info();
  if (writer.finished() && info.zxid > newest()) return absl::OkStatus();
  return MisuseError(absl::StrCat("the snapshot at ", ToString(info.zxid),
                                  " is not finished or not newer than ",
                                  ToString(newest())));
}

absl::Status SnapshotStore::Name(const SnapshotWriter& writer) const {
  return Give(writer.path(), SnapshotName(writer.info().zxid));
}

absl::Status SnapshotStore::Receive(const SnapshotPiece& piece) {
  if (piece.offset == 0) {
    incoming_.reset();
    prepared_ = false;
    absl::StatusOr<std::unique_ptr<SnapshotWriter>> writer =
        SnapshotWriter::Begin(files_, JoinPath(directory_, kIncomingName),
                              {.owner = owner_, .zxid = piece.zxid});
    if (!writer.ok()) return writer.status();
    incoming_ = *std::move(writer);
  }
  const uint64_t end = piece.offset + SizeOf(piece.data);
  const bool is_same =
      incoming_ != nullptr && incoming_->info().zxid == piece.zxid;
  if (is_same && end <= received_bytes()) return absl::OkStatus();
  if (!is_same || incoming_->finished() || piece.offset != received_bytes()) {
    return MisuseError(absl::StrCat("the piece of snapshot ",
                                    ToString(piece.zxid), " at byte ",
                                    piece.offset, " does not follow the ",
                                    received_bytes(), " bytes received"));
  }
  return incoming_->Append(*piece.data);
}

absl::Status SnapshotStore::CheckReceived(const SnapshotInfo& info) const {
  if (incoming_ != nullptr && incoming_->info().zxid == info.zxid &&
      received_bytes() == info.size_bytes && info.zxid >= newest() &&
      info.meta.size() <= kMaxSnapshotMetaBytes) {
    return absl::OkStatus();
  }
  return MisuseError(
      absl::StrCat("cannot install the snapshot at ", ToString(info.zxid),
                   " of ", info.size_bytes, " bytes: ", received_bytes(),
                   " received, and the newest one is at ", ToString(newest())));
}

absl::Status SnapshotStore::DropIncoming() {
  if (incoming_ == nullptr || prepared_) return absl::OkStatus();
  const std::unique_ptr<SnapshotWriter> dropped = std::move(incoming_);
  return dropped->Discard();
}

absl::Status SnapshotStore::PrepareInstall(const SnapshotInfo& info) {
  if (absl::Status s = CheckReceived(info); !s.ok()) return s;
  if (prepared_) return absl::OkStatus();
  if (!incoming_->finished()) {
    if (absl::Status s = incoming_->Finish(info.meta); !s.ok()) return s;
  }
  absl::Status s = Give(incoming_->path(), ReceivedName(info.zxid));
  prepared_ = s.ok();
  return s;
}

absl::Status SnapshotStore::CompleteInstall() {
  QUORATE_CHECK(prepared_);
  const SnapshotInfo info = incoming_->info();
  absl::Status s = Give(JoinPath(directory_, ReceivedName(info.zxid)),
                        SnapshotName(info.zxid));
  if (!s.ok()) return s;
  incoming_.reset();
  prepared_ = false;
  Add(info);
  return absl::OkStatus();
}

std::vector<std::string> SnapshotStore::GiveUpOlder(
    absl::Span<const Zxid> keep) {
  std::vector<std::string> given_up;
  for (size_t i = 0; i + 1 < snapshots_.size();) {
    const Zxid zxid = snapshots_[i].zxid;
    if (absl::c_linear_search(keep, zxid)) {
      ++i;
      continue;
    }
    given_up.push_back(JoinPath(directory_, SnapshotName(zxid)));
    snapshots_.erase(snapshots_.begin() + static_cast<ptrdiff_t>(i));
  }
  return given_up;
}

}  // namespace quorate::storage
