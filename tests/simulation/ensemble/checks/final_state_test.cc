#include "tests/simulation/ensemble/checks/final_state.h"

#include <string>

#include "coord/tree/acl.h"
#include "coord/tree/request.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/test_plain_model.h"
#include "coord/tree/txn.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/simulation/ensemble/checks/history_builder.h"

namespace quorate::simulation {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

class FinalStateTest : public testing::Test {
 protected:
  void AddTo(tree::StateMachine& state, const std::string& data) {
    tree::Txn txn;
    txn.body = tree::CreateTxn{"/a", data, tree::OpenAcl(), 0};
    ASSERT_TRUE(state.Apply(HistoryBuilder::Z(1), txn).ok());
  }
  void AddToModel(const std::string& data) {
    tree::Request request;
    request.body = HistoryBuilder::Create("/a", data);
    model_.Ask(request, HistoryBuilder::Z(1));
  }
  std::vector<std::string> Check() {
    EnsembleViolations violations;
    CheckFinalState(0, state_, model_, violations);
    return NamesOf(violations);
  }

  tree::StateMachine state_;
  tree::PlainModel model_;
};

TEST_F(FinalStateTest, AcceptsTheSame) {
  AddTo(state_, "x");
  AddToModel("x");
  EXPECT_THAT(Check(), IsEmpty());
}

TEST_F(FinalStateTest, RejectsALostWrite) {
  AddToModel("x");
  EXPECT_THAT(Check(), Contains("final_state"));
}

TEST_F(FinalStateTest, RejectsOtherData) {
  AddTo(state_, "y");
  AddToModel("x");
  EXPECT_THAT(Check(), Contains("final_state"));
}

TEST_F(FinalStateTest, RejectsWhatWasNeverCommitted) {
  AddTo(state_, "x");
  EXPECT_THAT(Check(), Contains("final_state"));
}

}  // namespace
}  // namespace quorate::simulation
