#include "coord/tree/state_machine.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "coord/tree/test_member.h"
#include "gtest/gtest.h"

namespace quorate::tree {
namespace {

using Named = std::pair<EventType, std::string>;
using enum EventType;

std::vector<Named> NamesOf(const Applied& applied) {
  std::vector<Named> names;
  for (const TreeEvent& event : applied.events) {
    names.emplace_back(event.type, event.path);
  }
  return names;
}

TEST(StateMachineTest, TellsWhatHappened) {
  TestMember member;
  EXPECT_EQ(NamesOf(member.Create("/a").applied),
            (std::vector<Named>{{kCreated, "/a"}, {kChildrenChanged, "/"}}));
  EXPECT_EQ(NamesOf(member.Set("/a", "x").applied),
            (std::vector<Named>{{kDataChanged, "/a"}}));
  EXPECT_TRUE(
      member.Ask(SetAclRequest{"/a", OpenAcl()}).applied.events.empty());
  member.Create("/a/b");
  EXPECT_EQ(NamesOf(member.Ask(DeleteRecursiveRequest{"/a"}).applied),
            (std::vector<Named>{{kDeleted, "/a/b"},
                                {kChildrenChanged, "/a"},
                                {kDeleted, "/a"},
                                {kChildrenChanged, "/"}}));
}

TEST(StateMachineTest, ADeletionCarriesTheAclThatWas) {
  TestMember member;
  CreateRequest create = MakeCreate("/a");
  create.acl = ReadOnlyAcl();
  member.Ask(create);
  const auto answer = member.Delete("/a");
  EXPECT_EQ(*answer.applied.events[0].acl, ReadOnlyAcl());
  EXPECT_EQ(*answer.applied.events[1].acl, OpenAcl());
}

TEST(StateMachineTest, ClosingASessionTakesItsEphemerals) {
  TestMember member;
  member.Create("/b", "", CreateMode::kEphemeral);
  member.Create("/a", "", CreateMode::kEphemeral);
  member.Create("/c");
  const auto answer = member.Ask(CloseSessionRequest{});
  EXPECT_EQ(NamesOf(answer.applied),
            (std::vector<Named>{{kDeleted, "/a"},
                                {kChildrenChanged, "/"},
                                {kDeleted, "/b"},
                                {kChildrenChanged, "/"}}));
  EXPECT_FALSE(member.state().sessions().Has(TestMember::kSession));
  EXPECT_NE(member.state().tree().Find("/c"), nullptr);
}

TEST(StateMachineTest, ZxidsOnlyGrow) {
  StateMachine state;
  Txn txn;
  txn.body = ErrorTxn{ErrorCode::kNoNode, "", "", {}};
  EXPECT_EQ(state.Apply(Zxid(1, 1), txn)->result.error, ErrorCode::kNoNode);
  EXPECT_EQ(state.Apply(Zxid(1, 1), txn).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(state.Skip(Zxid(2, 0)).ok());
  EXPECT_EQ(state.Skip(Zxid(1, 7)).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(state.applied(), Zxid(2, 0));
}

TEST(StateMachineTest, NoticesThatItHasDiverged) {
  const CreateTxn ephemeral = {"/e", "", OpenAcl(), 5};
  const TxnBody bodies[] = {
      CreateTxn{"/x/y", "", OpenAcl(), 0},
      ephemeral,  // of a session that is not open
      DeleteTxn{"/x"},
      DeleteTxn{"/zookeeper"},
      DeleteContainerTxn{"/x"},
      DeleteRecursiveTxn{"/x"},
      DeleteRecursiveTxn{"/"},
      SetDataTxn{"/x", "", 1},
      SetAclTxn{"/x", OpenAcl(), 1},
      CheckTxn{"/x"},
      MultiTxn{{CheckTxn{"/"}, DeleteTxn{"/x"}}},
      CloseSessionTxn{},
      CreateSessionTxn{5, kTestPassword},  // for no session
  };
  for (const TxnBody& body : bodies) {
    StateMachine state;
    Txn txn;
    txn.body = body;
    EXPECT_EQ(state.Apply(Zxid(1, 1), txn).status().code(),
              absl::StatusCode::kDataLoss)
        << body.index();
  }
}

}  // namespace
}  // namespace quorate::tree
