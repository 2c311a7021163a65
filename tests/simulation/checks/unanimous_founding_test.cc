#include "tests/simulation/checks/unanimous_founding.h"

#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/options.h"
#include "coord/consensus/output.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

class UnanimousFoundingTest : public testing::Test {
 protected:
  UnanimousFoundingTest() {
    for (uint64_t id : {1, 2, 3}) {
      manifest_.founders.push_back({{id}, MakeMember(id).address});
    }
  }

  // Founder `id` has this on its disk.
  void Disk(uint64_t id, uint64_t manifest_hash,
            const EnsembleId& ensemble = EnsembleId()) {
    consensus::DurableState disk = EmptyDiskOf(id);
    const auto core = Start(disk);
    disk.hard_state.manifest_hash = manifest_hash;
    disk.hard_state.ensemble = ensemble;
    check_.OnDurable(View(static_cast<int>(id), *core), disk);
  }
  size_t Violations() const { return check_.violations().size(); }

  consensus::Manifest manifest_;
  UnanimousFounding check_;
};

TEST_F(UnanimousFoundingTest, AcceptsIfAllHaveConfirmed) {
  Disk(2, manifest_.Hash());
  Disk(3, manifest_.Hash());
  check_.Founded(Key(1), manifest_, Founding({1, 2, 3}));
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(UnanimousFoundingTest, RejectsAMajority) {
  Disk(2, manifest_.Hash());
  check_.Founded(Key(1), manifest_, Founding({1, 2}));
  EXPECT_GE(Violations(), 1u);
}

TEST_F(UnanimousFoundingTest, RejectsAFounderThatHasNotConfirmed) {
  Disk(2, manifest_.Hash());
  Disk(3, 0);
  check_.Founded(Key(1), manifest_, Founding({1, 2, 3}));
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(UnanimousFoundingTest, RejectsAFounderThatBelongsElsewhere) {
  Disk(2, manifest_.Hash());
  Disk(3, manifest_.Hash(), kOthers);
  check_.Founded(Key(1), manifest_, Founding({1, 2, 3}));
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(UnanimousFoundingTest, RejectsAMemberThatFoundsWithoutAnOrder) {
  const auto joiner = Start(EmptyDiskOf(4));
  consensus::Output output;
  output.append = {
      ConfigurationRecord(consensus::kFoundingZxid, Founding({4}))};
  check_.OnOutput(View(4, *joiner), output);
  EXPECT_EQ(Violations(), 1u);
  // Whoever comes later only replicates the record.
  check_.OnOutput(View(5, *joiner), output);
  EXPECT_EQ(Violations(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
