#include "broker/record/record_batch.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

std::vector<Record> SomeRecords() {
  return {{.timestamp_ms = 1000, .key = "k", .value = "one"},
          {.timestamp_ms = 900, .value = ""},
          {.timestamp_ms = 2000,
           .key = "",
           .value = std::string("\0\xff", 2),
           .headers = {{"name", "value"}, {"", ""}}}};
}

std::string Encode(const std::vector<Record>& records,
                   const BatchHeader& header = {}) {
  absl::StatusOr<std::string> batch = EncodeBatch(header, records);
  EXPECT_TRUE(batch.ok()) << batch.status();
  return *batch;
}

TEST(RecordBatchTest, ComesBackAsItWas) {
  const BatchHeader given = {
      .producer_id = 7, .producer_epoch = 3, .base_sequence = 0x7fffffff};
  std::string batch = Encode(SomeRecords(), given);
  StampBatch(&batch, 42, 5);
  const absl::StatusOr<BatchHeader> header = VerifyBatch(batch);
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->base_offset, 42);
  EXPECT_EQ(header->next_offset(), 45);
  EXPECT_EQ(header->leader_epoch, 5);
  EXPECT_EQ(header->producer_id, 7u);
  EXPECT_EQ(header->producer_epoch, 3);
  EXPECT_EQ(header->base_sequence, 0x7fffffff);
  EXPECT_EQ(header->last_sequence(), 1);
  EXPECT_EQ(header->first_timestamp_ms, 1000);
  EXPECT_EQ(header->max_timestamp_ms, 2000);
  EXPECT_EQ(header->size_bytes, batch.size());
  const auto records = DecodeBatch(batch);
  ASSERT_TRUE(records.ok());
  EXPECT_EQ(*records, SomeRecords());
}

TEST(RecordBatchTest, SizeIsKnownBeforehand) {
  size_t size = kBatchHeaderBytes;
  for (const Record& record : SomeRecords()) size += EncodedSize(record);
  EXPECT_EQ(Encode(SomeRecords()).size(), size);
}

TEST(RecordBatchTest, TakesAnyTimestamps) {
  const std::vector<Record> records = {
      {.timestamp_ms = std::numeric_limits<int64_t>::min(), .value = "a"},
      {.timestamp_ms = std::numeric_limits<int64_t>::max(), .value = "b"}};
  const auto decoded = DecodeBatch(Encode(records));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, records);
}

TEST(RecordBatchTest, EveryFlippedBitIsFound) {
  const std::string batch = Encode(SomeRecords(), {.producer_id = 1});
  for (size_t bit = 0; bit < batch.size() * 8; ++bit) {
    const size_t at = bit / 8;
    // What a leader writes is outside of the checksum.
    if (at < 8 || (at >= 12 && at < 16)) continue;
    std::string flipped = batch;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (bit % 8)));
    EXPECT_TRUE(absl::IsDataLoss(VerifyBatch(flipped).status())) << bit;
    EXPECT_FALSE(DecodeBatch(flipped).ok()) << bit;
  }
}

TEST(RecordBatchTest, EveryPrefixIsIncomplete) {
  const std::string batch = Encode(SomeRecords());
  for (size_t size = 0; size < batch.size(); ++size) {
    const absl::string_view prefix = absl::string_view(batch).substr(0, size);
    EXPECT_TRUE(absl::IsOutOfRange(ReadBatchHeader(prefix).status())) << size;
    EXPECT_TRUE(absl::IsDataLoss(VerifyBatch(prefix).status())) << size;
    EXPECT_EQ(PeekBatchHeader(prefix).ok(), size >= kBatchHeaderBytes) << size;
  }
  EXPECT_TRUE(ReadBatchHeader(batch + "more").ok());
  EXPECT_TRUE(absl::IsDataLoss(VerifyBatch(batch + "more").status()));
}

TEST(RecordBatchTest, OffsetsEndBeforeTheLargestNumber) {
  std::string batch = EncodeBatch({}, {{.value = "a"}, {.value = "b"}}).value();
  StampBatch(&batch, INT64_MAX - 2, 0);
  EXPECT_EQ(VerifyBatch(batch)->next_offset(), INT64_MAX);
  StampBatch(&batch, INT64_MAX - 1, 0);
  EXPECT_TRUE(absl::IsDataLoss(VerifyBatch(batch).status()));
}

TEST(RecordBatchTest, RefusesWhatIsTooLarge) {
  const std::vector<Record> records = {
      {.value = std::string(kMaxBatchBytes, 'x')}};
  EXPECT_TRUE(absl::IsInvalidArgument(EncodeBatch({}, records).status()));
}

}  // namespace
}  // namespace quorate::broker
