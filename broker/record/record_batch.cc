#include "broker/record/record_batch.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/storage/checksum.h"
#include "coord/storage/little_endian.h"

namespace quorate::broker {
namespace {

using storage::Decoder;
using storage::LoadNumber;
using storage::PutU16;
using storage::PutU32;
using storage::PutU64;
using storage::PutU8;
using storage::StoreNumber;

constexpr size_t kSizeEnd = 12;
constexpr size_t kEpochAt = 12;
constexpr size_t kChecksumAt = 16;
constexpr size_t kChecksumEnd = 24;
constexpr uint8_t kFormatVersion = 1;
constexpr uint32_t kNoKey = 0xffffffff;
// Timestamp, three sizes.
constexpr size_t kRecordFixedBytes = 20;

absl::Status Malformed(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("not a record batch: ", what));
}

uint64_t ChecksumOf(absl::string_view batch) {
  return storage::Checksum(batch.substr(kChecksumEnd), 0);
}

void PutText(std::string* out, absl::string_view text) {
  out->append(text.data(), text.size());
}

void PutRecord(std::string* out, const Record& record, int64_t first_ms) {
  // Modulo 2^64, so that any two timestamps have a difference.
  PutU64(out, static_cast<uint64_t>(record.timestamp_ms) -
                  static_cast<uint64_t>(first_ms));
  PutU32(out, record.key ? static_cast<uint32_t>(record.key->size()) : kNoKey);
  PutU32(out, static_cast<uint32_t>(record.value.size()));
  PutU32(out, static_cast<uint32_t>(record.headers.size()));
  if (record.key) PutText(out, *record.key);
  PutText(out, record.value);
  for (const RecordHeader& header : record.headers) {
    PutU32(out, static_cast<uint32_t>(header.name.size()));
    PutU32(out, static_cast<uint32_t>(header.value.size()));
    PutText(out, header.name);
    PutText(out, header.value);
  }
}

std::string TextOf(Decoder& decoder, uint32_t size) {
  const absl::string_view text = decoder.Text(size);
  return std::string(text.data(), text.size());
}

// Nothing: `decoder` does not hold a whole record.
std::optional<Record> TakeRecord(Decoder& decoder, int64_t first_ms) {
  Record record;
  record.timestamp_ms =
      static_cast<int64_t>(static_cast<uint64_t>(first_ms) + decoder.U64());
  const uint32_t key_size = decoder.U32();
  const uint32_t value_size = decoder.U32();
  const uint32_t header_count = decoder.U32();
  if (!decoder.ok()) return std::nullopt;
  if (key_size != kNoKey) record.key = TextOf(decoder, key_size);
  record.value = TextOf(decoder, value_size);
  for (uint32_t i = 0; i < header_count && decoder.ok(); ++i) {
    const uint32_t name_size = decoder.U32();
    const uint32_t header_value_size = decoder.U32();
    RecordHeader header;
    header.name = TextOf(decoder, name_size);
    header.value = TextOf(decoder, header_value_size);
    record.headers.push_back(std::move(header));
  }
  if (!decoder.ok()) return std::nullopt;
  return record;
}

// Passes over a record without copying it.
bool SkipRecord(Decoder& decoder, int64_t first_ms, int64_t* timestamp_ms) {
  *timestamp_ms =
      static_cast<int64_t>(static_cast<uint64_t>(first_ms) + decoder.U64());
  const uint32_t key_size = decoder.U32();
  const uint32_t value_size = decoder.U32();
  const uint32_t header_count = decoder.U32();
  if (key_size != kNoKey) decoder.Text(key_size);
  decoder.Text(value_size);
  for (uint32_t i = 0; i < header_count && decoder.ok(); ++i) {
    const uint32_t name_size = decoder.U32();
    const uint32_t value = decoder.U32();
    decoder.Text(name_size);
    decoder.Text(value);
  }
  return decoder.ok();
}

// Whether count and largest timestamp are those of the records.
absl::Status CheckRecords(const BatchHeader& header, absl::string_view batch) {
  Decoder decoder(batch.substr(kBatchHeaderBytes));
  int64_t largest = 0;
  for (int32_t i = 0; i < header.record_count; ++i) {
    int64_t timestamp_ms = 0;
    if (!SkipRecord(decoder, header.first_timestamp_ms, &timestamp_ms)) {
      return Malformed(absl::StrCat("it ends within record ", i, " of ",
                                    header.record_count));
    }
    largest = i == 0 ? timestamp_ms : std::max(largest, timestamp_ms);
  }
  if (decoder.left() != 0) {
    return Malformed(
        absl::StrCat(decoder.left(), " bytes behind the last record"));
  }
  if (largest != header.max_timestamp_ms) {
    return Malformed("the largest timestamp is not that of its records");
  }
  return absl::OkStatus();
}

absl::Status CheckHeader(const BatchHeader& header, uint8_t version,
                         uint8_t flags, uint32_t zero) {
  if (version != kFormatVersion) {
    return Malformed(absl::StrCat("format version ", version, ", expected ",
                                  kFormatVersion));
  }
  if (flags != 0 || zero != 0) return Malformed("unknown flags");
  if (header.base_offset < 0) return Malformed("a base offset below 0");
  if (header.leader_epoch < 0) return Malformed("a leader epoch below 0");
  if (header.record_count <= 0) return Malformed("no records");
  if (header.base_offset >
      std::numeric_limits<int64_t>::max() - header.record_count) {
    return Malformed("offsets beyond the largest there is");
  }
  if (header.base_sequence < 0) return Malformed("a sequence below 0");
  if (header.producer_epoch > 0x7fff) return Malformed("a bad producer epoch");
  if (header.producer_id == 0 &&
      (header.producer_epoch != 0 || header.base_sequence != 0)) {
    return Malformed("an epoch or a sequence without a producer id");
  }
  if (static_cast<uint64_t>(header.record_count) * kRecordFixedBytes >
      header.size_bytes - kBatchHeaderBytes) {
    return Malformed(absl::StrCat(header.record_count, " records in ",
                                  header.size_bytes, " bytes"));
  }
  return absl::OkStatus();
}

}  // namespace

