#include "tools/quorate/bench/key_choice.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace quorate::tools {
namespace {

constexpr unsigned kSeed = 7;
constexpr int kDraws = 200'000;

std::vector<int> Count(int64_t keys, double skew) {
  const KeyChoice choice(keys, skew);
  std::mt19937_64 random(kSeed);
  std::vector<int> counts(static_cast<size_t>(keys));
  for (int i = 0; i < kDraws; ++i) {
    ++counts.at(static_cast<size_t>(choice.Choose(random)));
  }
  return counts;
}

TEST(KeyChoiceTest, OneKey) {
  EXPECT_EQ(Count(1, 0)[0], kDraws);
  EXPECT_EQ(Count(1, 1.5)[0], kDraws);
}

TEST(KeyChoiceTest, WithoutSkewAllAreAlike) {
  for (const int count : Count(10, 0)) {
    EXPECT_NEAR(count, kDraws / 10, kDraws / 100) << "seed " << kSeed;
  }
}

TEST(KeyChoiceTest, SkewFollowsZipf) {
  for (const double skew : {0.5, 0.99, 2.0}) {
    SCOPED_TRACE(skew);
    constexpr int64_t kKeys = 100;
    const std::vector<int> counts = Count(kKeys, skew);
    double sum = 0;
    for (int64_t k = 1; k <= kKeys; ++k) {
      sum += std::pow(static_cast<double>(k), -skew);
    }
    for (const size_t key : {0, 1, 9, 99}) {
      const double expected =
          kDraws * std::pow(static_cast<double>(key + 1), -skew) / sum;
      // Five standard deviations.
      EXPECT_NEAR(counts[key], expected, 5 * std::sqrt(expected) + 1)
          << "key " << key << ", seed " << kSeed;
    }
  }
}

TEST(KeyChoiceTest, TheSameSeedChoosesTheSame) {
  EXPECT_EQ(Count(1000, 0.99), Count(1000, 0.99));
}

}  // namespace
}  // namespace quorate::tools
