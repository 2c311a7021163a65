#include "tests/simulation/checks/leader_completeness.h"

#include <initializer_list>

#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"
#include "tests/simulation/checks/history.h"

namespace quorate::simulation {
namespace {

using consensus::Zxid;

History Holding(std::initializer_list<Zxid> zxids) {
  History history;
  for (Zxid zxid : zxids) history.Append(zxid);
  return history;
}

class LeaderCompletenessTest : public testing::Test {
 protected:
  LeaderCompletenessTest() {
    for (Zxid zxid : {Zxid(1, 0), Zxid(1, 1), Zxid(1, 2)}) {
      check_.Committed(kOurs, zxid);
    }
  }
  size_t Violations() const { return check_.violations().size(); }

  LeaderCompleteness check_;
};

TEST_F(LeaderCompletenessTest, AcceptsALeaderWithAllThatWasCommitted) {
  check_.LeaderAppears(
      kOurs, Key(2), 2,
      Holding({Zxid(1, 0), Zxid(1, 1), Zxid(1, 2), Zxid(1, 3), Zxid(2, 0)}));
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(LeaderCompletenessTest, AcceptsALeaderWithASnapshotOfIt) {
  History history;
  history.Reset(Zxid(1, 2));
  check_.LeaderAppears(kOurs, Key(2), 2, history);
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(LeaderCompletenessTest, RejectsALeaderThatLacksTheLastRecord) {
  check_.LeaderAppears(kOurs, Key(2), 2,
                       Holding({Zxid(1, 0), Zxid(1, 1), Zxid(2, 0)}));
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(LeaderCompletenessTest, RejectsAnEmptyLeader) {
  check_.LeaderAppears(kOurs, Key(4), 2, Holding({Zxid(2, 0)}));
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(LeaderCompletenessTest, RejectsALateCommitThatALaterLeaderLacks) {
  check_.LeaderAppears(kOurs, Key(2), 2,
                       Holding({Zxid(1, 0), Zxid(1, 1), Zxid(1, 2)}));
  check_.LeaderCommits(kOurs, 1, Zxid(1, 2));
  EXPECT_EQ(Violations(), 0u);
  check_.LeaderCommits(kOurs, 1, Zxid(1, 3));
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(LeaderCompletenessTest, WatchesCores) {
  consensus::DurableState disk = DiskOf(1, Founding({1}));
  disk.hard_state.accepted_epoch = 5;
  const auto leader = StartLeader(disk);
  check_.OnStart(View(0, *leader), disk);
  consensus::Output output;
  output.append = {NewLeader(leader->epoch())};
  check_.OnOutput(View(0, *leader), output);
  EXPECT_EQ(Violations(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
