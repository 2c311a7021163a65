// Many small runs of a PartitionWorld. To replay one that failed, take its
// seed:
//
//   bazel test --test_env=QUORATE_WORLD=SEED LABEL

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>

#include "broker/partition/testing/partition_world.h"
#include "coord/base/seeded_random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::broker {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

constexpr int kRuns = 250;
constexpr int kRunsOfMutant = 100;

TEST(PartitionRandomTest, NothingAcknowledgedIsLost) {
  SeededRandom random(TestSeed());
  const char* replay = std::getenv("QUORATE_WORLD");
  uint64_t acknowledged = 0;
  uint64_t crashes = 0;
  uint64_t cuts = 0;
  for (int run = 0; run < (replay != nullptr ? 1 : kRuns); ++run) {
    const uint64_t seed =
        replay != nullptr ? std::strtoull(replay, nullptr, 10) : random.Next();
    PartitionWorld world(seed, Mutation::kNone);
    world.Run();
    ASSERT_THAT(world.violations(), IsEmpty())
        << "replay with QUORATE_WORLD=" << seed;
    acknowledged += world.acknowledged();
    crashes += world.crashes();
    cuts += world.cuts();
  }
  RecordProperty("acknowledged", std::to_string(acknowledged));
  std::printf("%d runs: %lu values, %lu crashes, %lu cuts\n", kRuns,
              acknowledged, crashes, cuts);
  if (replay != nullptr) return;
  EXPECT_GT(crashes, kRuns);
  EXPECT_GT(cuts, kRuns / 4);
}

// What is seen when a rule is broken.
std::set<std::string> SeenWith(Mutation mutation) {
  SeededRandom random(TestSeed());
  std::set<std::string> seen;
  for (int run = 0; run < kRunsOfMutant; ++run) {
    PartitionWorld world(random.Next(), mutation);
    world.Run();
    seen.insert(world.violations().begin(), world.violations().end());
  }
  return seen;
}

TEST(PartitionRandomTest, EarlyAcknowledgementIsFound) {
  EXPECT_THAT(SeenWith(Mutation::kAckAtOnce), Contains("lost"));
}

TEST(PartitionRandomTest, AcknowledgementBeforeTheDiskIsFound) {
  EXPECT_THAT(SeenWith(Mutation::kAckUnsynced), Contains("lost"));
}

TEST(PartitionRandomTest, UncleanElectionIsFound) {
  const std::set<std::string> seen = SeenWith(Mutation::kUncleanElection);
  EXPECT_THAT(seen, Contains("lost"));
  EXPECT_THAT(seen, Contains("two values"));
}

TEST(PartitionRandomTest, MissingSequenceCheckIsFound) {
  const std::set<std::string> seen = SeenWith(Mutation::kNoSequenceCheck);
  EXPECT_THAT(seen, Contains("duplicated"));
  EXPECT_THAT(seen, Contains("order"));
}

TEST(PartitionRandomTest, MissingDivergenceCheckIsFound) {
  EXPECT_THAT(SeenWith(Mutation::kNoDivergence), Contains("two values"));
}

}  // namespace
}  // namespace quorate::broker
