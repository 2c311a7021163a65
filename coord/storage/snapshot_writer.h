// SnapshotWriter: writes one snapshot file from start to end.
//
// It touches nothing but its own file, so that it may work on another thread
// while the member goes on; it is used by one thread at a time. The file gets
// its final name only from SnapshotStore::Publish(). What is not published is
// removed at the next start.

#ifndef QUORATE_COORD_STORAGE_SNAPSHOT_WRITER_H_
#define QUORATE_COORD_STORAGE_SNAPSHOT_WRITER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/storage/file_system.h"
#include "coord/storage/snapshot_format.h"
#include "coord/storage/snapshot_reader.h"

namespace quorate::storage {

class SnapshotWriter {
 public:
  // Replaces a file at `path`. `files` must outlive the writer.
  static absl::StatusOr<std::unique_ptr<SnapshotWriter>> Begin(
      FileSystem& files, absl::string_view path, const SnapshotHeader& header);

  // Adds to the content. kDiskFull: nothing was added, try again or Discard().
  // After any other error every later call returns the same. It waits for the
  // disk, a little at a time, so that it never gets far ahead of it and the one
  // sync at the end has little to write.
  absl::Status Append(absl::string_view data);

  // Ends the file, makes it durable, reads it back and checks it. kDiskFull: as
  // above. kDamaged: what was read is not what was written. REQUIRES: not
  // finished.
  absl::Status Finish(absl::string_view meta);

  // Removes the file.
  absl::Status Discard();

  uint64_t size_bytes() const { return info_.size_bytes; }
  bool finished() const { return finished_; }
  const SnapshotInfo& info() const { return info_; }
  const std::string& path() const { return path_; }

 private:
  SnapshotWriter(FileSystem& files, absl::string_view path,
                 std::unique_ptr<File> file)
      : files_(files), path_(path), file_(std::move(file)) {}

  absl::Status Write(uint64_t offset, absl::string_view bytes);
  absl::Status WriteEnd(absl::string_view meta);
  absl::Status Note(const absl::Status& status);

  FileSystem& files_;
  const std::string path_;
  std::unique_ptr<File> file_;
  SnapshotInfo info_;
  uint64_t key_ = 0;
  std::string rest_;  // content that does not fill a block yet
  uint64_t blocks_ = 0;
  uint64_t chain_ = 0;
  uint64_t written_out_ = 0;  // the file up to here was given to the disk
  bool finished_ = false;
  absl::Status broken_;
};

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_SNAPSHOT_WRITER_H_
