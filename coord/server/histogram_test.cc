#include "coord/server/histogram.h"

#include <cstddef>
#include <cstdint>
#include <limits>

#include "gtest/gtest.h"

namespace quorate::server {
namespace {

TEST(HistogramTest, BoundsBelongToTheirBucket) {
  for (size_t bucket = 0; bucket < Histogram::kBuckets; ++bucket) {
    Histogram histogram;
    const uint64_t bound = uint64_t{1} << bucket;
    histogram.Observe(bound);
    EXPECT_EQ(histogram.count(bucket), 1u) << bound;
    histogram.Observe(bound + 1);
    EXPECT_EQ(histogram.count(bucket + 1), 1u) << bound + 1;
    EXPECT_EQ(histogram.sum(), 2 * bound + 1);
  }
}

TEST(HistogramTest, SmallestAndLargest) {
  Histogram histogram;
  histogram.Observe(0);
  histogram.Observe(std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(histogram.count(0), 1u);
  EXPECT_EQ(histogram.count(Histogram::kBuckets), 1u);
}

}  // namespace
}  // namespace quorate::server
