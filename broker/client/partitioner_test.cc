#include "broker/client/partitioner.h"

#include <cstdint>
#include <string>
#include <vector>

#include "broker/image/cluster_image.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

TEST(PartitionerTest, KeysStayWhereTheyAre) {
  // Written down once: another answer would tear apart what belongs together.
  EXPECT_EQ(PartitionOfKey("", 1'000), 138);
  EXPECT_EQ(PartitionOfKey("key", 1'000), 987);
  EXPECT_EQ(PartitionOfKey("order-17", 12), 6);
}

TEST(PartitionerTest, KeysSpread) {
  std::vector<int> counts(8);
  for (int i = 0; i < 8'000; ++i) {
    ++counts[static_cast<size_t>(PartitionOfKey("key" + std::to_string(i), 8))];
  }
  for (const int count : counts) EXPECT_NEAR(count, 1'000, 150);
}

TEST(PartitionerTest, GoesOnToPartitionsWithALeader) {
  TopicState topic;
  topic.partitions.resize(3);
  EXPECT_EQ(NextPartition(topic, -1), 0);
  EXPECT_EQ(NextPartition(topic, 2), 0);
  topic.partitions[2].leader = 7;
  EXPECT_EQ(NextPartition(topic, -1), 2);
  EXPECT_EQ(NextPartition(topic, 2), 2);
}

}  // namespace
}  // namespace quorate::broker
