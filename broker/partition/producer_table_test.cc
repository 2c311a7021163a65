#include "broker/partition/producer_table.h"

#include <cstdint>

#include "broker/error/broker_error.h"
#include "broker/record/record_batch.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

using Held = ProducerTable::Held;

BatchHeader Batch(uint64_t producer, int32_t sequence, int32_t count,
                  int64_t offset = 0, int32_t epoch = 0) {
  BatchHeader header;
  header.producer_id = producer;
  header.producer_epoch = epoch;
  header.base_sequence = sequence;
  header.record_count = count;
  header.base_offset = offset;
  return header;
}

bool IsNew(const ProducerTable& table, const BatchHeader& header) {
  const auto held = table.Check(header);
  return held.ok() && !held->has_value();
}

bool IsGap(const ProducerTable& table, const BatchHeader& header) {
  return Is(table.Check(header).status(), ErrorKind::kOutOfOrderSequence);
}

TEST(ProducerTableTest, TakesWhatFollows) {
  ProducerTable table;
  EXPECT_TRUE(IsGap(table, Batch(1, 3, 1))) << "unknown ones begin at 0";
  EXPECT_TRUE(IsNew(table, Batch(1, 0, 3)));
  table.Add(Batch(1, 0, 3, 100));
  EXPECT_TRUE(IsNew(table, Batch(1, 3, 1)));
  EXPECT_TRUE(IsGap(table, Batch(1, 4, 1)));
  EXPECT_TRUE(IsGap(table, Batch(1, 1, 2))) << "a part of one";
  EXPECT_TRUE(IsNew(table, Batch(2, 0, 1)));
}

TEST(ProducerTableTest, RemembersFiveBatches) {
  ProducerTable table;
  for (int32_t i = 0; i < 6; ++i) table.Add(Batch(1, 2 * i, 2, 100 + 2 * i));
  for (int32_t i = 1; i < 6; ++i) {
    const auto held = table.Check(Batch(1, 2 * i, 2));
    ASSERT_TRUE(held.ok() && held->has_value()) << i;
    EXPECT_EQ(**held, (Held{100 + 2 * i, 102 + 2 * i}));
  }
  EXPECT_TRUE(IsGap(table, Batch(1, 0, 2)));
}

TEST(ProducerTableTest, SequencesWrapAround) {
  ProducerTable table;
  table.Add(Batch(1, 0x7ffffffe, 2, 10));
  EXPECT_TRUE(IsNew(table, Batch(1, 0, 1)));
  table.Add(Batch(1, 0x7ffffffe, 3, 10));
  EXPECT_TRUE(IsNew(table, Batch(1, 1, 1)));
}

TEST(ProducerTableTest, NewEpochBeginsAtZeroAndFencesTheOld) {
  ProducerTable table;
  table.Add(Batch(1, 0, 5, 0, 3));
  EXPECT_TRUE(IsGap(table, Batch(1, 5, 1, 0, 4)));
  EXPECT_TRUE(IsNew(table, Batch(1, 0, 1, 0, 4)));
  EXPECT_TRUE(Is(table.Check(Batch(1, 5, 1, 0, 2)).status(),
                 ErrorKind::kFencedProducer));
  table.Add(Batch(1, 0, 1, 5, 4));
  EXPECT_TRUE(Is(table.Check(Batch(1, 0, 5, 0, 3)).status(),
                 ErrorKind::kFencedProducer));
}

TEST(ProducerTableTest, ForgetsWhoHasNotWrittenForLongest) {
  ProducerTable table(2);
  table.Add(Batch(1, 0, 1, 0));
  table.Add(Batch(2, 0, 1, 1));
  table.Add(Batch(1, 1, 1, 2));
  table.Add(Batch(3, 0, 1, 3));
  EXPECT_EQ(table.size(), 2u);
  EXPECT_TRUE(IsNew(table, Batch(1, 2, 1)));
  EXPECT_TRUE(IsGap(table, Batch(2, 1, 1)));
  table.Clear();
  EXPECT_EQ(table.size(), 0u);
}

TEST(ProducerTableTest, BatchesWithoutProducerAreAlwaysNew) {
  ProducerTable table;
  table.Add(Batch(0, 0, 1, 0));
  EXPECT_EQ(table.size(), 0u);
  EXPECT_TRUE(IsNew(table, Batch(0, 0, 1)));
}

}  // namespace
}  // namespace quorate::broker
