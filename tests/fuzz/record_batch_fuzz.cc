// Record batches of the broker, whose checksum can be put right.
//
//   input = flags:u8 batch       flags = 1: put the checksum right

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/record/record_batch.h"
#include "coord/base/check.h"
#include "coord/storage/checksum.h"
#include "coord/storage/little_endian.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using broker::BatchHeader;
using broker::Record;

void Repair(std::string& batch) {
  if (batch.size() < 24) return;
  storage::StoreNumber(
      &batch[16], storage::Checksum(absl::string_view(batch).substr(24), 0));
}

void CheckHeader(absl::string_view bytes) {
  const absl::StatusOr<BatchHeader> header = broker::ReadBatchHeader(bytes);
  if (!header.ok()) {
    QUORATE_CHECK(absl::IsOutOfRange(header.status()) ||
                  absl::IsDataLoss(header.status()));
    return;
  }
  QUORATE_CHECK(header->size_bytes <= bytes.size());
  QUORATE_CHECK(header->size_bytes <= broker::kMaxBatchBytes);
  QUORATE_CHECK(header->record_count > 0 && header->base_offset >= 0);
  QUORATE_CHECK(header->next_offset() > header->base_offset);
  QUORATE_CHECK(header->last_sequence() >= 0);
}

// What a consumer gets is all there is, and comes back if it is produced again.
void CheckRecords(absl::string_view batch, const BatchHeader& header,
                  const std::vector<Record>& records) {
  QUORATE_CHECK(records.size() == static_cast<size_t>(header.record_count));
  size_t size = broker::kBatchHeaderBytes;
  int64_t largest_ms = records[0].timestamp_ms;
  for (const Record& record : records) {
    size += broker::EncodedSize(record);
    largest_ms = std::max(largest_ms, record.timestamp_ms);
  }
  QUORATE_CHECK(size == batch.size());
  QUORATE_CHECK(largest_ms == header.max_timestamp_ms);
  const absl::StatusOr<std::string> again =
      broker::EncodeBatch(header, records);
  QUORATE_CHECK(again.ok() && again->size() == batch.size());
  const absl::StatusOr<std::vector<Record>> same = broker::DecodeBatch(*again);
  QUORATE_CHECK(same.ok() && *same == records);
}

}  // namespace

std::vector<std::string> Seeds() {
  const std::vector<std::vector<Record>> batches = {
      {{.timestamp_ms = 5, .value = "v"}},
      {{.timestamp_ms = 1'700'000'000'000, .key = "k", .value = ""},
       {.timestamp_ms = 1'600'000'000'000, .key = "", .value = "w"},
       {.timestamp_ms = 1'700'000'000'001,
        .value = std::string(300, 'x'),
        .headers = {{"name", "value"}, {"", ""}}}},
      std::vector<Record>(50)};
  std::vector<std::string> seeds;
  for (const std::vector<Record>& records : batches) {
    for (const uint64_t producer : {0, 77}) {
      BatchHeader header;
      header.producer_id = producer;
      header.producer_epoch = producer > 0 ? 3 : 0;
      header.base_sequence = producer > 0 ? 0x7fffffff : 0;
      absl::StatusOr<std::string> batch = broker::EncodeBatch(header, records);
      QUORATE_CHECK(batch.ok());
      broker::StampBatch(&*batch, 1000, 4);
      std::string repaired = *batch;
      Repair(repaired);
      QUORATE_CHECK(repaired == *batch);
      seeds.push_back(absl::StrCat(std::string(1, '\0'), *batch));
      seeds.push_back(absl::StrCat(std::string(1, '\1'), *batch));
    }
  }
  return seeds;
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  fuzz::Choices choices(fuzz::Text(data, size));
  const uint8_t flags = choices.Byte();
  std::string batch(choices.rest());
  if ((flags & 1) != 0) fuzz::Repair(batch);
  fuzz::CheckHeader(batch);
  const absl::StatusOr<broker::BatchHeader> header = broker::VerifyBatch(batch);
  const absl::StatusOr<std::vector<broker::Record>> records =
      broker::DecodeBatch(batch);
  QUORATE_CHECK(header.ok() == records.ok());
  if (records.ok()) {
    fuzz::CheckRecords(batch, *header, *records);
  } else {
    QUORATE_CHECK(absl::IsDataLoss(records.status()));
  }
  return 0;
}
