#include "tests/simulation/checks/effective_configuration.h"

#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

using consensus::Zxid;

class EffectiveConfigurationTest : public testing::Test {
 protected:
  EffectiveConfigurationTest() {
    // A log with a second configuration, which nobody has committed.
    disk_.log.push_back(NewLeader(1));
    disk_.log.push_back(
        ConfigurationRecord(Zxid(1, 1), WithLearners(Founding({1, 2}), {3})));
  }

  size_t Violations() const { return check_.violations().size(); }

  consensus::DurableState disk_ = DiskOf(1, Founding({1, 2}));
  EffectiveConfiguration check_;
};

TEST_F(EffectiveConfigurationTest, AcceptsTheNewestOfTheLog) {
  const auto core = Start(disk_);
  check_.OnStart(View(0, *core), disk_);
  check_.OnOutput(View(0, *core), {});
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(EffectiveConfigurationTest, RejectsOneThatWasNotTakenBack) {
  const auto core = Start(disk_);
  check_.OnStart(View(0, *core), disk_);
  consensus::Output output;
  output.truncate_after = Zxid(1, 0);
  check_.OnOutput(View(0, *core), output);
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(EffectiveConfigurationTest, RejectsOneThatDidNotTakeEffect) {
  const auto core = Start(DiskOf(1, Founding({1, 2})));
  check_.OnStart(View(0, *core), DiskOf(1, Founding({1, 2})));
  EXPECT_EQ(Violations(), 0u);
  consensus::Output output;
  output.append = {disk_.log[1], disk_.log[2]};
  check_.OnOutput(View(0, *core), output);
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(EffectiveConfigurationTest, RejectsASnapshotWithoutItsConfiguration) {
  const auto core = Start(DiskOf(1, Founding({1, 2})));
  check_.OnStart(View(0, *core), DiskOf(1, Founding({1, 2})));
  consensus::Output output;
  output.install_snapshot = consensus::SnapshotMeta{
      Zxid(1, 1), disk_.log[2].configuration, Zxid(1, 1), 1};
  check_.OnOutput(View(0, *core), output);
  EXPECT_EQ(Violations(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
