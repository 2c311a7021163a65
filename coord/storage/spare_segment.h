// SpareSegment: prepares the file of the next log segment ahead of time.
//
// A segment is filled with zeros before its use: then a sync of it need not
// write metadata, and recovery can tell an untouched sector from any other.
// That is as much writing as the log itself does, so it is done in pieces.
//
// Not thread-safe.

#ifndef QUORATE_COORD_STORAGE_SPARE_SEGMENT_H_
#define QUORATE_COORD_STORAGE_SPARE_SEGMENT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coord/storage/file_system.h"

namespace quorate::storage {

class SpareSegment {
 public:
  // `files` must outlive it.
  SpareSegment(FileSystem& files, absl::string_view directory,
               uint64_t segment_bytes);

  // Fills and syncs up to `max_bytes` more; does nothing if ready. kDiskFull:
  // what was prepared is given back, and a later call begins anew. Any other
  // error is final.
  absl::Status Prepare(uint64_t max_bytes);

  bool ready() const { return file_ != nullptr && filled_ == segment_bytes_; }
  uint64_t missing_bytes() const { return segment_bytes_ - filled_; }

  // The file, still under path(); the next Prepare() replaces what is left
  // there. REQUIRES: ready().
  std::unique_ptr<File> Take();
  const std::string& path() const { return path_; }

 private:
  absl::Status Create();
  absl::Status GiveBack(const absl::Status& cause);

  FileSystem& files_;
  const std::string path_;
  const uint64_t segment_bytes_;
  std::unique_ptr<File> file_;
  uint64_t filled_ = 0;
};

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_SPARE_SEGMENT_H_
