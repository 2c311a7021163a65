#include "tools/quorate/bench/histogram.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace quorate::tools {
namespace {

TEST(HistogramTest, NothingAdded) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.Percentile(50), 0);
  EXPECT_EQ(histogram.Mean(), 0);
}

TEST(HistogramTest, SmallValuesAreExact) {
  Histogram histogram;
  for (int64_t value = 1; value <= 100; ++value) histogram.Add(value % 64);
  EXPECT_EQ(histogram.max(), 63);
  EXPECT_EQ(histogram.Percentile(100), 63);
}

TEST(HistogramTest, ExtremesHaveABucket) {
  Histogram histogram;
  histogram.Add(-5);
  histogram.Add(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(histogram.Percentile(50), 0);
  EXPECT_EQ(histogram.Percentile(100), std::numeric_limits<int64_t>::max());
}

TEST(HistogramTest, PercentilesAreNearTheTruth) {
  const unsigned seed = 42;
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> distribution(7, 2);
  Histogram first;
  Histogram second;
  std::vector<int64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(static_cast<int64_t>(distribution(random)));
    (i % 2 == 0 ? first : second).Add(values.back());
  }
  first.Add(second);
  std::sort(values.begin(), values.end());
  for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
    SCOPED_TRACE(percent);
    const auto rank = static_cast<size_t>(
        std::ceil(percent / 100 * static_cast<double>(values.size())));
    const auto truth = static_cast<double>(values[rank - 1]);
    const auto found = static_cast<double>(first.Percentile(percent));
    EXPECT_GE(found, truth);
    EXPECT_LE(found, truth * 1.016 + 1);
  }
  EXPECT_EQ(first.count(), values.size());
  EXPECT_EQ(first.max(), values.back());
}

}  // namespace
}  // namespace quorate::tools
