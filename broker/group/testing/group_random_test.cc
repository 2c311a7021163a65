// A group under every kind of disturbance, seed after seed.

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <ostream>

#include "broker/group/testing/group_simulation.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

TEST(GroupRandomTest, HoldsWhateverHappens) {
  size_t commits = 0;
  size_t joins = 0;
  size_t elections = 0;
  size_t rewinds = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    GroupSimulation simulation(seed);
    EXPECT_EQ(simulation.Run(90'000), "") << "seed " << seed;
    commits += simulation.history().commits.size();
    joins += simulation.history().joins.size();
    rewinds += simulation.rewinds();
    elections += simulation.elections();
  }
  // It has really done something.
  EXPECT_GT(commits, 100'000u);
  EXPECT_GT(joins, 5'000u);
  EXPECT_GT(elections, 1'000u);
  EXPECT_GT(rewinds, 500u);
  std::cout << commits << " commits, " << joins << " joins, " << elections
            << " elections, " << rewinds << " rewinds" << std::endl;
}

}  // namespace
}  // namespace quorate::broker
