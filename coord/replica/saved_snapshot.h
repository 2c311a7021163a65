// SavedSnapshot: a snapshot of a running ensemble as one file, to be kept
// elsewhere, looked into, and restored from (restore.h).
//
//   file    = header meta content footer
//   header  = checksum:u64 magic[8]="QRTESAVE" version:u32 meta_bytes:u32
//             ensemble:u64[2] zxid:u64 content_bytes:u64        56 bytes
//   footer  = magic[8]="QRTEDONE" sum:u64                       16 bytes
//
// Numbers are little-endian. The header's checksum covers header and meta, the
// footer's sum all that stands before the footer; both are XXH3. So a file that
// was cut off, grown or altered anywhere is refused. A change of form takes a
// new version.
//
// Errors are those of coord/storage/storage_error.h, and name file and offset:
// kDamaged (DataLoss), kVersion (Unimplemented), kDiskFull, kIo. Neither class
// is thread-safe; `files` must outlive both.

#ifndef QUORATE_COORD_REPLICA_SAVED_SNAPSHOT_H_
#define QUORATE_COORD_REPLICA_SAVED_SNAPSHOT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/stream_hash.h"
#include "coord/storage/file_system.h"

namespace quorate::replica {

struct SavedSnapshotInfo {
  EnsembleId ensemble;      // of which it is
  consensus::Zxid zxid;     // last record that it contains
  uint64_t size_bytes = 0;  // of the content
  std::string meta;         // see DecodeSnapshotMeta(); at most 16 MiB

  bool operator==(const SavedSnapshotInfo&) const = default;
};

class SavedSnapshotWriter {
 public:
  // Begins a file that gets its name `path` only when it is whole; until then
  // it is `path` with ".tmp", and what was there under that name is replaced.
  // kMisuse: `path` is in use, or the meta is too long.
  static absl::StatusOr<std::unique_ptr<SavedSnapshotWriter>> Begin(
      storage::FileSystem& files, absl::string_view path,
      const SavedSnapshotInfo& info);
  // Removes what was not finished.
  ~SavedSnapshotWriter();
  SavedSnapshotWriter(const SavedSnapshotWriter&) = delete;
  SavedSnapshotWriter& operator=(const SavedSnapshotWriter&) = delete;

  // Adds to the content. kMisuse: more than info.size_bytes in all. After an
  // error nothing but the destructor may be called.
  absl::Status Append(absl::string_view data);

  // Makes the file durable and gives it its name. kMisuse: content is missing.
  absl::Status Finish();

 private:
  SavedSnapshotWriter(storage::FileSystem& files, absl::string_view path,
                      uint64_t content_bytes)
      : files_(files), path_(path), content_left_(content_bytes) {}

  absl::Status Write(absl::string_view bytes);
  std::string TemporaryPath() const { return path_ + ".tmp"; }

  storage::FileSystem& files_;
  const std::string path_;
  std::unique_ptr<storage::File> file_;  // nullptr: nothing to remove
  uint64_t content_left_;
  uint64_t offset_ = 0;
  StreamHash sum_;
};

class SavedSnapshotReader {
 public:
  // Reads and checks header, meta and size of the file. NotFound: there is
  // none.
  static absl::StatusOr<std::unique_ptr<SavedSnapshotReader>> Open(
      storage::FileSystem& files, absl::string_view path);

  const SavedSnapshotInfo& info() const { return info_; }

  // The next piece of the content, of at most `max_bytes`; "" at its end, once
  // the sum over all is found right: until then nothing read is to be trusted.
  // REQUIRES: max_bytes > 0.
  absl::StatusOr<std::string> Read(size_t max_bytes);

 private:
  SavedSnapshotReader(std::unique_ptr<storage::File> file,
                      absl::string_view path)
      : file_(std::move(file)), path_(path) {}

  absl::Status ReadHeader();
  absl::Status CheckFooter();

  std::unique_ptr<storage::File> file_;
  const std::string path_;
  SavedSnapshotInfo info_;
  uint64_t offset_ = 0;
  uint64_t end_ = 0;  // of the content, in the file
  StreamHash sum_;
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_SAVED_SNAPSHOT_H_
