// Segment: one file of a partition's log, as memory knows it, and its scan.

#ifndef QUORATE_BROKER_LOG_SEGMENT_H_
#define QUORATE_BROKER_LOG_SEGMENT_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "broker/record/record_batch.h"
#include "coord/storage/file_system.h"

namespace quorate::broker {

// Where a batch begins; one for every kIndexBytes or so of a segment.
struct IndexEntry {
  int64_t offset = 0;
  uint64_t position = 0;
  // The largest of all batches before it in the segment.
  int64_t max_timestamp_ms = std::numeric_limits<int64_t>::min();
};

inline constexpr uint64_t kIndexBytes = 16 << 10;

struct Segment {
  int64_t base_offset = 0;
  std::string path = {};
  uint64_t size_bytes = 0;  // of its batches; the file may go on with zeros
  int64_t end_offset = 0;
  int64_t max_timestamp_ms = std::numeric_limits<int64_t>::min();
  std::vector<IndexEntry> index = {};

  // A batch now stands at the end.
  void Add(const BatchHeader& header);
  // The last entry at or below `offset`; position 0 if there is none.
  IndexEntry Floor(int64_t offset) const;
  // The last entry with only older batches before it.
  IndexEntry FloorOfTime(int64_t timestamp_ms) const;
};

std::string SegmentName(int64_t base_offset);  // "00000000000000000000.log"
// Nothing: not the name of a segment.
std::optional<int64_t> ParseSegmentName(absl::string_view name);

struct ScanEnd {
  // What stands behind the last good batch is no batch that belongs there, and
  // not just zeros. Empty: the segment ends well.
  std::string problem = {};
};

// Reads and verifies a whole segment. `segment` has its base offset and path,
// no batches; it is given those up to the first that is not good, for which
// `each` is called. Batches must be contiguous, and their epochs not fall below
// `*epoch`, which becomes that of the last. Errors are those of the disk.
absl::StatusOr<ScanEnd> ScanSegment(
    const storage::File& file, Segment* segment, int32_t* epoch,
    absl::FunctionRef<void(const BatchHeader&)> each);

// The header of the batch at `position`. kDamaged: there is none.
absl::StatusOr<BatchHeader> HeaderAt(const storage::File& file,
                                     const std::string& path,
                                     uint64_t position);

// Overwrites all from `position` on with zeros, and makes the file durable. A
// full disk before the sync is kDiskFull, in it final.
absl::Status ZeroFrom(storage::File& file, uint64_t position);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_LOG_SEGMENT_H_
