#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/simulation/ensemble/checks/checks.h"
#include "tests/simulation/ensemble/checks/history_builder.h"

namespace quorate::simulation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Check(const History& history) {
  EnsembleViolations violations;
  const Replay replay = ReplayHistory(history, nullptr);
  CheckWritesOnce(history, replay, violations);
  return NamesOf(violations);
}

TEST(WritesOnceTest, AcceptsAnUnansweredWriteThatWasApplied) {
  HistoryBuilder builder;
  const auto client = builder.Open(0);
  builder.AskWrite(client.connection, 1, HistoryBuilder::Create("/a", "one"));
  builder.CommitCreate(client.session, 1, "/a", "one");
  EXPECT_THAT(Check(builder.history()), IsEmpty());
}

TEST(WritesOnceTest, RejectsAWriteReplayedUnderANewSession) {
  HistoryBuilder builder;
  const auto client = builder.Open(0);
  builder.AskWrite(client.connection, 1, HistoryBuilder::Create("/a", "one"));
  builder.CommitCreate(client.session, 1, "/a", "one");
  const auto again = builder.Open(0);
  builder.AskWrite(again.connection, 1, HistoryBuilder::Create("/b", "one"));
  builder.CommitCreate(again.session, 1, "/b", "one");
  EXPECT_THAT(Check(builder.history()), ElementsAre("writes_at_most_once"));
}

TEST(WritesOnceTest, RejectsOneRequestInTheLogTwice) {
  HistoryBuilder builder;
  const auto client = builder.Open(0);
  builder.AskWrite(client.connection, 1, tree::CheckRequest{"/", -1});
  tree::Txn txn;
  txn.session = builder.SessionOf(client.session);
  txn.request_id = 1;
  txn.body = tree::CheckTxn{"/"};
  builder.Commit(txn);
  builder.Commit(txn);
  EXPECT_THAT(Check(builder.history()), ElementsAre("writes_at_most_once"));
}

TEST(WritesOnceTest, RejectsAWriteThatWasNotTaken) {
  HistoryBuilder builder;
  const auto client = builder.Open(0);
  builder.AskWrite(client.connection, 1, HistoryBuilder::Create("/a", "one"));
  builder.Answer(client.connection, {}, {}, absl::UnavailableError("no leader"),
                 /*not_taken=*/true);
  builder.CommitCreate(client.session, 1, "/a", "one");
  EXPECT_THAT(Check(builder.history()), ElementsAre("writes_at_most_once"));
}

TEST(WritesOnceTest, AcceptsAWriteThatWasTakenWhenAskedAgain) {
  HistoryBuilder builder;
  const auto client = builder.Open(0);
  const int op = builder.AskWrite(client.connection, 1,
                                  HistoryBuilder::Create("/a", "one"));
  builder.Answer(client.connection, {}, {}, absl::UnavailableError("no leader"),
                 /*not_taken=*/true);
  builder.AskAgain(op, client.connection);
  builder.CommitCreate(client.session, 1, "/a", "one");
  EXPECT_THAT(Check(builder.history()), IsEmpty());
}

}  // namespace
}  // namespace quorate::simulation
