#include "tests/simulation/checks/elected_by_quorum.h"

#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

using consensus::Configuration;

class ElectedByQuorumTest : public testing::Test {
 protected:
  void Vote(uint64_t voter) {
    check_.Votes(kOurs, Key(voter), 3, {1});
    check_.Durable(Key(voter), 3);
  }
  size_t Violations() const { return check_.violations().size(); }

  ElectedByQuorum check_;
};

TEST_F(ElectedByQuorumTest, AcceptsAMajority) {
  Vote(1);
  Vote(3);
  check_.Elected(Founding({1, 2, 3}), Key(1), 3);
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(ElectedByQuorumTest, RejectsAMinority) {
  Vote(1);
  check_.Elected(Founding({1, 2, 3}), Key(1), 3);
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(ElectedByQuorumTest, RejectsAVoteThatIsNotDurable) {
  Vote(1);
  check_.Votes(kOurs, Key(2), 3, {1});
  check_.Elected(Founding({1, 2, 3}), Key(1), 3);
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(ElectedByQuorumTest, RejectsAVoteForAnotherOrOfAnotherEpoch) {
  Vote(1);
  check_.Votes(kOurs, Key(2), 3, {3});
  check_.Durable(Key(2), 3);
  check_.Votes(kOurs, Key(3), 2, {1});
  check_.Durable(Key(3), 3);
  check_.Elected(Founding({1, 2, 3}), Key(1), 3);
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(ElectedByQuorumTest, RejectsAVoteOfAnotherIncarnation) {
  Vote(1);
  const MemberKey wiped = {{2}, {999}};
  check_.Votes(kOurs, wiped, 3, {1});
  check_.Durable(wiped, 3);
  check_.Elected(Founding({1, 2, 3}), Key(1), 3);
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(ElectedByQuorumTest, RejectsAMajorityOfTheUnion) {
  // {1 2 3 4 5} <- {1 2 3}: the votes of 1, 4 and 5 are three of five, but only
  // one of the three that must agree as well.
  const Configuration joint = Joint(
      Joint(WithLearners(Founding({1, 2, 3}), {4, 5}), {4}, {}).LeaveJoint(),
      {5}, {2, 3});
  Vote(1);
  Vote(4);
  check_.Elected(joint, Key(1), 3);
  EXPECT_EQ(Violations(), 1u);
  Vote(2);
  check_.Elected(joint, Key(1), 3);
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(ElectedByQuorumTest, ForgetsAVoteThatACrashKeptFromTheDisk) {
  consensus::DurableState disk = DiskOf(2, Founding({1, 2, 3}));
  const auto voter = Start(disk);
  check_.OnStart(View(0, *voter), disk);
  consensus::Output output;
  output.hard_state = disk.hard_state;
  output.hard_state->accepted_epoch = 3;
  output.hard_state->voted_for = Key(2);
  check_.OnOutput(View(0, *voter), output);
  // It comes back without, and votes for another in the same epoch.
  check_.OnStart(View(0, *voter), disk);
  disk.hard_state.accepted_epoch = 3;
  disk.hard_state.voted_for = Key(1);
  check_.OnDurable(View(0, *voter), disk);
  Vote(1);
  check_.Elected(Founding({1, 2, 3}), Key(1), 3);
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(ElectedByQuorumTest, WatchesCores) {
  const consensus::DurableState disk = DiskOf(1, Founding({1}));
  const auto leader = StartLeader(disk);
  check_.OnStart(View(0, *leader), disk);
  // It leads, though its own vote never became durable.
  check_.OnOutput(View(0, *leader), {});
  EXPECT_EQ(Violations(), 1u);

  ElectedByQuorum other;
  other.OnStart(View(0, *leader), disk);
  consensus::DurableState voted = disk;
  voted.hard_state = leader->hard_state();
  other.OnDurable(View(0, *leader), voted);
  other.OnOutput(View(0, *leader), {});
  EXPECT_TRUE(other.violations().empty());
}

}  // namespace
}  // namespace quorate::simulation
