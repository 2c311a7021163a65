#include "tests/simulation/ensemble/ledger.h"

#include <string>
#include <vector>

#include "coord/base/bytes.h"
#include "coord/consensus/log_view.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "coord/tree/acl.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/txn.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/simulation/ensemble/world.h"

namespace quorate::simulation {
namespace {

using consensus::Zxid;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() {
    ledger_.Forget(0);
    ledger_.Forget(1);
  }

  // 1:0 to 1:`last`, whose payloads are `text`.
  static consensus::LogView Log(uint32_t last, const std::string& text) {
    consensus::LogView log;
    log.Append(
        {Zxid(1, 0), consensus::RecordKind::kNewLeader, nullptr, nullptr});
    for (uint32_t i = 1; i <= last; ++i) {
      log.Append(
          {Zxid(1, i), consensus::RecordKind::kTxn, MakeBytes(text), nullptr});
    }
    return log;
  }
  static void Apply(tree::StateMachine& state, const std::string& path) {
    tree::Txn txn;
    txn.body = tree::CreateTxn{path, "", tree::OpenAcl(), 0};
    ASSERT_TRUE(state.Apply(Zxid(1, 1), txn).ok());
  }
  std::vector<std::string> Violations() const {
    std::vector<std::string> names;
    for (const EnsembleViolation& each : world_.violations) {
      names.push_back(each.check);
    }
    return names;
  }

  EnsembleWorld world_{1};
  Ledger ledger_{world_};
  tree::StateMachine state_;
};

TEST_F(LedgerTest, WritesDownWhatIsCommittedOnce) {
  ledger_.Observe(0, Zxid(1, 2), Log(3, "x"), state_);
  ledger_.Observe(1, Zxid(1, 3), Log(3, "x"), state_);
  EXPECT_THAT(Violations(), IsEmpty());
  ASSERT_EQ(world_.history.log.size(), 4u);
  EXPECT_EQ(world_.history.log.back().zxid, Zxid(1, 3));
}

TEST_F(LedgerTest, RejectsAnotherRecordAtTheSameZxid) {
  ledger_.Observe(0, Zxid(1, 1), Log(1, "x"), state_);
  ledger_.Observe(1, Zxid(1, 1), Log(1, "y"), state_);
  EXPECT_THAT(Violations(), ElementsAre("committed_log"));
}

TEST_F(LedgerTest, RejectsAHoleInWhatIsCommitted) {
  ledger_.Observe(0, Zxid(1, 1), Log(3, "x"), state_);
  consensus::LogView later(Zxid(1, 2));
  later.Append(
      {Zxid(1, 3), consensus::RecordKind::kTxn, MakeBytes("x"), nullptr});
  ledger_.Observe(1, Zxid(1, 3), later, state_);
  EXPECT_THAT(Violations(), ElementsAre("committed_log"));
}

TEST_F(LedgerTest, RejectsStatesThatDiffer) {
  tree::StateMachine other;
  Apply(state_, "/a");
  Apply(other, "/b");
  ledger_.Observe(0, Zxid(1, 1), Log(1, "x"), state_);
  ledger_.Observe(1, Zxid(1, 1), Log(1, "x"), other);
  EXPECT_THAT(Violations(), ElementsAre("state_digest"));
}

}  // namespace
}  // namespace quorate::simulation
