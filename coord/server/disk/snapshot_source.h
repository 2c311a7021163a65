// DiskSnapshotSource: reads pieces of this member's snapshots for its peers.
//
// Keeps the last few files open, as a peer asks for one piece after the other.
// Thread-safe; blocks on the disk.

#ifndef QUORATE_COORD_SERVER_DISK_SNAPSHOT_SOURCE_H_
#define QUORATE_COORD_SERVER_DISK_SNAPSHOT_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "coord/base/bytes.h"
#include "coord/consensus/zxid.h"
#include "coord/rpc/host.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/snapshot_reader.h"

namespace quorate::server {

class DiskSnapshotSource final : public rpc::SnapshotSource {
 public:
  // `on_damage` is told of a snapshot that is not what was written (rule 21).
  // `storage` must outlive this.
  DiskSnapshotSource(const storage::MemberStorage& storage,
                     std::function<void(const absl::Status&)> on_damage);

  // Besides NotFound: kOutOfRange if the snapshot ends before, DataLoss if it
  // is damaged, or an error of the system.
  absl::StatusOr<Bytes> ReadSnapshot(consensus::Zxid zxid, uint64_t offset,
                                     uint64_t length) override;

  // Closes all files, so that removed ones take no room. They are opened again
  // as needed.
  void Close();

 private:
  static constexpr size_t kMaxOpen = 2;
  // A peer is sent pieces of at most Options::snapshot_chunk_bytes.
  static constexpr uint64_t kMaxPieceBytes = 16 << 20;

  absl::StatusOr<storage::SnapshotReader*> Find(consensus::Zxid zxid)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const storage::MemberStorage& storage_;
  const std::function<void(const absl::Status&)> on_damage_;
  absl::Mutex mutex_;
  // Last used first.
  std::list<std::unique_ptr<storage::SnapshotReader>> open_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_DISK_SNAPSHOT_SOURCE_H_
