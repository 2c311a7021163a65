#include "tests/simulation/checks/acks_match_leader.h"

#include <memory>

#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

using consensus::Zxid;

class AcksMatchLeaderTest : public testing::Test {
 protected:
  AcksMatchLeaderTest() {
    check_.OnStart(View(0, *leader_), DiskOf(1, Founding({1})));
    consensus::Output output;
    output.append = {NewLeader(leader_->epoch())};
    check_.OnOutput(View(0, *leader_), output);
    check_.OnStart(View(1, *follower_), DiskOf(2, Founding({1})));
  }

  void Ack(consensus::Epoch epoch, Zxid durable) {
    check_.OnOutput(View(1, *follower_),
                    Sends(Message(2, 1, consensus::Ack{epoch, durable})));
  }
  size_t Violations() const { return check_.violations().size(); }

  std::unique_ptr<consensus::Core> leader_ =
      StartLeader(DiskOf(1, Founding({1})));
  std::unique_ptr<consensus::Core> follower_ = Start(DiskOf(2, Founding({1})));
  AcksMatchLeader check_;
};

TEST_F(AcksMatchLeaderTest, AcceptsWhatTheLeaderHas) {
  Ack(leader_->epoch(), Zxid(leader_->epoch(), 0));
  Ack(leader_->epoch(), consensus::kFoundingZxid);
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(AcksMatchLeaderTest, AcceptsALateAckToAReignThatIsOver) {
  const auto restarted = Start(DiskOf(1, Founding({1})));
  check_.OnStart(View(0, *restarted), DiskOf(1, Founding({1})));
  Ack(leader_->epoch(), Zxid(leader_->epoch(), 9));
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(AcksMatchLeaderTest, RejectsARecordOfAnotherHistory) {
  Ack(leader_->epoch(), Zxid(0, 7));
  EXPECT_EQ(Violations(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
