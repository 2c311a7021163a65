// LogWriter: appends frames to one prepared segment.
//
// AppendFrame() is one write and one fdatasync; the segment was filled with
// zeros before, so that neither changes the file's size or blocks. There is
// never more than one frame under way: the next is written only after the sync
// of the one before has returned. Recovery relies on it.
//
// Not thread-safe.

#ifndef QUORATE_COORD_STORAGE_LOG_WRITER_H_
#define QUORATE_COORD_STORAGE_LOG_WRITER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/storage/file_system.h"
#include "coord/storage/log_format.h"

namespace quorate::storage {

class LogWriter {
 public:
  // Starts a segment in `file`, which is zero throughout: writes the header and
  // syncs it.
  static absl::StatusOr<LogWriter> Start(std::unique_ptr<File> file,
                                         const SegmentHeader& header);

  // Goes on at sector `sector` of a segment with that chain.
  LogWriter(std::unique_ptr<File> file, const SegmentHeader& header,
            uint64_t sector, uint64_t chain);

  // Makes the frame durable. kDiskFull: the write was refused before the sync;
  // nothing of it counts, and another frame may be tried later. After any other
  // error the writer is of no use. REQUIRES: SectorCount() <= FreeSectors().
  absl::Status AppendFrame(FrameBuilder& frame);

  // Overwrites `count` sectors from the present one with zeros and syncs.
  absl::Status ClearAhead(uint64_t count);
  // Writes sectors again where they stand already and syncs: what was read may
  // have been in memory only.
  absl::Status Rewrite(uint64_t offset, absl::string_view sectors);

  const SegmentHeader& header() const { return header_; }
  uint64_t chain() const { return chain_; }
  uint64_t FreeSectors() const {
    return header_.segment_bytes / kSectorBytes - sector_;
  }

 private:
  std::unique_ptr<File> file_;
  SegmentHeader header_;
  uint64_t sector_;
  uint64_t chain_;
  uint64_t dirty_sectors_ = 0;  // ahead, left by a write that was refused
};

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_LOG_WRITER_H_
