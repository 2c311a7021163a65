// SpareSegment: prepares the file of the next log segment ahead of time.
//
// A segment is filled with zeros before its use: then a sync of it need not
// write metadata, and recovery can tell an untouched sector from any other.
// That is as much writing as the log itself does, so it is done in pieces.
//
// Thread-safe: one thread prepares while the log's goes on writing, and has to
// wait for it only if it needs the file before it is ready.

#ifndef QUORATE_COORD_STORAGE_SPARE_SEGMENT_H_
#define QUORATE_COORD_STORAGE_SPARE_SEGMENT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "absl/functional/function_ref.h"
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

  // Does not wait for a preparation under way.
  bool ready() const { return ready_.load(std::memory_order_acquire); }

  // Prepares what is missing, and gives the file, still under path(), to
  // `use`, which renames it. The next Prepare() begins anew.
  absl::Status Use(
      absl::FunctionRef<absl::Status(std::unique_ptr<File> file)> use);
  const std::string& path() const { return path_; }

 private:
  // With mutex_ held.
  absl::Status Fill(uint64_t max_bytes);
  absl::Status Create();
  absl::Status GiveBack(const absl::Status& cause);

  FileSystem& files_;
  const std::string path_;
  const uint64_t segment_bytes_;
  std::atomic<bool> ready_ = false;
  std::mutex mutex_;
  std::unique_ptr<File> file_;  // guarded by mutex_
  uint64_t filled_ = 0;         // guarded by mutex_
};

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_SPARE_SEGMENT_H_
