// Time, the end, and broken protocol of SessionCore.

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/testing/core_harness.h"
#include "coord/client/types.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::client {
namespace {

namespace v1 = coord::v1;

using Ids = std::vector<int64_t>;
constexpr auto kFailedPrecondition = absl::StatusCode::kFailedPrecondition;

uint64_t Submit(CoreHarness& harness, const std::string& data = "x") {
  const uint64_t ticket = harness.core.SubmitWrite(SetData{"/a", data});
  harness.Pump();
  return ticket;
}

// --- Time --------------------------------------------------------------------

TEST(SessionCoreTime, PingsAfterAThirdOfTheTimeout) {
  CoreHarness harness;
  harness.Welcome();
  harness.Advance(2'999);
  EXPECT_TRUE(harness.requests.empty());
  harness.Advance(1);
  ASSERT_EQ(harness.requests.size(), 1U);
  EXPECT_TRUE(harness.requests[0].has_ping());
  harness.AnswerOk();
  harness.Advance(2'999);
  EXPECT_TRUE(harness.requests.empty());
}

TEST(SessionCoreTime, LocalReadsAreNoProofOfLife) {
  CoreHarness harness;
  harness.Welcome();
  int pings = 0;
  for (int i = 0; i < 30; ++i) {
    harness.Advance(1'000);
    harness.core.SubmitRead(Exists{"/a"}, Consistency::kLocal);
    harness.Pump();
    while (!harness.requests.empty()) {
      v1::Reply reply;
      if (harness.requests.front().has_ping()) {
        ++pings;
        reply = harness.NextReply();
      } else {
        reply = harness.NextReply();
        reply.mutable_stat();
      }
      harness.GiveReply(reply);
    }
  }
  EXPECT_EQ(pings, 10);
  EXPECT_EQ(harness.core.state(), SessionState::kConnected);
}

TEST(SessionCoreTime, LeavesAMemberThatDoesNotAnswer) {
  CoreHarness harness;
  harness.Welcome();
  harness.Advance(5'999);
  EXPECT_EQ(harness.disconnects, 0);
  harness.Advance(1);
  EXPECT_EQ(harness.disconnects, 1);
}

TEST(SessionCoreTime, ExpiresByItsOwnClock) {
  CoreHarness harness;
  const uint64_t waiting = Submit(harness);
  harness.Welcome();
  harness.BreakConnection();
  harness.Advance(8'999);
  EXPECT_EQ(harness.core.state(), SessionState::kConnecting);
  harness.Advance(1);
  EXPECT_EQ(harness.core.state(), SessionState::kExpired);
  const std::vector<Completion> done = harness.TakeCompletions();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].ticket, waiting);
  EXPECT_TRUE(IsError(done[0].answer.status(), "SessionExpired"));
  EXPECT_EQ(harness.attempt, 0U);
  Submit(harness);
  EXPECT_TRUE(IsError(harness.TakeCompletions().at(0).answer.status(),
                      "SessionExpired"));
}

TEST(SessionCoreTime, LifeCountsFromWhenTheAnsweredMessageWasSent) {
  CoreHarness harness;
  harness.Welcome();
  harness.Advance(1'000);
  Submit(harness);
  harness.Advance(3'000);
  harness.AnswerWrite(5);
  // From the sending of the write: not from its answer, not from the ping.
  harness.BreakConnection();
  harness.Advance(5'999);
  EXPECT_EQ(harness.core.state(), SessionState::kConnecting);
  harness.Advance(1);
  EXPECT_EQ(harness.core.state(), SessionState::kExpired);
}

TEST(SessionCoreTime, WhatWasNotTakenIsNoProofOfLife) {
  CoreHarness harness(HarnessOptions(1));
  harness.Welcome();
  for (int i = 0; i < 3; ++i) {
    harness.Advance(3'000);
    while (!harness.requests.empty()) harness.Refuse("NoLeader", true);
  }
  EXPECT_EQ(harness.core.state(), SessionState::kExpired);
}

TEST(SessionCoreTime, AFrameThatComesAfterTheEndIsTooLate) {
  CoreHarness harness;
  harness.Welcome();
  Submit(harness);
  v1::Reply reply = harness.NextReply();
  reply.set_zxid(5);
  reply.mutable_write();
  // The process was stopped: no tick has come in between.
  harness.now_ms += 9'000;
  harness.GiveReply(reply);
  EXPECT_EQ(harness.core.state(), SessionState::kExpired);
  EXPECT_TRUE(IsError(harness.TakeCompletions().at(0).answer.status(),
                      "SessionExpired"));
}

TEST(SessionCoreTime, ExpiresWhenTheEnsembleSaysSo) {
  CoreHarness harness;
  harness.Welcome();
  harness.BreakConnection();
  harness.AdvanceToConnect();
  harness.Goodbye("SessionExpired", kFailedPrecondition);
  EXPECT_EQ(harness.core.state(), SessionState::kExpired);
}

TEST(SessionCoreTime, AGoodbyeForAnotherReasonEndsTheConnectionOnly) {
  CoreHarness harness;
  harness.Welcome();
  harness.Goodbye("SessionMoved", absl::StatusCode::kAborted);
  EXPECT_EQ(harness.core.state(), SessionState::kConnecting);
  harness.AdvanceToConnect();
  EXPECT_EQ(harness.hello->session_id(), kHarnessSession);
}

// --- Protocol errors of a member ---------------------------------------------

TEST(SessionCoreProtocol, RefusesAWelcomeToAnotherSession) {
  CoreHarness harness;
  harness.Welcome();
  harness.BreakConnection();
  harness.AdvanceToConnect();
  v1::ServerMessage welcome = CoreHarness::WelcomeMessage(1);
  welcome.mutable_welcome()->set_session_id(kHarnessSession + 1);
  harness.Give(welcome);
  EXPECT_EQ(harness.core.state(), SessionState::kConnecting);
  EXPECT_EQ(harness.core.session_id(), kHarnessSession);
}

TEST(SessionCoreProtocol, RefusesAMemberThatHasLostOrInventedWrites) {
  CoreHarness harness;
  harness.Welcome();
  Submit(harness);
  harness.AnswerWrite(5);
  for (const int64_t last : {0, 2}) {
    harness.BreakConnection();
    harness.AdvanceToConnect();
    v1::ServerMessage welcome = CoreHarness::WelcomeMessage(9);
    welcome.mutable_welcome()->set_last_request_id(last);
    harness.Give(welcome);
    EXPECT_EQ(harness.core.state(), SessionState::kConnecting) << last;
    harness.AdvanceToConnect();
  }
}

TEST(SessionCoreProtocol, WhatAPastConnectionBringsIsIgnored) {
  CoreHarness harness;
  harness.Welcome();
  const uint64_t old = harness.attempt;
  harness.BreakConnection();
  v1::ServerFrame frame;
  frame.add_messages()->mutable_goodbye()->mutable_error()->set_kind(
      "SessionExpired");
  harness.core.OnFrame(old, frame, harness.now_ms);
  harness.core.OnBroken(old, absl::OkStatus(), harness.now_ms);
  harness.Pump();
  EXPECT_EQ(harness.core.state(), SessionState::kConnecting);
}

// --- Closing -----------------------------------------------------------------

TEST(SessionCoreClose, ComesAfterWhatWasAskedBefore) {
  CoreHarness harness;
  harness.Welcome();
  Submit(harness);
  const uint64_t close = harness.core.SubmitClose();
  harness.Pump();
  EXPECT_EQ(harness.SentWrites(), Ids({1, 2}));
  Submit(harness);
  EXPECT_EQ(harness.TakeCompletions().at(0).answer.status().code(),
            absl::StatusCode::kCancelled);
  harness.AnswerWrite(5);
  harness.AnswerOk(6);
  EXPECT_EQ(harness.core.state(), SessionState::kClosed);
  const std::vector<Completion> done = harness.TakeCompletions();
  ASSERT_EQ(done.size(), 2U);
  EXPECT_EQ(done[1].ticket, close);
  EXPECT_TRUE(done[1].answer.ok());
}

TEST(SessionCoreClose, IsSentAgainAndFindsTheSessionGone) {
  CoreHarness harness;
  harness.Welcome();
  harness.core.SubmitClose();
  harness.Pump();
  harness.BreakConnection();
  harness.AdvanceToConnect();
  harness.Goodbye("SessionExpired", kFailedPrecondition);
  EXPECT_EQ(harness.core.state(), SessionState::kExpired);
  EXPECT_TRUE(IsError(harness.TakeCompletions().at(0).answer.status(),
                      "SessionExpired"));
}

TEST(SessionCoreClose, BeforeItIsOpenNeedsNobody) {
  CoreHarness harness;
  harness.core.SubmitClose();
  harness.Pump();
  EXPECT_EQ(harness.core.state(), SessionState::kClosed);
  EXPECT_TRUE(harness.TakeCompletions().at(0).answer.ok());
}

TEST(SessionCoreClose, AbandoningFailsWhatIsUnanswered) {
  CoreHarness harness;
  harness.Welcome();
  Submit(harness);
  harness.core.Abandon();
  harness.Pump();
  EXPECT_EQ(harness.core.state(), SessionState::kClosed);
  EXPECT_EQ(harness.TakeCompletions().at(0).answer.status().code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace quorate::client
