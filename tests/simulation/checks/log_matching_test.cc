#include "tests/simulation/checks/log_matching.h"

#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

using consensus::Zxid;

class LogMatchingTest : public testing::Test {
 protected:
  LogMatchingTest() {
    check_.OnStart(View(0, *one_), DiskOf(1, Founding({1, 2})));
    check_.OnStart(View(1, *two_), DiskOf(2, Founding({1, 2})));
  }

  size_t Violations() const { return check_.violations().size(); }

  std::unique_ptr<consensus::Core> one_ = Start(DiskOf(1, Founding({1, 2})));
  std::unique_ptr<consensus::Core> two_ = Start(DiskOf(2, Founding({1, 2})));
  LogMatching check_;
};

TEST_F(LogMatchingTest, AcceptsEqualRecordsBehindEqualRecords) {
  consensus::Output output;
  output.append = {NewLeader(1), Txn(Zxid(1, 1), "a")};
  check_.OnOutput(View(0, *one_), output);
  output.append = {NewLeader(1), Txn(Zxid(1, 1), "a")};
  check_.OnOutput(View(1, *two_), output);
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(LogMatchingTest, AcceptsAnotherRecordInPlaceOfOneThatWasCut) {
  consensus::Output output;
  output.append = {NewLeader(1), Txn(Zxid(1, 1), "a")};
  check_.OnOutput(View(0, *one_), output);
  output.truncate_after = Zxid(0, 1);
  output.append = {NewLeader(2)};
  check_.OnOutput(View(0, *one_), output);
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(LogMatchingTest, RejectsAnotherContent) {
  consensus::Output output;
  output.append = {NewLeader(1), Txn(Zxid(1, 1), "a")};
  check_.OnOutput(View(0, *one_), output);
  output.append = {NewLeader(1), Txn(Zxid(1, 1), "b")};
  check_.OnOutput(View(1, *two_), output);
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(LogMatchingTest, RejectsAnotherPredecessor) {
  consensus::Output output;
  output.append = {NewLeader(1), NewLeader(2)};
  check_.OnOutput(View(0, *one_), output);
  output.append = {NewLeader(2)};
  check_.OnOutput(View(1, *two_), output);
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(LogMatchingTest, RejectsAGap) {
  consensus::Output output;
  output.append = {NewLeader(1), Txn(Zxid(1, 2))};
  check_.OnOutput(View(0, *one_), output);
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(LogMatchingTest, RejectsAnEpochWithoutNewLeader) {
  consensus::Output output;
  output.append = {Txn(Zxid(1, 0))};
  check_.OnOutput(View(0, *one_), output);
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(LogMatchingTest, RejectsADiskThatChangedARecord) {
  consensus::Output output;
  output.append = {NewLeader(1), Txn(Zxid(1, 1), "a")};
  check_.OnOutput(View(0, *one_), output);
  consensus::DurableState disk = DiskOf(1, Founding({1, 2}));
  disk.log.push_back(NewLeader(1));
  disk.log.push_back(Txn(Zxid(1, 1), "rotten"));
  check_.OnStart(View(0, *one_), disk);
  EXPECT_EQ(Violations(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
