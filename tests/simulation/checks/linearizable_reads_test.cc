#include "tests/simulation/checks/linearizable_reads.h"

#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

using consensus::Zxid;

TEST(LinearizableReads, RejectsAStaleAnswerOnly) {
  const auto core = Start(DiskOf(1, Founding({1, 2, 3})));
  LinearizableReads check;
  check.OnRead(View(0, *core), Zxid(1, 4), Zxid(1, 4));
  check.OnRead(View(0, *core), Zxid(1, 4), Zxid(2, 0));
  EXPECT_TRUE(check.violations().empty());
  check.OnRead(View(0, *core), Zxid(1, 4), Zxid(1, 3));
  EXPECT_EQ(check.violations().size(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
