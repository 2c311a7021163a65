#include "tests/simulation/checks/one_leader_an_epoch.h"

#include "coord/consensus/output.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

TEST(OneLeaderAnEpoch, AcceptsLeadersOfDifferentEpochs) {
  OneLeaderAnEpoch check;
  check.Leads(kOurs, 1, Key(1));
  check.Leads(kOurs, 2, Key(2));
  check.Leads(kOurs, 1, Key(1));
  EXPECT_TRUE(check.violations().empty());
}

TEST(OneLeaderAnEpoch, AcceptsTheSameEpochOfAnotherEnsemble) {
  OneLeaderAnEpoch check;
  check.Leads(kOurs, 1, Key(1));
  check.Leads(kOthers, 1, Key(2));
  EXPECT_TRUE(check.violations().empty());
}

TEST(OneLeaderAnEpoch, RejectsTwoLeadersOfOneEpoch) {
  // Each takes itself for the only voter: what trusting own lists leads to.
  const auto one = StartLeader(DiskOf(1, Founding({1})));
  const auto two = StartLeader(DiskOf(2, Founding({2})));
  ASSERT_EQ(one->epoch(), two->epoch());
  OneLeaderAnEpoch check;
  check.OnOutput(View(0, *one), {});
  EXPECT_TRUE(check.violations().empty());
  check.OnOutput(View(1, *two), {});
  EXPECT_EQ(check.violations().size(), 1u);
}

TEST(OneLeaderAnEpoch, RejectsAReignThatIsOverBeforeTheOutput) {
  const auto one = StartLeader(DiskOf(1, Founding({1})));
  const auto two = Start(DiskOf(2, Founding({2})));
  consensus::Output output;
  output.events.push_back({consensus::EventKind::kBecameLeader,
                           MemberId(),
                           consensus::Rule::kNone,
                           one->epoch(),
                           {}});
  OneLeaderAnEpoch check;
  check.OnOutput(View(0, *one), {});
  check.OnOutput(View(1, *two), output);
  EXPECT_EQ(check.violations().size(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
