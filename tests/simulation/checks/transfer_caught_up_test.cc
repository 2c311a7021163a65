#include "tests/simulation/checks/transfer_caught_up.h"

#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

TEST(TransferCaughtUp, ComparesTheHeirsDiskWithTheLeadersLog) {
  consensus::DurableState leaders = DiskOf(1, Founding({1, 2}));
  consensus::DurableState heirs = DiskOf(2, Founding({1, 2}));
  leaders.log.push_back(NewLeader(1));
  const auto leader = Start(leaders);
  const auto heir = Start(heirs);
  TransferCaughtUp check;
  check.OnStart(View(0, *leader), leaders);
  check.OnStart(View(1, *heir), heirs);
  const consensus::Output order =
      Sends(Message(1, 2, consensus::TransferNow{1}));
  check.OnOutput(View(0, *leader), order);
  EXPECT_EQ(check.violations().size(), 1u);
  heirs.log.push_back(NewLeader(1));
  check.OnDurable(View(1, *heir), heirs);
  check.OnOutput(View(0, *leader), order);
  EXPECT_EQ(check.violations().size(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
