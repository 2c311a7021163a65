// SnapshotReader: reads a snapshot file, checking every byte it hands out.
//
// A reader stays good when its file is removed or replaced by name. Not
// thread-safe; several readers of one file are independent.

#ifndef QUORATE_COORD_STORAGE_SNAPSHOT_READER_H_
#define QUORATE_COORD_STORAGE_SNAPSHOT_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_system.h"
#include "coord/storage/owner.h"
#include "coord/storage/snapshot_format.h"

namespace quorate::storage {

struct SnapshotInfo {
  consensus::Zxid zxid;     // last record that it contains
  std::string meta;         // of the layer above, such as the configuration
  uint64_t size_bytes = 0;  // of the content
};

class SnapshotReader {
 public:
  // Reads header, footer and meta; not yet the content. kNotFound, kDamaged,
  // kVersion, or a read's error. `files` must outlive the reader.
  static absl::StatusOr<std::unique_ptr<SnapshotReader>> Open(
      FileSystem& files, absl::string_view path);

  const SnapshotInfo& info() const { return info_; }
  const Owner& owner() const { return owner_; }
  const std::string& path() const { return path_; }

  // Up to `size` bytes of the content at `offset`; fewer only at its end.
  // kDamaged if a block that it touches is; kMisuse if `offset` is beyond the
  // end.
  absl::StatusOr<std::string> Read(uint64_t offset, size_t size);

  // Reads everything, from the disk where the system allows.
  absl::Status Verify();

 private:
  SnapshotReader(std::unique_ptr<File> file, absl::string_view path)
      : file_(std::move(file)), path_(path) {}

  absl::Status LoadMeta();
  // The payload of a block; valid until the next call.
  absl::StatusOr<absl::string_view> Block(uint64_t index);

  std::unique_ptr<File> file_;
  const std::string path_;
  Owner owner_;
  SnapshotInfo info_;
  SnapshotFooter footer_;
  uint64_t key_ = 0;
  std::string block_;  // with its checksum; empty: none
  uint64_t block_index_ = 0;
};

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_SNAPSHOT_READER_H_
