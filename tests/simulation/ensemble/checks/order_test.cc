// Of the checks on order: real_time.cc, never_back.cc and fifo.cc.

#include <string>
#include <vector>

#include "coord/replica/client_message.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/simulation/ensemble/checks/checks.h"
#include "tests/simulation/ensemble/checks/history_builder.h"

namespace quorate::simulation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kZ = HistoryBuilder::Z;

class OrderTest : public testing::Test {
 protected:
  OrderTest() : one_(builder_.Open(1)), two_(builder_.Open(2)) {}

  void AskRead(const HistoryBuilder::Opened& client, bool local) {
    builder_.Ask(client.connection, {local, replica::GetData{"/a", false}});
  }
  std::vector<std::string> RealTime() {
    EnsembleViolations violations;
    CheckRealTime(builder_.history(), violations);
    return NamesOf(violations);
  }
  std::vector<std::string> NeverBack() {
    EnsembleViolations violations;
    CheckNeverBack(builder_.history(), violations);
    return NamesOf(violations);
  }
  std::vector<std::string> Fifo() {
    EnsembleViolations violations;
    const Replay replay = ReplayHistory(builder_.history(), nullptr);
    CheckFifo(builder_.history(), replay, violations);
    return NamesOf(violations);
  }

  HistoryBuilder builder_;
  HistoryBuilder::Opened one_;
  HistoryBuilder::Opened two_;
};

// --- Real time --------------------------------------------------------------

TEST_F(OrderTest, AcceptsALocalReadThatIsBehindOthers) {
  AskRead(one_, false);
  builder_.Answer(one_.connection, kZ(9), {});
  AskRead(two_, true);
  builder_.Answer(two_.connection, kZ(5), {});
  EXPECT_THAT(RealTime(), IsEmpty());
  EXPECT_THAT(NeverBack(), IsEmpty());
}

TEST_F(OrderTest, RejectsALinearizableReadBehindWhatOthersWereShown) {
  AskRead(one_, true);
  builder_.Answer(one_.connection, kZ(9), {});
  AskRead(two_, false);
  builder_.Answer(two_.connection, kZ(8), {});
  EXPECT_THAT(RealTime(), ElementsAre("real_time_order"));
}

TEST_F(OrderTest, AcceptsOverlappingReadsInAnyOrder) {
  AskRead(one_, false);
  AskRead(two_, false);
  builder_.Answer(one_.connection, kZ(9), {});
  builder_.Answer(two_.connection, kZ(8), {});
  EXPECT_THAT(RealTime(), IsEmpty());
}

TEST_F(OrderTest, RejectsAWriteInThePlaceOfOneKnownBefore) {
  AskRead(one_, false);
  builder_.Answer(one_.connection, kZ(9), {});
  builder_.AskWrite(two_.connection, 1, HistoryBuilder::Create("/a", "x"));
  builder_.Answer(two_.connection, kZ(9), {});
  EXPECT_THAT(RealTime(), ElementsAre("real_time_order"));
}

// --- Never back -------------------------------------------------------------

TEST_F(OrderTest, RejectsALocalReadOlderThanWhatTheConnectionHasSeen) {
  AskRead(one_, true);
  builder_.Answer(one_.connection, kZ(9), {});
  AskRead(one_, true);
  builder_.Answer(one_.connection, kZ(8), {});
  EXPECT_THAT(NeverBack(), ElementsAre("never_back"));
}

TEST_F(OrderTest, RejectsALocalReadOlderThanAnEventBefore) {
  builder_.Event(one_.connection, tree::EventType::kCreated, "/a", kZ(9));
  AskRead(one_, true);
  builder_.Answer(one_.connection, kZ(8), {});
  EXPECT_THAT(NeverBack(), ElementsAre("never_back"));
}

TEST_F(OrderTest, RejectsAReadThatShowsAWriteBehindIt) {
  AskRead(one_, false);
  builder_.AskWrite(one_.connection, 1, HistoryBuilder::Create("/a", "x"));
  builder_.Answer(one_.connection, kZ(9), {});
  builder_.Answer(one_.connection, kZ(8), {});
  EXPECT_THAT(NeverBack(), ElementsAre("never_back"));
}

TEST_F(OrderTest, RejectsAMemberBehindThePin) {
  const int connection = builder_.Connect(1, one_.session, /*resumes=*/true);
  builder_.history().connections.back().pin.highest_seen = kZ(9);
  builder_.Welcome(connection, kZ(8), 0);
  EXPECT_THAT(NeverBack(), ElementsAre("never_back"));
}

TEST_F(OrderTest, AcceptsTheOldAnswerOfAWriteSentAgain) {
  const int op =
      builder_.AskWrite(one_.connection, 1, HistoryBuilder::Create("/a", "x"));
  const int connection = builder_.Connect(1, one_.session, /*resumes=*/true);
  builder_.Welcome(connection, kZ(9), 1);
  builder_.AskAgain(op, connection);
  builder_.Answer(connection, kZ(3), {});
  EXPECT_THAT(NeverBack(), IsEmpty());
  EXPECT_THAT(RealTime(), IsEmpty());
}

// --- First in, first out ----------------------------------------------------

TEST_F(OrderTest, AcceptsAnswersInOrder) {
  AskRead(one_, true);
  AskRead(one_, true);
  builder_.Answer(one_.connection, kZ(2), {});
  builder_.Answer(one_.connection, kZ(2), {});
  EXPECT_THAT(Fifo(), IsEmpty());
}

TEST_F(OrderTest, RejectsAnswersOutOfOrder) {
  AskRead(one_, true);
  AskRead(one_, true);
  builder_.AnswerNumber(one_.connection, 1, kZ(2));
  EXPECT_THAT(Fifo(), ElementsAre("fifo"));
}

TEST_F(OrderTest, RejectsAGapInASessionsWrites) {
  builder_.AskWrite(one_.connection, 1, HistoryBuilder::Create("/a", "x"));
  builder_.AskWrite(one_.connection, 2, HistoryBuilder::Create("/b", "y"));
  builder_.CommitCreate(one_.session, 2, "/b", "y");
  EXPECT_THAT(Fifo(), ElementsAre("fifo"));
}

TEST_F(OrderTest, RejectsAWelcomeWithAnotherNumber) {
  builder_.AskWrite(one_.connection, 1, HistoryBuilder::Create("/a", "x"));
  const auto zxid = builder_.CommitCreate(one_.session, 1, "/a", "x");
  const int connection = builder_.Connect(1, one_.session, /*resumes=*/true);
  builder_.Welcome(connection, zxid, 0);
  EXPECT_THAT(Fifo(), ElementsAre("fifo"));
}

TEST_F(OrderTest, RejectsAWordAfterGoodbye) {
  builder_.Goodbye(one_.connection, absl::OkStatus());
  builder_.Event(one_.connection, tree::EventType::kCreated, "/a", kZ(2));
  EXPECT_THAT(Fifo(), ElementsAre("fifo"));
}

}  // namespace
}  // namespace quorate::simulation
