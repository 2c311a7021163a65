#include "tests/simulation/cluster.h"

#include <cstdint>
#include <string>

#include "coord/consensus/limits.h"
#include "gtest/gtest.h"
#include "tests/simulation/run_seed.h"
#include "tests/simulation/swarm_options.h"

namespace quorate::simulation {
namespace {

// Three founders with a leader.
class ClusterTest : public ::testing::Test {
 protected:
  ClusterTest() : cluster_({.seed = 7}) {
    cluster_.AddFounders(3, consensus::Limits{});
    EXPECT_TRUE(cluster_.RunUntil([&] { return cluster_.Leader() >= 0; },
                                  10 * kSecond));
  }
  ~ClusterTest() override {
    for (const Violation& violation : cluster_.violations()) {
      ADD_FAILURE() << violation.check << ": " << violation.text;
    }
  }

  Cluster cluster_;
};

TEST_F(ClusterTest, ConvergesAfterALeaderCrashed) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(cluster_.ProposeNext(cluster_.Leader()).ok());
  }
  cluster_.Crash(cluster_.Leader());
  EXPECT_TRUE(cluster_.Converge(30 * kSecond).ok());
}

TEST_F(ClusterTest, ConvergenceSaysWhatIsMissing) {
  cluster_.Crash(0);
  cluster_.Crash(1);
  const absl::Status status = cluster_.Converge(5 * kSecond);
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_NE(status.message().find("there is no leader"),
            absl::string_view::npos)
      << status;
}

TEST_F(ClusterTest, AnswersReads) {
  const int leader = cluster_.Leader();
  cluster_.RunFor(kSecond);
  const absl::StatusOr<uint64_t> token = cluster_.Read(leader);
  ASSERT_TRUE(token.ok());
  EXPECT_TRUE(cluster_.RunUntil(
      [&] { return cluster_.ReadResult(leader, *token).has_value(); },
      kSecond));
  EXPECT_TRUE(cluster_.ReadResult(leader, *token)->ok);
}

TEST_F(ClusterTest, MembersThatAreDownOrPausedAreUnavailable) {
  cluster_.Pause(0);
  EXPECT_TRUE(absl::IsUnavailable(cluster_.ProposeNext(0).status()));
  cluster_.Crash(1);
  EXPECT_TRUE(absl::IsUnavailable(cluster_.Read(1).status()));
}

TEST_F(ClusterTest, AWipedDiskIsAnotherIncarnation) {
  const Incarnation before = cluster_.AsMember(2).incarnation;
  cluster_.Wipe(2);
  EXPECT_FALSE(cluster_.IsUp(2));
  EXPECT_TRUE(cluster_.Start(2).ok());
  EXPECT_NE(cluster_.AsMember(2).incarnation, before);
}

TEST_F(ClusterTest, ADamagedDiskDoesNotStart) {
  cluster_.RunFor(kSecond);
  cluster_.RotRecord(2, consensus::kFoundingZxid);
  EXPECT_TRUE(absl::IsDataLoss(cluster_.Restart(2)));
}

TEST_F(ClusterTest, AFullDiskRecoversByItself) {
  const int leader = cluster_.Leader();
  for (int i = 0; i < 3; ++i) {
    if (i != leader) cluster_.SetDiskFull(i, true);
  }
  const absl::StatusOr<consensus::Zxid> zxid = cluster_.ProposeNext(leader);
  ASSERT_TRUE(zxid.ok());
  cluster_.RunFor(400 * kMillisecond);
  EXPECT_LT(cluster_.core(leader).commit(), *zxid);
  EXPECT_TRUE(cluster_.Converge(30 * kSecond).ok());
}

TEST(RunSeedTest, TheSameSeedGivesTheSameRun) {
  SwarmOptions options = DrawSwarmOptions(11);
  options.safety_phase = 10 * kSecond;
  const SeedResult first = RunSeed(options, nullptr);
  uint64_t lines = 0;
  const SeedResult again = RunSeed(options, [&](const TraceLine&) { ++lines; });
  EXPECT_EQ(first.fingerprint, again.fingerprint);
  EXPECT_EQ(first.statistics.messages_sent, again.statistics.messages_sent);
  EXPECT_GT(lines, 1000u);

  options = DrawSwarmOptions(12);
  options.safety_phase = 10 * kSecond;
  EXPECT_NE(RunSeed(options, nullptr).fingerprint, first.fingerprint);
}

}  // namespace
}  // namespace quorate::simulation
