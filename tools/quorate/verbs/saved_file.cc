#include "tools/quorate/verbs/saved_file.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/client/admin.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/saved_snapshot.h"
#include "coord/replica/stream_hash.h"
#include "coord/storage/file_system.h"
#include "coord/storage/storage_error.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

constexpr size_t kPieceBytes = 1 << 20;
constexpr size_t kIdBytes = 16;

// Takes the parts of one snapshot as they arrive.
class Receiver {
 public:
  Receiver(storage::FileSystem& files, const std::string& path)
      : files_(files), path_(path) {}

  absl::Status Take(const coord::v1::SnapshotPart& part) {
    switch (part.part_case()) {
      case coord::v1::SnapshotPart::kHead:
        return Begin(part.head());
      case coord::v1::SnapshotPart::kData:
        if (writer_ == nullptr) break;
        sum_.Add(part.data());
        return AsLocal(writer_->Append(part.data()));
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
    return absl::OkStatus();
  }

  storage::FileSystem& files_;
  const std::string path_;
  std::unique_ptr<replica::SavedSnapshotWriter> writer_;
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

absl::StatusOr<replica::SavedSnapshotInfo> SaveSnapshot(
    client::AdminClient& admin, const std::string& endpoint,
    storage::FileSystem& files, const std::string& path) {
  Receiver receiver(files, path);
  absl::Status status = admin.SaveSnapshot(
      endpoint, [&receiver](const coord::v1::SnapshotPart& part) {
        return receiver.Take(part);
      });
  if (status.ok()) status = receiver.Finish();
  if (!status.ok()) return status;
  return VerifySavedSnapshot(files, path);
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
