// LogReader: reads one log segment, frame by frame, and judges its end.
//
// It decides what is a torn tail and what is damage (FORMAT.md, "Recovery"):
// behind the last whole frame, sectors may be untouched, or valid parts of the
// one frame that was under way; anything else is damage. It changes nothing.
//
// Not thread-safe.

#ifndef QUORATE_COORD_STORAGE_LOG_READER_H_
#define QUORATE_COORD_STORAGE_LOG_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/storage/file_system.h"
#include "coord/storage/log_format.h"

namespace quorate::storage {

struct Frame {
  uint64_t offset = 0;  // bytes, in the segment
  std::string sectors;  // as they stand in the file
  std::vector<LogEntry> entries;

  bool IsSeal() const {
    return !entries.empty() && entries.back().type == EntryType::kSeal;
  }
};

// What stands behind the last whole frame.
struct SegmentEnd {
  uint64_t sector = 0;          // index of the first one behind it
  uint64_t chain = 0;           // that the next frame continues
  uint64_t torn_sectors = 0;    // 0: clean; else how far a torn frame reaches
  bool sealed = false;          // the last frame is a seal
  uint64_t unsealed_chain = 0;  // `chain` as it was before the seal
};

class LogReader {
 public:
  // kDamaged if header or size are wrong, kVersion, or the error of a read.
  static absl::StatusOr<LogReader> Open(FileSystem& files,
                                        absl::string_view path);

  const SegmentHeader& header() const { return header_; }
  const std::string& path() const { return path_; }

  // The next frame; nothing at the end. After nothing or an error: no more.
  absl::StatusOr<std::optional<Frame>> Next();

  // REQUIRES: Next() has returned nothing.
  const SegmentEnd& end() const { return end_; }

 private:
  LogReader(std::unique_ptr<File> file, std::string path,
            absl::string_view header_sector, const SegmentHeader& header);

  uint64_t SectorsInSegment() const {
    return header_.segment_bytes / kSectorBytes;
  }
  // Valid until the next call. REQUIRES: index < SectorsInSegment().
  absl::StatusOr<absl::string_view> Sector(uint64_t index);
  absl::Status JudgeEnd(std::optional<uint64_t> frame_sectors);

  std::unique_ptr<File> file_;
  std::string path_;
  SegmentHeader header_;
  SegmentEnd end_;
  std::string window_;         // some sectors of the file
  uint64_t window_start_ = 0;  // index of the first of them
};

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_LOG_READER_H_
