#include "tools/quorate/verbs/saved_file.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/base/ids.h"
#include "coord/client/admin.h"
#include "coord/client/types.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/saved_snapshot.h"
#include "coord/replica/stream_hash.h"
#include "coord/storage/file_system.h"
#include "coord/storage/storage_error.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/console.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

constexpr size_t kPieceBytes = 1 << 20;
constexpr size_t kIdBytes = 16;
constexpr absl::Duration kPause = absl::Milliseconds(100);

// Takes the parts of one snapshot as they arrive.
class Receiver {
 public:
  Receiver(storage::FileSystem& files, const std::string& path,
           const std::function<absl::Status(uint64_t, uint64_t)>& progress)
      : files_(files), path_(path), progress_(progress) {}

  absl::Status Take(const coord::v1::SnapshotPart& part) {
    switch (part.part_case()) {
      case coord::v1::SnapshotPart::kHead:
        return Begin(part.head());
      case coord::v1::SnapshotPart::kData:
        if (writer_ == nullptr) break;
        return TakeData(part.data());
      case coord::v1::SnapshotPart::kXxh3:
        if (writer_ == nullptr) break;
        if (part.xxh3() != sum_.Value()) {
          return LocalError("the snapshot was altered on its way: try again");
        }
        complete_ = true;
        return absl::OkStatus();
      case coord::v1::SnapshotPart::PART_NOT_SET:
        break;
    }
    return LocalError("the member sent what is no snapshot");
  }

  absl::Status Finish() {
    if (!complete_) {
      return LocalError("the member did not send the whole snapshot");
    }
    return AsLocal(writer_->Finish());
  }

 private:
  absl::Status Begin(const coord::v1::SnapshotPart::Head& head) {
    if (writer_ != nullptr || head.ensemble_id().size() != kIdBytes) {
      return LocalError("the member sent what is no snapshot");
    }
    absl::StatusOr<std::unique_ptr<replica::SavedSnapshotWriter>> writer =
        replica::SavedSnapshotWriter::Begin(
            files_, path_,
            {.ensemble = EnsembleIdOf(head.ensemble_id()),
             .zxid = consensus::Zxid::FromValue(head.zxid()),
             .size_bytes = head.size_bytes(),
             .meta = head.meta()});
    if (!writer.ok()) return AsLocal(writer.status());
    writer_ = *std::move(writer);
    all_ = head.size_bytes();
    return progress_(0, all_);
  }

  absl::Status TakeData(const std::string& data) {
    sum_.Add(data);
    if (absl::Status s = writer_->Append(data); !s.ok()) return AsLocal(s);
    done_ += data.size();
    return progress_(done_, all_);
  }

  storage::FileSystem& files_;
  const std::string path_;
  const std::function<absl::Status(uint64_t, uint64_t)>& progress_;
  std::unique_ptr<replica::SavedSnapshotWriter> writer_;
  uint64_t done_ = 0;
  uint64_t all_ = 0;
  replica::StreamHash sum_;
  bool complete_ = false;
};

}  // namespace

absl::Status AsLocal(const absl::Status& status) {
  if (status.ok()) return status;
  // The advice for other kinds is meant for a member that does not start.
  const storage::StorageErrorKind kind = storage::StorageErrorOf(status).kind;
  const bool helps = kind == storage::StorageErrorKind::kDiskFull ||
                     kind == storage::StorageErrorKind::kLocked ||
                     kind == storage::StorageErrorKind::kVersion;
  if (!helps) return LocalError(status.message());
  return LocalError(
      absl::StrCat(status.message(), "; ", storage::Advice(kind)));
}

EnsembleId EnsembleIdOf(absl::string_view bytes) {
  EnsembleId id;
  if (bytes.size() != kIdBytes) return id;
  for (size_t i = 0; i < kIdBytes; ++i) {
    uint64_t& half = i < kIdBytes / 2 ? id.high : id.low;
    half = half << 8 | static_cast<uint8_t>(bytes[i]);
  }
  return id;
}

client::Zxid AcknowledgedZxid(client::AdminClient& admin,
                              const Console& console) {
  const absl::Status read =
      admin.Read(client::Exists{"/"}, client::Consistency::kLinearizable)
          .status();
  if (read.ok()) return admin.pin().highest_zxid;
  console.Remark(absl::StrCat(
      "no quorum answers (", Printable(read.message(), 120),
      "): what is saved may lack what other members have acknowledged"));
  return 0;
}

absl::Status TakeFreshSnapshot(client::AdminClient& admin,
                               const std::string& endpoint,
                               client::Zxid at_least, absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  absl::Status last;
  client::Zxid wanted = 0;  // not known yet
  while (true) {
    const absl::StatusOr<coord::v1::StatusResponse> status =
        admin.Status(endpoint);
    if (!status.ok()) return status.status();
    if (wanted == 0) wanted = std::max(at_least, status->applied_zxid());
    if (status->snapshot_zxid() >= wanted) return absl::OkStatus();
    if (absl::Now() >= deadline) {
      return last.ok() ? TimeoutError(absl::StrCat(
                             endpoint, " is behind: it has not applied ",
                             FormatZxid(wanted), " yet; name another member"))
                       : last;
    }
    last = admin.TakeSnapshot(endpoint).status();
    // One may be under way, or the member may be behind: both pass.
    if (!last.ok() && !absl::IsFailedPrecondition(last)) return last;
    if (!last.ok()) absl::SleepFor(kPause);
  }
}

absl::StatusOr<replica::SavedSnapshotInfo> SaveSnapshot(
    client::AdminClient& admin, const std::string& endpoint,
    storage::FileSystem& files, const std::string& path,
    const std::function<absl::Status(uint64_t, uint64_t)>& progress) {
  const std::string unverified = absl::StrCat(path, ".unverified");
  const auto remove = [&] { files.Remove(unverified).IgnoreError(); };
  remove();  // of an attempt that was cut short
  absl::Status status;
  {
    Receiver receiver(files, unverified, progress);
    status = admin.SaveSnapshot(
        endpoint, [&receiver](const coord::v1::SnapshotPart& part) {
          return receiver.Take(part);
        });
    if (status.ok()) status = receiver.Finish();
  }
  if (!status.ok()) return status;
  absl::StatusOr<replica::SavedSnapshotInfo> info =
      VerifySavedSnapshot(files, unverified);
  if (info.ok()) {
    status = files.Rename(unverified, path);
    if (status.ok()) {
      const std::string parent = std::filesystem::path(path).parent_path();
      status = files.SyncDirectory(parent.empty() ? "." : parent);
    }
    if (!status.ok()) info = AsLocal(status);
  }
  if (!info.ok()) remove();
  return info;
}

absl::StatusOr<replica::SavedSnapshotInfo> VerifySavedSnapshot(
    storage::FileSystem& files, const std::string& path) {
  const absl::StatusOr<std::unique_ptr<replica::SavedSnapshotReader>> reader =
      replica::SavedSnapshotReader::Open(files, path);
  if (!reader.ok()) return AsLocal(reader.status());
  while (true) {
    const absl::StatusOr<std::string> piece = (*reader)->Read(kPieceBytes);
    if (!piece.ok()) return AsLocal(piece.status());
    if (piece->empty()) return (*reader)->info();
  }
}

}  // namespace quorate::tools
