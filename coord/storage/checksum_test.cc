#include "coord/storage/checksum.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "gtest/gtest.h"

namespace quorate::storage {
namespace {

// Files outlive library versions: these numbers never change.
TEST(ChecksumTest, IsTheSameForEver) {
  EXPECT_EQ(Checksum("", 0), 0x2d06800538d394c2);
  EXPECT_EQ(Checksum(std::string(504, '\0'), 1), 0x59f87b3ec8c55bae);
  EXPECT_EQ(ChainChecksum(1, 2), 0x1722dee50e00c79c);
}

TEST(ChecksumTest, DependsOnEveryByteAndOnTheSeed) {
  std::set<uint64_t> sums;
  std::string text(504, '\0');
  for (uint64_t seed = 0; seed < 100; ++seed) {
    sums.insert(Checksum(text, seed));
  }
  for (size_t i = 0; i < text.size(); ++i) {
    text[i] = 1;
    sums.insert(Checksum(text, 0));
    text[i] = 0;
  }
  EXPECT_EQ(sums.size(), 604u);
  EXPECT_FALSE(sums.contains(0));
}

}  // namespace
}  // namespace quorate::storage
