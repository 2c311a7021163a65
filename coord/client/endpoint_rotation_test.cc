#include "coord/client/endpoint_rotation.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "coord/base/seeded_random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quorate::client {
namespace {

TEST(EndpointRotation, ChecksWhatAnEndpointIs) {
  for (const char* good : {"a:1", "127.0.0.1:65535", "[::1]:7400"}) {
    EXPECT_TRUE(CheckEndpoint(good).ok()) << good;
  }
  for (const char* bad : {"", "a", "a:", ":1", "a:0", "a:65536", "a:x"}) {
    EXPECT_EQ(CheckEndpoint(bad).code(), absl::StatusCode::kInvalidArgument)
        << bad;
  }
  EXPECT_FALSE(CheckEndpoints({}).ok());
  EXPECT_FALSE(CheckEndpoints({"a:1", "b"}).ok());
}

TEST(EndpointRotation, BeginsAtRandom) {
  std::set<std::string> first;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SeededRandom random(seed);
    first.insert(
        EndpointRotation({"a:1", "b:1", "c:1"}, 10, 100, random).current());
  }
  EXPECT_EQ(first.size(), 3U);
}

TEST(EndpointRotation, JitterFillsWhatDoublesUpToABound) {
  SeededRandom random(1);
  for (const auto& [step, bound] : std::vector<std::pair<int64_t, int64_t>>{
           {0, 10}, {1, 20}, {3, 80}, {4, 100}, {1'000'000, 100}}) {
    int64_t highest = 0;
    int64_t lowest = bound;
    for (int i = 0; i < 2'000; ++i) {
      const int64_t pause = FullJitter(10, 100, step, random);
      highest = std::max(highest, pause);
      lowest = std::min(lowest, pause);
    }
    EXPECT_EQ(highest, bound) << step;
    EXPECT_EQ(lowest, 0) << step;
  }
}

TEST(EndpointRotation, SuccessBeginsAnew) {
  SeededRandom random(1);
  EndpointRotation rotation({"a:1"}, 10, 1'000'000, random);
  for (int i = 0; i < 20; ++i) rotation.Failed(absl::UnavailableError("no"));
  EXPECT_EQ(rotation.failures(), 20);
  EXPECT_THAT(rotation.Describe(), testing::HasSubstr("a:1: no"));
  rotation.Succeeded();
  EXPECT_LE(rotation.Failed(absl::UnavailableError("no")), 10);
}

}  // namespace
}  // namespace quorate::client
