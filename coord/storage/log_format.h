// The bytes of a log segment: header, sectors, frames, entries.
//
// FORMAT.md gives the grammar and says why it is so. In short: a segment is a
// row of sectors of 512 bytes; the first is the header, and frames follow. A
// frame is what one sync made durable: entries, padded to whole sectors. Each
// sector carries a checksum that is seeded with everything before the frame
// (the chain) and with its own place, so that a sector is either valid where it
// stands, or still zero as it was prepared, or damaged.
//
// Plain functions and values; no I/O.

#ifndef QUORATE_COORD_STORAGE_LOG_FORMAT_H_
#define QUORATE_COORD_STORAGE_LOG_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/bytes.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_system.h"
#include "coord/storage/log_record.h"
#include "coord/storage/owner.h"

namespace quorate::storage {

inline constexpr uint16_t kLogVersion = 1;
inline constexpr size_t kChecksumBytes = 8;
inline constexpr size_t kSectorPayloadBytes = kSectorBytes - kChecksumBytes;
inline constexpr size_t kFrameHeaderBytes = 16;
inline constexpr size_t kEntryHeaderBytes = 16;
// A segment is a whole number of sectors within these bounds.
inline constexpr uint64_t kMinSegmentBytes = 8 * kSectorBytes;
inline constexpr uint64_t kMaxSegmentBytes = uint64_t{1} << 30;

struct SegmentHeader {
  Owner owner;
  uint64_t segment_bytes = 0;
  uint64_t number = 0;          // 1 for the first, then without a gap
  uint64_t previous_chain = 0;  // of the log before this segment; first: 0
  consensus::Zxid preceding;    // last record of the log at its start
};

enum class EntryType : uint8_t {
  kRecord = 1,
  kTruncate = 2,  // the records above `zxid` are no more
  kReset = 3,     // a snapshot at `zxid` takes the place of all records
  kSeal = 4,      // the log goes on in segment `zxid.value()`
};

struct LogEntry {
  EntryType type = EntryType::kRecord;
  LogRecord record;  // of other types only the zxid counts
};

// --- Sectors ----------------------------------------------------------------

enum class SectorState : uint8_t { kUntouched, kValid, kDamaged };

// `sector` is kSectorBytes long; `index` counts from the segment's start.
SectorState Classify(absl::string_view sector, uint64_t chain, uint64_t index);

// The chain after a frame, from the checksums of its sectors.
uint64_t ChainOver(absl::string_view sectors, uint64_t chain);

// --- Header -----------------------------------------------------------------

// One sector.
std::string EncodeHeader(const SegmentHeader& header);

// kDamaged; kVersion if another version wrote it.
absl::StatusOr<SegmentHeader> DecodeHeader(absl::string_view sector,
                                           absl::string_view path);

// The chain that the first frame of the segment with this header continues.
uint64_t FirstChain(absl::string_view header_sector);

// --- Frames -----------------------------------------------------------------

// Collects entries and turns them into sectors. Not thread-safe.
class FrameBuilder {
 public:
  FrameBuilder() { Clear(); }

  void Add(EntryType type, const LogRecord& record);

  bool empty() const { return entries_ == 0; }
  // Sectors that the frame takes, an empty one too.
  size_t SectorCount() const { return SectorsFor(body_.size()); }
  size_t SectorCountWith(size_t more_bytes) const {
    return SectorsFor(body_.size() + more_bytes);
  }
  // The frame as it is written at sector `index` of a segment whose chain is
  // `chain`. Valid until the next call.
  absl::string_view Encode(uint64_t chain, uint64_t index);
  void Clear();

  static size_t EntryBytes(const LogRecord& record) {
    return kEntryHeaderBytes + SizeOf(record.payload);
  }
  static size_t SectorsFor(size_t body_bytes) {
    return (body_bytes + kSectorPayloadBytes - 1) / kSectorPayloadBytes;
  }

 private:
  std::string body_;
  std::string sectors_;
  uint32_t entries_ = 0;
};

// The first fields of a frame's first sector.
struct FrameHeader {
  uint32_t body_bytes = 0;  // with this header, without padding
  uint32_t entries = 0;
  uint64_t previous_chain = 0;

  size_t SectorCount() const { return FrameBuilder::SectorsFor(body_bytes); }
};
FrameHeader DecodeFrameHeader(absl::string_view first_sector);

// The entries of a frame whose sectors are all valid. kDamaged if they are not
// what this program writes, although their checksums are right.
absl::StatusOr<std::vector<LogEntry>> DecodeFrame(absl::string_view sectors,
                                                  absl::string_view path,
                                                  uint64_t offset);

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_LOG_FORMAT_H_
