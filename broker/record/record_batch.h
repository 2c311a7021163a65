// RecordBatch: what producers send, logs hold and consumers read; encoded once,
// by the producer.
//
// A leader writes base offset and leader epoch into the encoded bytes, which is
// why the checksum leaves these two out. All numbers are little-endian.
//
//   offset  bytes
//        0      8  base offset
//        8      4  size: bytes after this field
//       12      4  leader epoch
//       16      8  checksum: XXH3, 64 bits, of all bytes from 24 on
//       24      1  format version: 1
//       25      1  flags: 0
//       26      2  producer epoch
//       28      4  base sequence
//       32      8  producer id; 0: none, then epoch and sequence are 0
//       40      8  first timestamp, milliseconds since 1970
//       48      8  largest timestamp
//       56      4  number of records, above 0
//       60      4  0
//       64         the records
//
//   record: timestamp minus the first (i64), key size (u32, 0xffffffff: no
//   key), value size (u32), number of headers (u32), key, value, headers: each
//   name size (u32), value size (u32), name, value.
//
// After Kafka's message format v2 (KIP-98), without its variable lengths.

#ifndef QUORATE_BROKER_RECORD_RECORD_BATCH_H_
#define QUORATE_BROKER_RECORD_RECORD_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quorate::broker {

inline constexpr size_t kBatchHeaderBytes = 64;
// The largest batch that any topic may allow.
inline constexpr size_t kMaxBatchBytes = 8 << 20;

struct RecordHeader {
  std::string name = {};
  std::string value = {};

  bool operator==(const RecordHeader&) const = default;
};

struct Record {
  int64_t timestamp_ms = 0;
  std::optional<std::string> key = {};
  std::string value = {};
  std::vector<RecordHeader> headers = {};

  bool operator==(const Record&) const = default;
};

struct BatchHeader {
  int64_t base_offset = 0;
  uint32_t size_bytes = 0;  // of the whole batch, encoded
  int32_t leader_epoch = 0;
  uint64_t producer_id = 0;  // 0: none
  int32_t producer_epoch = 0;
  int32_t base_sequence = 0;
  int64_t first_timestamp_ms = 0;
  int64_t max_timestamp_ms = 0;
  int32_t record_count = 0;

  int64_t next_offset() const { return base_offset + record_count; }
  // Sequences are counted modulo 2^31.
  int32_t last_sequence() const {
    return static_cast<int32_t>(
        (static_cast<int64_t>(base_sequence) + record_count - 1) & 0x7fffffff);
  }
  bool operator==(const BatchHeader&) const = default;
};

// Encodes records; offset and leader epoch are 0. REQUIRES: not empty. Sizes,
// count and timestamps are taken from the records; of `header` it uses
// producer id, epoch and sequence. InvalidArgument: more than kMaxBatchBytes.
absl::StatusOr<std::string> EncodeBatch(const BatchHeader& header,
                                        const std::vector<Record>& records);
// Bytes that one record takes in a batch.
size_t EncodedSize(const Record& record);

// The header at the beginning of `bytes`, whatever follows. OutOfRange: `bytes`
// ends before the header does; DataLoss as below.
absl::StatusOr<BatchHeader> PeekBatchHeader(absl::string_view bytes);
// The header at the beginning of `bytes`. OutOfRange: `bytes` ends before the
// batch does. DataLoss: it cannot be a batch; the message says why. Does not
// look at the checksum.
absl::StatusOr<BatchHeader> ReadBatchHeader(absl::string_view bytes);
// Checksum and structure of exactly one batch. DataLoss as above.
absl::StatusOr<BatchHeader> VerifyBatch(absl::string_view batch);
// Also verifies.
absl::StatusOr<std::vector<Record>> DecodeBatch(absl::string_view batch);
// Writes the two fields that a leader gives. REQUIRES: a batch.
void StampBatch(std::string* batch, int64_t base_offset, int32_t leader_epoch);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_RECORD_RECORD_BATCH_H_