size_t EncodedSize(const Record& record) {
  size_t size = kRecordFixedBytes + record.value.size();
  if (record.key) size += record.key->size();
  for (const RecordHeader& header : record.headers) {
    size += 8 + header.name.size() + header.value.size();
  }
  return size;
}

absl::StatusOr<std::string> EncodeBatch(const BatchHeader& header,
                                        const std::vector<Record>& records) {
  QUORATE_CHECK(!records.empty());
  size_t size = kBatchHeaderBytes;
  int64_t largest_ms = records.front().timestamp_ms;
  for (const Record& record : records) {
    size += EncodedSize(record);
    largest_ms = std::max(largest_ms, record.timestamp_ms);
    if (size > kMaxBatchBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("a batch of more than ", kMaxBatchBytes, " bytes"));
    }
  }
  const int64_t first_ms = records.front().timestamp_ms;
  std::string batch;
  batch.reserve(size);
  PutU64(&batch, 0);
  PutU32(&batch, static_cast<uint32_t>(size - kSizeEnd));
  PutU32(&batch, 0);
  PutU64(&batch, 0);
  PutU8(&batch, kFormatVersion);
  PutU8(&batch, 0);
  PutU16(&batch, static_cast<uint16_t>(header.producer_epoch));
  PutU32(&batch, static_cast<uint32_t>(header.base_sequence));
  PutU64(&batch, header.producer_id);
  PutU64(&batch, static_cast<uint64_t>(first_ms));
  PutU64(&batch, static_cast<uint64_t>(largest_ms));
  PutU32(&batch, static_cast<uint32_t>(records.size()));
  PutU32(&batch, 0);
  for (const Record& record : records) PutRecord(&batch, record, first_ms);
  StoreNumber(&batch[kChecksumAt], ChecksumOf(batch));
  return batch;
}

