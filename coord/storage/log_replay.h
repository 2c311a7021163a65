// ReplayLog: reads all segments of a log, in order, into what the log holds.
//
// It checks that the segments are all there, continue each other and belong to
// one owner, and changes nothing: recovery and offline inspection share it.

#ifndef QUORATE_COORD_STORAGE_LOG_REPLAY_H_
#define QUORATE_COORD_STORAGE_LOG_REPLAY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_system.h"
#include "coord/storage/log_format.h"
#include "coord/storage/log_reader.h"
#include "coord/storage/log_record.h"

namespace quorate::storage {

struct ReplayedSegment {
  std::string path;
  SegmentHeader header;
  SegmentEnd end;
  // The last record that would be missing if this segment and all before it
  // were dropped; none: no record would.
  consensus::Zxid last;
};

struct LastFrame {
  size_t segment = 0;  // index in ReplayedLog::segments
  uint64_t offset = 0;
  std::string sectors;
};

struct ReplayedLog {
  consensus::Zxid base;                  // the record before records[0]
  std::vector<LogRecord> records;        // what counts: truncated ones are gone
  std::optional<consensus::Zxid> reset;  // of the newest kReset entry
  std::vector<ReplayedSegment> segments;
  std::optional<LastFrame> last_frame;
  // A segment that was made but never used: the log did not get to it.
  std::optional<std::string> orphan;

  consensus::Zxid last() const {
    return records.empty() ? base : records.back().zxid;
  }
};

// Numbers of the segments in a directory's listing, lowest first.
std::vector<uint64_t> SegmentNumbers(const std::vector<std::string>& names);

// kUnused if there is no segment. kDamaged: file and offset of the first byte
// that is not as it was acknowledged. kForeign, kVersion, or a read's error.
absl::StatusOr<ReplayedLog> ReplayLog(FileSystem& files,
                                      absl::string_view directory);

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_LOG_REPLAY_H_
