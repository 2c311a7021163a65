#include "tests/simulation/checks/disk_equals_log.h"

#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

using consensus::Zxid;

class DiskEqualsLogTest : public testing::Test {
 protected:
  DiskEqualsLogTest() {
    disk_.log.push_back(NewLeader(1));
    disk_.log.push_back(Txn(Zxid(1, 1), "a"));
  }
  size_t Violations() const { return check_.violations().size(); }

  consensus::DurableState disk_ = DiskOf(1, Founding({1, 2}));
  DiskEqualsLog check_;
};

TEST_F(DiskEqualsLogTest, AcceptsWhatTheCoreHas) {
  const auto core = Start(disk_);
  check_.OnStart(View(0, *core), disk_);
  check_.OnOutput(View(0, *core), {});
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(DiskEqualsLogTest, RejectsAnotherRecordOnDisk) {
  const auto core = Start(disk_);
  disk_.log.back() = Txn(Zxid(1, 1), "b");
  check_.OnStart(View(0, *core), disk_);
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(DiskEqualsLogTest, RejectsACoreThatTakesTooMuchForDurable) {
  const auto core = Start(disk_);
  disk_.log.pop_back();
  check_.OnStart(View(0, *core), disk_);
  check_.OnOutput(View(0, *core), {});
  EXPECT_EQ(Violations(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
