// SnapshotStore: the snapshots in a member's directory.
//
// Two ways lead in. The member's own: Begin(), fill the writer (on any thread),
// Publish(). A leader's: Receive() its pieces, PrepareInstall(), let the log
// say that it was reset, CompleteInstall(); the log's entry decides whether the
// snapshot counts. Either way it was read back and checked before it has its
// name, and older ones stay until GiveUpOlder().
//
// After an error that is neither kDiskFull nor kMisuse the caller stops. Not
// thread-safe, except Begin().

#ifndef QUORATE_COORD_STORAGE_SNAPSHOT_STORE_H_
#define QUORATE_COORD_STORAGE_SNAPSHOT_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "coord/base/bytes.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_system.h"
#include "coord/storage/owner.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/storage/snapshot_writer.h"

namespace quorate::storage {

// A piece of an incoming snapshot. One at offset 0 starts anew and drops what
// was received of any other.
struct SnapshotPiece {
  consensus::Zxid zxid;
  uint64_t offset = 0;
  Bytes data;
};

class SnapshotStore {
 public:
  // Reads header and meta of every snapshot; content is checked when it is
  // read. A received one at `log_reset` is made to count, any other is removed,
  // as is what a crash left under way. kDamaged, kForeign, kVersion: one of the
  // snapshots is; none is passed over. `files` must outlive the store.
  static absl::StatusOr<std::unique_ptr<SnapshotStore>> Open(
      FileSystem& files, absl::string_view directory, const Owner& owner,
      std::optional<consensus::Zxid> log_reset);

  // Oldest first.
  const std::vector<SnapshotInfo>& list() const { return snapshots_; }
  // The newest one's zxid; none: no snapshot.
  consensus::Zxid newest() const {
    return snapshots_.empty() ? consensus::Zxid() : snapshots_.back().zxid;
  }

  // kNotFound: there is none at `zxid`.
  absl::StatusOr<std::unique_ptr<SnapshotReader>> Read(
      consensus::Zxid zxid) const;

  // A writer for the member's own snapshot. Thread-safe; one at a time.
  absl::StatusOr<std::unique_ptr<SnapshotWriter>> Begin(
      consensus::Zxid zxid) const;
  // Publication, in three steps, so that none of them need make others wait.
  // First: may it be? kMisuse: not finished, or not newer than newest().
  absl::Status CheckFinished(const SnapshotWriter& writer) const;
  // Then it is given its name, durably. Thread-safe.
  absl::Status Name(const SnapshotWriter& writer) const;
  // Then it counts.
  void Add(const SnapshotInfo& info);

  // kMisuse: the piece does not follow what was received; the caller may start
  // anew. A piece that is held already is accepted and ignored. Nothing relies
  // on pieces after a restart, which drops them: they are synced now and then
  // and all together in PrepareInstall().
  absl::Status Receive(const SnapshotPiece& piece);
  // What is held of an incoming snapshot; 0 if nothing.
  uint64_t received_bytes() const {
    return incoming_ ? incoming_->size_bytes() : 0;
  }
  // Whether what was received is all of `info`; kMisuse if not.
  absl::Status CheckReceived(const SnapshotInfo& info) const;
  // Forgets what was received, unless it is prepared.
  absl::Status DropIncoming();

  // Finishes and checks what was received and makes it durable under a name
  // that does not count yet. kMisuse as CheckReceived().
  absl::Status PrepareInstall(const SnapshotInfo& info);
  // REQUIRES: PrepareInstall() has returned OK, nothing was received since, and
  // the log's reset is durable.
  absl::Status CompleteInstall();

  // Forgets all but the newest one and those in `keep`. Their files may be
  // removed from now on; it is as well if they are found at the next start.
  std::vector<std::string> GiveUpOlder(absl::Span<const consensus::Zxid> keep);

  void SetOwner(const Owner& owner) { owner_ = owner; }

 private:
  SnapshotStore(FileSystem& files, absl::string_view directory,
                const Owner& owner)
      : files_(files), directory_(directory), owner_(owner) {}

  absl::Status Load(const std::vector<std::string>& names);
  absl::Status Give(absl::string_view from, absl::string_view to) const;

  FileSystem& files_;
  const std::string directory_;
  Owner owner_;
  std::vector<SnapshotInfo> snapshots_;
  std::unique_ptr<SnapshotWriter> incoming_;
  bool prepared_ = false;  // `incoming_` is finished and has its second name
};

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_SNAPSHOT_STORE_H_
