#include "tests/simulation/checks/foreign_ensemble.h"

#include <memory>

#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

TEST(ForeignEnsemble, AcceptsAForeignMessageThatChangesNothing) {
  const auto core = Start(DiskOf(1, Founding({1, 2, 3})));
  consensus::Envelope envelope =
      Message(2, 1, consensus::Heartbeat{9, {}, 0, 0});
  envelope.ensemble = kOthers;
  ForeignEnsemble check;
  check.OnMessage(View(0, *core), envelope);
  core->Step(envelope);
  check.OnMessageDone(View(0, *core), envelope);
  EXPECT_TRUE(check.violations().empty());
}

TEST(ForeignEnsemble, AcceptsAnOwnMessageThatChangesMuch) {
  const auto core = Start(DiskOf(1, Founding({1, 2, 3})));
  const consensus::Envelope envelope =
      Message(2, 1, consensus::Heartbeat{9, {}, 0, 0});
  ForeignEnsemble check;
  check.OnMessage(View(0, *core), envelope);
  core->Step(envelope);
  ASSERT_EQ(core->epoch(), 9u);
  check.OnMessageDone(View(0, *core), envelope);
  EXPECT_TRUE(check.violations().empty());
}

TEST(ForeignEnsemble, RejectsAForeignMessageThatChangesSomething) {
  const auto core = Start(DiskOf(1, Founding({1, 2, 3})));
  consensus::Envelope envelope =
      Message(2, 1, consensus::Heartbeat{9, {}, 0, 0});
  const ForeignEnsemble::State before = ForeignEnsemble::StateOf(*core);
  core->Step(envelope);  // as an own message, so that it does change something
  envelope.ensemble = kOthers;
  ForeignEnsemble check;
  check.Compare(envelope, before, ForeignEnsemble::StateOf(*core));
  EXPECT_EQ(check.violations().size(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
