#include "tests/simulation/checks/acknowledged_durable.h"

#include <memory>

#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

using consensus::Zxid;

class AcknowledgedDurableTest : public testing::Test {
 protected:
  AcknowledgedDurableTest() {
    disk_ = DiskOf(1, Founding({1, 2, 3}));
    disk_.hard_state.accepted_epoch = 2;
    disk_.hard_state.voted_for = Key(2);
    disk_.log.push_back(NewLeader(2));
    core_ = Start(disk_);
    check_.OnStart(View(0, *core_), disk_);
  }

  void Send(consensus::Message message) {
    check_.OnOutput(View(0, *core_), Sends(Message(1, 2, std::move(message))));
  }
  size_t Violations() const { return check_.violations().size(); }

  consensus::DurableState disk_;
  std::unique_ptr<consensus::Core> core_;
  AcknowledgedDurable check_;
};

TEST_F(AcknowledgedDurableTest, AcceptsAnAckOfWhatIsOnDisk) {
  Send(consensus::Ack{2, Zxid(2, 0)});
  disk_.log.push_back(Txn(Zxid(2, 1)));
  check_.OnDurable(View(0, *core_), disk_);
  Send(consensus::HeartbeatAck{2, 0, 0, Zxid(2, 5), Zxid(2, 1), 0});
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(AcknowledgedDurableTest, RejectsAnAckBeforeTheSync) {
  Send(consensus::Ack{2, Zxid(2, 1)});
  EXPECT_EQ(Violations(), 1u);
  Send(consensus::HeartbeatAck{2, 0, 0, Zxid(2, 1), Zxid(2, 1), 0});
  EXPECT_EQ(Violations(), 2u);
}

TEST_F(AcknowledgedDurableTest, RejectsAnAckOfWhatWasCutOff) {
  disk_.log.pop_back();
  check_.OnDurable(View(0, *core_), disk_);
  Send(consensus::Ack{2, Zxid(2, 0)});
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(AcknowledgedDurableTest, RejectsAnAckInAnEpochThatIsNotOnDisk) {
  Send(consensus::Ack{3, Zxid(2, 0)});
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(AcknowledgedDurableTest, ForgetsTheDiskAtARestart) {
  disk_.log.pop_back();
  check_.OnStart(View(0, *core_), disk_);
  Send(consensus::Ack{2, Zxid(2, 0)});
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(AcknowledgedDurableTest, AcceptsADurableVote) {
  Send(consensus::VoteReply{2, true, 2});
  Send(consensus::VoteReply{7, false, 2});
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(AcknowledgedDurableTest, RejectsAVoteBeforeTheSync) {
  Send(consensus::VoteReply{3, true, 3});
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(AcknowledgedDurableTest, RejectsAConfirmationBeforeTheSync) {
  Send(consensus::FoundingConfirm{99});
  EXPECT_EQ(Violations(), 1u);
  disk_.hard_state.manifest_hash = 99;
  check_.OnDurable(View(0, *core_), disk_);
  Send(consensus::FoundingConfirm{99});
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(AcknowledgedDurableTest, RejectsHandingOutWhatIsNotOnDisk) {
  consensus::Output output;
  output.committed = {NewLeader(2)};
  check_.OnOutput(View(0, *core_), output);
  EXPECT_EQ(Violations(), 0u);
  output.committed = {Txn(Zxid(2, 1))};
  check_.OnOutput(View(0, *core_), output);
  EXPECT_EQ(Violations(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
