#include "tests/simulation/checks/committed_for_ever.h"

#include <memory>

#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

using consensus::Zxid;

class CommittedForEverTest : public testing::Test {
 protected:
  CommittedForEverTest() {
    check_.OnStart(View(0, *core_), DiskOf(1, Founding({1, 2})));
    check_.OnStart(View(1, *core_), DiskOf(1, Founding({1, 2})));
    HandOut(0, {NewLeader(1), Txn(Zxid(1, 1), "a"), Txn(Zxid(1, 2), "b")});
  }

  void HandOut(int index, std::vector<consensus::Record> records) {
    consensus::Output output;
    output.committed = std::move(records);
    check_.OnOutput(View(index, *core_), output);
  }
  void Restart(int index, Zxid snapshot) {
    consensus::DurableState disk = DiskOf(1, Founding({1, 2}));
    disk.snapshot = consensus::SnapshotMeta{snapshot, nullptr, {}, 1};
    check_.OnStart(View(index, *core_), disk);
  }
  size_t Violations() const { return check_.violations().size(); }

  std::unique_ptr<consensus::Core> core_ = Start(DiskOf(1, Founding({1, 2})));
  CommittedForEver check_;
};

TEST_F(CommittedForEverTest, AcceptsAPrefixAndItsContinuation) {
  HandOut(1, {NewLeader(1), Txn(Zxid(1, 1), "a")});
  HandOut(1, {Txn(Zxid(1, 2), "b"), Txn(Zxid(1, 3), "c")});
  HandOut(0, {Txn(Zxid(1, 3), "c")});
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(CommittedForEverTest, AcceptsHandingOutAgainAfterARestart) {
  Restart(0, Zxid(1, 1));
  HandOut(0, {Txn(Zxid(1, 2), "b"), Txn(Zxid(1, 3), "c")});
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(CommittedForEverTest, RejectsAnotherRecord) {
  HandOut(1, {NewLeader(2)});
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(CommittedForEverTest, RejectsAnotherContent) {
  HandOut(1, {NewLeader(1), Txn(Zxid(1, 1), "z")});
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(CommittedForEverTest, RejectsALeftOutRecord) {
  HandOut(1, {NewLeader(1), Txn(Zxid(1, 2), "b")});
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(CommittedForEverTest, RejectsASnapshotOfWhatWasNeverCommitted) {
  Restart(1, Zxid(1, 7));
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(CommittedForEverTest, RejectsAnInstalledSnapshotOfTheWrongPlace) {
  consensus::Output output;
  output.install_snapshot = consensus::SnapshotMeta{Zxid(1, 1), nullptr, {}, 1};
  output.committed = {Txn(Zxid(1, 3), "c")};
  check_.OnOutput(View(1, *core_), output);
  EXPECT_EQ(Violations(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
