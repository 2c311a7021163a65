#include "tests/simulation/checks/one_committing_leader.h"

#include <map>
#include <memory>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

using consensus::Configuration;
using Standing = OneCommittingLeader::Standing;

Standing Leader(uint64_t id, consensus::Epoch epoch,
                const Configuration& configuration) {
  return {kOurs, Key(id), epoch, true,
          std::make_shared<const Configuration>(configuration)};
}

TEST(OneCommittingLeader, AcceptsADeposedLeader) {
  // 2 and 3 have moved on, so 1 can get nothing acknowledged any more.
  OneCommittingLeader check;
  check.Compare(
      {Leader(1, 3, Founding({1, 2, 3})), Leader(2, 4, Founding({1, 2, 3}))},
      {{Key(1), 3}, {Key(2), 4}, {Key(3), 4}});
  EXPECT_TRUE(check.violations().empty());
}

TEST(OneCommittingLeader, RejectsDisjointMajorities) {
  // The outage: two lists, two leaders, each with a majority of its own.
  OneCommittingLeader check;
  check.Compare({Leader(1, 3, Founding({1, 2, 3})),
                 Leader(4, 5, Founding({4, 5, 6, 3, 7}))},
                {{Key(1), 3},
                 {Key(2), 3},
                 {Key(3), 3},
                 {Key(4), 5},
                 {Key(5), 5},
                 {Key(6), 5}});
  EXPECT_EQ(check.violations().size(), 1u);
}

TEST(OneCommittingLeader, CountsBothSidesOfAJointConfiguration) {
  const Configuration old = WithLearners(Founding({1, 2, 3}), {4});
  const Configuration joint = Joint(old, {4}, {});
  const std::map<MemberKey, consensus::Epoch> epochs = {
      {Key(1), 4}, {Key(2), 4}, {Key(3), 5}, {Key(4), 4}};
  // 1 leads with 1, 2 and 4 of the new side, and 1 and 2 of the old one.
  OneCommittingLeader check;
  check.Compare({Leader(1, 4, joint), Leader(3, 5, old)}, epochs);
  EXPECT_EQ(check.violations().size(), 1u);
  // If 2 has moved on, 1 has a majority of neither side.
  auto moved = epochs;
  moved[Key(2)] = 5;
  OneCommittingLeader again;
  again.Compare({Leader(1, 4, joint), Leader(3, 5, old)}, moved);
  EXPECT_TRUE(again.violations().empty());
}

TEST(OneCommittingLeader, WatchesCores) {
  const auto one = StartLeader(DiskOf(1, Founding({1})));
  const auto two = StartLeader(DiskOf(2, Founding({2})));
  OneCommittingLeader check;
  check.OnOutput(View(0, *one), {});
  EXPECT_TRUE(check.violations().empty());
  check.OnOutput(View(1, *two), {});
  EXPECT_FALSE(check.violations().empty());
}

}  // namespace
}  // namespace quorate::simulation
