#include "tests/simulation/checks/leader_holds_quorum.h"

#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

using consensus::Epoch;

// Member 1 leads {1 2 3}, elected with the vote of 2.
std::unique_ptr<consensus::Core> ElectedLeader() {
  std::unique_ptr<consensus::Core> core = Start(DiskOf(1, Founding({1, 2, 3})));
  for (int ticks = 0; ticks < 100 && !core->IsLeader(); ++ticks) {
    core->Tick(50);
    const consensus::Output output = core->TakeOutput();
    core->Persisted(output.persist_id);
    for (const consensus::Envelope& sent : output.messages) {
      if (const auto* ask = std::get_if<consensus::PreVote>(&sent.message)) {
        core->Step(Message(2, 1, consensus::PreVoteReply{ask->epoch, true, 0}));
      }
    }
    core->Persisted(core->TakeOutput().persist_id);
    core->Step(Message(
        2, 1, consensus::VoteReply{core->epoch(), true, core->epoch()}));
  }
  return core;
}

TEST(LeaderHoldsQuorum, JudgesBySilence) {
  const auto core = ElectedLeader();
  ASSERT_TRUE(core->IsLeader());
  const consensus::DurableState disk = DiskOf(1, Founding({1, 2, 3}));
  LeaderHoldsQuorum check;
  check.OnStart(View(0, *core), disk);
  check.OnOutput(View(0, *core), {});
  // The check hears nobody, though the core does.
  for (int ticks = 0; ticks < 9; ++ticks) {
    core->Tick(100);
    core->Step(
        Message(2, 1, consensus::HeartbeatAck{core->epoch(), 0, 0, {}, {}, 0}));
    check.OnOutput(View(0, *core), core->TakeOutput());
  }
  EXPECT_TRUE(check.violations().empty());
  for (int ticks = 0; ticks < 2; ++ticks) {
    core->Tick(100);
    core->Step(
        Message(2, 1, consensus::HeartbeatAck{core->epoch(), 0, 0, {}, {}, 0}));
    check.OnOutput(View(0, *core), core->TakeOutput());
  }
  EXPECT_FALSE(check.violations().empty());
}

TEST(LeaderHoldsQuorum, AcceptsALeaderThatIsHeardFrom) {
  const auto core = ElectedLeader();
  ASSERT_TRUE(core->IsLeader());
  LeaderHoldsQuorum check;
  check.OnStart(View(0, *core), DiskOf(1, Founding({1, 2, 3})));
  check.OnOutput(View(0, *core), {});
  for (int ticks = 0; ticks < 40; ++ticks) {
    core->Tick(100);
    const consensus::Envelope ack =
        Message(3, 1, consensus::HeartbeatAck{core->epoch(), 0, 0, {}, {}, 0});
    check.OnMessage(View(0, *core), ack);
    core->Step(ack);
    check.OnOutput(View(0, *core), core->TakeOutput());
  }
  EXPECT_TRUE(check.violations().empty());
}

}  // namespace
}  // namespace quorate::simulation