absl::StatusOr<BatchHeader> PeekBatchHeader(absl::string_view bytes) {
  if (bytes.size() < kBatchHeaderBytes) {
    return absl::OutOfRangeError("the header of a record batch is not whole");
  }
  Decoder decoder(bytes.substr(0, kBatchHeaderBytes));
  BatchHeader header;
  header.base_offset = static_cast<int64_t>(decoder.U64());
  const uint64_t size = uint64_t{decoder.U32()} + kSizeEnd;
  header.leader_epoch = static_cast<int32_t>(decoder.U32());
  decoder.U64();  // the checksum
  const uint8_t version = decoder.U8();
  const uint8_t flags = decoder.U8();
  header.producer_epoch = decoder.U16();
  header.base_sequence = static_cast<int32_t>(decoder.U32());
  header.producer_id = decoder.U64();
  header.first_timestamp_ms = static_cast<int64_t>(decoder.U64());
  header.max_timestamp_ms = static_cast<int64_t>(decoder.U64());
  header.record_count = static_cast<int32_t>(decoder.U32());
  const uint32_t zero = decoder.U32();
  if (size <= kBatchHeaderBytes || size > kMaxBatchBytes) {
    return Malformed(absl::StrCat("a size of ", size, " bytes"));
  }
  header.size_bytes = static_cast<uint32_t>(size);
  absl::Status checked = CheckHeader(header, version, flags, zero);
  if (!checked.ok()) return checked;
  return header;
}

absl::StatusOr<BatchHeader> ReadBatchHeader(absl::string_view bytes) {
  absl::StatusOr<BatchHeader> header = PeekBatchHeader(bytes);
  if (header.ok() && bytes.size() < header->size_bytes) {
    return absl::OutOfRangeError(
        absl::StrCat("a record batch of ", header->size_bytes,
                     " bytes ends after ", bytes.size()));
  }
  return header;
}

absl::StatusOr<BatchHeader> VerifyBatch(absl::string_view batch) {
  absl::StatusOr<BatchHeader> header = ReadBatchHeader(batch);
  if (!header.ok()) return Malformed(header.status().message());
  if (header->size_bytes != batch.size()) {
    return Malformed(
        absl::StrCat(batch.size() - header->size_bytes, " bytes behind it"));
  }
  if (LoadNumber<uint64_t>(batch.data() + kChecksumAt) != ChecksumOf(batch)) {
    return Malformed("its checksum does not match");
  }
  absl::Status records = CheckRecords(*header, batch);
  if (!records.ok()) return records;
  return header;
}

absl::StatusOr<std::vector<Record>> DecodeBatch(absl::string_view batch) {
  const absl::StatusOr<BatchHeader> header = VerifyBatch(batch);
  if (!header.ok()) return header.status();
  Decoder decoder(batch.substr(kBatchHeaderBytes));
  std::vector<Record> records;
  records.reserve(static_cast<size_t>(header->record_count));
  for (int32_t i = 0; i < header->record_count; ++i) {
    std::optional<Record> record =
        TakeRecord(decoder, header->first_timestamp_ms);
    QUORATE_CHECK(record.has_value());
    records.push_back(*std::move(record));
  }
  return records;
}

void StampBatch(std::string* batch, int64_t base_offset, int32_t leader_epoch) {
  QUORATE_CHECK(batch->size() >= kBatchHeaderBytes && base_offset >= 0 &&
                leader_epoch >= 0);
  StoreNumber(batch->data(), static_cast<uint64_t>(base_offset));
  StoreNumber(&(*batch)[kEpochAt], static_cast<uint32_t>(leader_epoch));
}

}  // namespace quorate::broker
