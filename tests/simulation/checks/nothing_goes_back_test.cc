#include "tests/simulation/checks/nothing_goes_back.h"

#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

using consensus::Zxid;
using Marks = NothingGoesBack::Marks;

class NothingGoesBackTest : public testing::Test {
 protected:
  NothingGoesBackTest() {
    before_.hard_state = DiskOf(1, Founding({1, 2, 3})).hard_state;
    before_.hard_state.accepted_epoch = 3;
    before_.commit = Zxid(3, 4);
    before_.applied = Zxid(3, 4);
    before_.configuration = 5;
  }

  size_t After(const Marks& now) {
    NothingGoesBack check;
    check.Compare(before_, now);
    return check.violations().size();
  }

  Marks before_;
};

TEST_F(NothingGoesBackTest, AcceptsStandingStillAndGoingOn) {
  EXPECT_EQ(After(before_), 0u);
  Marks now = before_;
  now.hard_state.accepted_epoch = 4;
  now.commit = now.applied = Zxid(4, 0);
  now.configuration = 6;
  EXPECT_EQ(After(now), 0u);
}

TEST_F(NothingGoesBackTest, RejectsGoingBack) {
  Marks now = before_;
  now.hard_state.accepted_epoch = 2;
  EXPECT_EQ(After(now), 1u);
  now = before_;
  now.commit = Zxid(3, 3);
  EXPECT_EQ(After(now), 1u);
  now = before_;
  now.applied = Zxid(2, 9);
  EXPECT_EQ(After(now), 1u);
  now = before_;
  now.configuration = 4;
  EXPECT_EQ(After(now), 1u);
  now = before_;
  now.hard_state.ensemble = kOthers;
  EXPECT_EQ(After(now), 1u);
  now = before_;
  now.hard_state.incarnation = {999};
  EXPECT_EQ(After(now), 1u);
}

TEST_F(NothingGoesBackTest, RejectsForgettingARemovalOrAManifest) {
  before_.hard_state.removed = true;
  before_.hard_state.manifest_hash = 7;
  Marks now = before_;
  now.hard_state.removed = false;
  EXPECT_EQ(After(now), 1u);
  now = before_;
  now.hard_state.manifest_hash = 8;
  EXPECT_EQ(After(now), 1u);
}

TEST_F(NothingGoesBackTest, RejectsADiskThatLosesAnEpoch) {
  consensus::DurableState disk = DiskOf(1, Founding({1}));
  const auto core = Start(disk);
  NothingGoesBack check;
  disk.hard_state.accepted_epoch = 4;
  check.OnStart(View(0, *core), disk);
  disk.hard_state.accepted_epoch = 3;
  check.OnDurable(View(0, *core), disk);
  EXPECT_EQ(check.violations().size(), 1u);
}

TEST_F(NothingGoesBackTest, AcceptsAnIdMintedInVainAndNoOther) {
  consensus::DurableState disk;
  disk.hard_state = before_.hard_state;
  disk.hard_state.manifest_hash = 7;
  consensus::DurableState given_back = disk;
  given_back.hard_state.ensemble = EnsembleId();
  const auto founding = Start(given_back);  // has no ensemble
  NothingGoesBack check;
  check.OnStart(View(0, *founding), disk);
  check.OnDurable(View(0, *founding), given_back);
  EXPECT_EQ(check.violations().size(), 0u);
  disk.log.push_back(Txn(Zxid(3, 1)));
  check.OnStart(View(0, *founding), disk);
  check.OnDurable(View(0, *founding), given_back);
  EXPECT_EQ(check.violations().size(), 1u);
}

TEST_F(NothingGoesBackTest, RejectsCuttingBelowTheCommitPoint) {
  const auto leader = StartLeader(DiskOf(1, Founding({1})));
  NothingGoesBack check;
  check.OnStart(View(0, *leader), DiskOf(1, Founding({1})));
  consensus::Output output;
  output.truncate_after = leader->commit();
  check.OnOutput(View(0, *leader), output);
  EXPECT_TRUE(check.violations().empty());
  output.truncate_after = Zxid(0, 1);
  check.OnOutput(View(0, *leader), output);
  EXPECT_EQ(check.violations().size(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
