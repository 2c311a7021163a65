// Of the checks on sessions and what they own: sessions.cc, ephemerals.cc and
// sequentials.cc.

#include <string>
#include <vector>

#include "coord/replica/client_message.h"
#include "coord/tree/error.h"
#include "coord/tree/request.h"
#include "coord/tree/txn_result.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/simulation/ensemble/checks/checks.h"
#include "tests/simulation/ensemble/checks/history_builder.h"

namespace quorate::simulation {
namespace {

using consensus::Zxid;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SessionsTest : public testing::Test {
 protected:
  SessionsTest() {
    builder_.history().reigns.push_back({1, kSecond});
    client_ = builder_.Open(0);
  }

  std::vector<std::string> Sessions() {
    History& history = builder_.history();
    history.ended = builder_.now();
    EnsembleViolations violations;
    CheckSessions(history, ReplayHistory(history, nullptr), violations);
    return NamesOf(violations);
  }
  std::vector<std::string> Ephemerals() {
    const History& history = builder_.history();
    EnsembleViolations violations;
    CheckEphemerals(history, ReplayHistory(history, nullptr), violations);
    return NamesOf(violations);
  }
  std::vector<std::string> Sequentials() {
    EnsembleViolations violations;
    CheckSequentials(builder_.history(), violations);
    return NamesOf(violations);
  }
  void Leave() { builder_.history().sessions.front().left_at = builder_.now(); }

  HistoryBuilder builder_;
  HistoryBuilder::Opened client_;
};

// --- Expiry -----------------------------------------------------------------

TEST_F(SessionsTest, AcceptsTheExpiryOfASilentSession) {
  Leave();
  builder_.history().calm_since = builder_.now();
  builder_.Wait(2 * kSecond);
  builder_.CommitClose(client_.session, 0);
  EXPECT_THAT(Sessions(), IsEmpty());
}

TEST_F(SessionsTest, RejectsAnEarlyExpiry) {
  builder_.Wait(kSecond / 2);
  builder_.CommitClose(client_.session, 0);
  EXPECT_THAT(Sessions(), ElementsAre("sessions"));
}

TEST_F(SessionsTest, RejectsTheExpiryOfASessionThatIsHeard) {
  builder_.history().calm_since = builder_.now();
  builder_.Wait(5 * kSecond);
  builder_.CommitClose(client_.session, 0);
  EXPECT_THAT(Sessions(), ElementsAre("sessions"));
}

TEST_F(SessionsTest, RejectsItAlsoIfTheClientHasNoticed) {
  builder_.history().calm_since = builder_.now();
  builder_.Wait(5 * kSecond);
  builder_.CommitClose(client_.session, 0);
  builder_.Wait(kSecond);
  Leave();
  EXPECT_THAT(Sessions(), ElementsAre("sessions"));
}

TEST_F(SessionsTest, RejectsAnIdleSessionThatNeverExpires) {
  Leave();
  builder_.history().calm_since = builder_.now();
  builder_.Wait(10 * kSecond);
  EXPECT_THAT(Sessions(), ElementsAre("sessions"));
}

TEST_F(SessionsTest, RejectsTheNewsOfAnEndThatIsNotInTheLog) {
  builder_.Goodbye(client_.connection,
                   tree::Error(tree::ErrorCode::kSessionExpired, ""));
  EXPECT_THAT(Sessions(), ElementsAre("sessions"));
}

TEST_F(SessionsTest, AcceptsTheNewsOfAnEndThatIs) {
  builder_.Wait(2 * kSecond);
  builder_.CommitClose(client_.session, 0);
  builder_.Goodbye(client_.connection,
                   tree::Error(tree::ErrorCode::kSessionExpired, ""));
  EXPECT_THAT(Sessions(), IsEmpty());
}

// --- Ephemerals -------------------------------------------------------------

class EphemeralsTest : public SessionsTest {
 protected:
  // Another client reads the Stat of an ephemeral of the first.
  void ShowAt(Zxid zxid) {
    tree::Stat stat;
    stat.ephemeral_owner = builder_.SessionOf(client_.session).value;
    builder_.Ask(reader_.connection, {true, replica::Exists{"/e", false}});
    builder_.Answer(reader_.connection, zxid, stat);
  }

  HistoryBuilder::Opened reader_ = builder_.Open(1);
};

TEST_F(EphemeralsTest, AcceptsThoseOfAnOpenSession) {
  const Zxid closed = builder_.CommitClose(client_.session, 0);
  ShowAt(HistoryBuilder::Z(closed.counter() - 1));
  EXPECT_THAT(Ephemerals(), IsEmpty());
}

TEST_F(EphemeralsTest, RejectsThoseOfASessionThatHasEnded) {
  ShowAt(builder_.CommitClose(client_.session, 0));
  EXPECT_THAT(Ephemerals(), ElementsAre("ephemerals"));
}

// --- Sequential names -------------------------------------------------------

class SequentialsTest : public SessionsTest {
 protected:
  void Ask(int64_t request_id) {
    builder_.AskWrite(
        client_.connection, request_id,
        HistoryBuilder::Create("/q/n-", "",
                               tree::CreateMode::kPersistentSequential));
  }
  void Get(const std::string& path) {
    tree::TxnResult result;
    result.path = path;
    builder_.Answer(client_.connection, HistoryBuilder::Z(7), result);
  }
};

TEST_F(SequentialsTest, AcceptsGrowingNumbers) {
  Ask(1);
  Get("/q/n-0000000001");
  Ask(2);
  Ask(3);
  Get("/q/n-0000000004");
  Get("/q/n-0000000003");
  EXPECT_THAT(Sequentials(), IsEmpty());
}

TEST_F(SequentialsTest, RejectsOneNameTwice) {
  Ask(1);
  Ask(2);
  Get("/q/n-0000000001");
  Get("/q/n-0000000001");
  EXPECT_THAT(Sequentials(), ElementsAre("sequentials"));
}

TEST_F(SequentialsTest, RejectsALowerNumberLater) {
  Ask(1);
  Get("/q/n-0000000002");
  Ask(2);
  Get("/q/n-0000000001");
  EXPECT_THAT(Sequentials(), ElementsAre("sequentials"));
}

}  // namespace
}  // namespace quorate::simulation
