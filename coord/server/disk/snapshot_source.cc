#include "coord/server/disk/snapshot_source.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "coord/base/bytes.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/storage/storage_error.h"

namespace quorate::server {

DiskSnapshotSource::DiskSnapshotSource(
    const storage::MemberStorage& storage,
    std::function<void(const absl::Status&)> on_damage)
    : storage_(storage), on_damage_(std::move(on_damage)) {}

absl::StatusOr<storage::SnapshotReader*> DiskSnapshotSource::Find(
    consensus::Zxid zxid) {
  for (auto at = open_.begin(); at != open_.end(); ++at) {
    if ((*at)->info().zxid != zxid) continue;
    open_.splice(open_.begin(), open_, at);
    return open_.front().get();
  }
  absl::StatusOr<std::unique_ptr<storage::SnapshotReader>> reader =
      storage_.ReadSnapshot(zxid);
  if (!reader.ok()) return reader.status();
  open_.push_front(*std::move(reader));
  if (open_.size() > kMaxOpen) open_.pop_back();
  return open_.front().get();
}

absl::StatusOr<Bytes> DiskSnapshotSource::ReadSnapshot(consensus::Zxid zxid,
                                                       uint64_t offset,
                                                       uint64_t length) {
  absl::StatusOr<std::string> piece;
  {
    const absl::MutexLock lock(&mutex_);
    absl::StatusOr<storage::SnapshotReader*> reader = Find(zxid);
    if (!reader.ok()) {
      piece = reader.status();
    } else if (const uint64_t size = (*reader)->info().size_bytes;
               offset > size || length > size - offset ||
               length > kMaxPieceBytes) {
      return absl::OutOfRangeError(
          absl::StrCat("expected a piece within the ", size,
                       " bytes of snapshot ", ToString(zxid), ", at most ",
                       kMaxPieceBytes, "; found ", length, " at ", offset));
    } else {
      piece = (*reader)->Read(offset, length);
    }
  }
  if (storage::StorageErrorOf(piece.status()).kind ==
      storage::StorageErrorKind::kDamaged) {
    // One that was given up is freed while it may still be read here.
    const absl::Status again = storage_.ReadSnapshot(zxid).status();
    if (absl::IsNotFound(again)) return again;
    on_damage_(piece.status());
  }
  if (!piece.ok()) return piece.status();
  return MakeBytes(*std::move(piece));
}

void DiskSnapshotSource::Close() {
  const absl::MutexLock lock(&mutex_);
  open_.clear();
}

}  // namespace quorate::server
