// The client's fencing tokens and the core's are two types, since clients know
// nothing of consensus; their text is one.

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "coord/base/ids.h"
#include "coord/base/seeded_random.h"
#include "coord/client/fencing_token.h"
#include "coord/consensus/fencing_token.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate {
namespace {

std::string BigEndian(uint64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(number >> shift & 0xff));
  }
  return bytes;
}

TEST(FencingTokenText, IsTheSameOnBothSides) {
  SeededRandom random(TestSeed());
  for (int i = 0; i < 1'000; ++i) {
    const EnsembleId ensemble = {random.Next(), random.Next()};
    const auto epoch = static_cast<uint32_t>(random.Next());
    const auto counter = static_cast<uint32_t>(random.Next());
    const consensus::FencingToken core = {ensemble,
                                          consensus::Zxid(epoch, counter)};
    const client::FencingToken mine = {
        BigEndian(ensemble.high) + BigEndian(ensemble.low),
        uint64_t{epoch} << 32 | counter};
    EXPECT_EQ(client::ToString(mine), consensus::ToString(core));
    const absl::StatusOr<client::FencingToken> parsed =
        client::ParseFencingToken(consensus::ToString(core));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, mine);
    EXPECT_TRUE(consensus::ParseFencingToken(client::ToString(mine)).ok());
  }
}

}  // namespace
}  // namespace quorate
