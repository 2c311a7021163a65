// Connections and requests of SessionCore; see also session_core_time_test.cc
// and session_core_watch_test.cc.

#include "coord/client/session_core.h"

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

// --- Opening -----------------------------------------------------------------

TEST(SessionCoreOpen, GreetsWithWhatItHas) {
  CoreOptions options = HarnessOptions();
  options.pin = {.ensemble_id = kHarnessEnsemble, .highest_zxid = 7};
  options.credentials = {{"digest", "u:p"}};
  const CoreHarness harness(options);
  ASSERT_TRUE(harness.hello.has_value());
  EXPECT_EQ(harness.hello->api_version(), 1U);
  EXPECT_EQ(harness.hello->session_id(), 0);
  EXPECT_EQ(harness.hello->password(), "passwordpassword");
  EXPECT_EQ(harness.hello->timeout_ms(), 9'000);
  EXPECT_EQ(harness.hello->pin().ensemble_id(), kHarnessEnsemble);
  EXPECT_EQ(harness.hello->pin().highest_zxid(), 7U);
  ASSERT_EQ(harness.hello->credentials_size(), 1);
  EXPECT_EQ(harness.hello->credentials(0).secret(), "u:p");
}

TEST(SessionCoreOpen, SendsNothingBeforeItIsWelcome) {
  CoreHarness harness;
  Submit(harness);
  EXPECT_TRUE(harness.requests.empty());
  harness.Welcome();
  EXPECT_EQ(harness.SentWrites(), Ids({1}));
  EXPECT_EQ(harness.core.state(), SessionState::kConnected);
  EXPECT_EQ(harness.core.session_id(), kHarnessSession);
  EXPECT_EQ(harness.core.endpoint(), harness.endpoint);
}

TEST(SessionCoreOpen, TriesEveryEndpointBeforeItWaitsLonger) {
  CoreHarness harness;
  for (int i = 0; i < 5; ++i) {
    harness.BreakConnection();
    EXPECT_EQ(harness.core.endpoint(), "");
    harness.AdvanceToConnect();
  }
  ASSERT_EQ(harness.endpoints_tried.size(), 6U);
  const std::set<std::string> first(harness.endpoints_tried.begin(),
                                    harness.endpoints_tried.begin() + 3);
  EXPECT_EQ(first.size(), 3U);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(harness.endpoints_tried[i], harness.endpoints_tried[i + 3]);
  }
}

TEST(SessionCoreOpen, PausesBetweenAttemptsAreBounded) {
  CoreHarness harness(HarnessOptions(1));
  for (int i = 0; i < 40; ++i) {
    const int64_t before_ms = harness.now_ms;
    harness.BreakConnection();
    harness.AdvanceToConnect();
    EXPECT_LE(harness.now_ms - before_ms, 2'000);
  }
}

TEST(SessionCoreOpen, LeavesAnEndpointThatDoesNotAnswer) {
  CoreHarness harness;
  const std::string silent = harness.endpoint;
  harness.Advance(6'000);
  EXPECT_EQ(harness.disconnects, 1);
  EXPECT_NE(harness.endpoint, silent);
}

TEST(SessionCoreOpen, NeverExpiresBeforeItIsOpen) {
  CoreHarness harness;
  harness.Advance(100'000);
  EXPECT_EQ(harness.core.state(), SessionState::kConnecting);
}

// --- Rule 22 -----------------------------------------------------------------

TEST(SessionCorePin, RefusesAnotherEnsemble) {
  CoreOptions options = HarnessOptions();
  options.pin.ensemble_id = "fedcba9876543210";
  CoreHarness harness(options);
  harness.Welcome();
  EXPECT_EQ(harness.core.state(), SessionState::kConnecting);
  EXPECT_EQ(harness.disconnects, 1);
  EXPECT_EQ(harness.core.session_id(), 0);
  EXPECT_EQ(harness.core.pin().ensemble_id, "fedcba9876543210");
  bool refused = false;
  for (const absl::Status& status : harness.core.endpoints().statuses()) {
    if (!IsError(status, "Pinned")) continue;
    refused = true;
    EXPECT_EQ(status.code(), kFailedPrecondition);
    EXPECT_EQ(ErrorInfoOf(status)->rule, 22U);
  }
  EXPECT_TRUE(refused);
}

TEST(SessionCorePin, RefusesAMemberBehindTheMark) {
  CoreHarness harness;
  harness.Welcome(10);
  Submit(harness);
  harness.AnswerWrite(12);
  EXPECT_EQ(harness.core.pin().highest_zxid, 12U);
  harness.BreakConnection();
  harness.AdvanceToConnect();
  EXPECT_EQ(harness.hello->pin().highest_zxid(), 12U);
  harness.Welcome(11);
  EXPECT_EQ(harness.core.state(), SessionState::kConnecting);
  harness.AdvanceToConnect();
  v1::ServerMessage welcome = CoreHarness::WelcomeMessage(12);
  welcome.mutable_welcome()->set_last_request_id(1);
  harness.Give(welcome);
  EXPECT_EQ(harness.core.state(), SessionState::kConnected);
}

TEST(SessionCorePin, TheMarkNeverGoesBack) {
  CoreHarness harness;
  harness.Welcome(10);
  harness.core.SubmitRead(GetData{"/a"}, Consistency::kLocal);
  harness.Pump();
  v1::Reply reply = harness.NextReply();
  reply.set_zxid(3);
  reply.mutable_data();
  harness.GiveReply(reply);
  EXPECT_EQ(harness.core.pin().highest_zxid, 10U);
}

// --- Requests ----------------------------------------------------------------

TEST(SessionCoreRequests, NumbersWritesAndTellsWhatWasAnswered) {
  CoreHarness harness;
  harness.Welcome();
  const uint64_t first = Submit(harness);
  Submit(harness);
  EXPECT_EQ(harness.SentWrites(), Ids({1, 2}));
  EXPECT_EQ(harness.requests[1].write().acked_through(), 0);
  harness.AnswerWrite(5, "/a");
  const std::vector<Completion> done = harness.TakeCompletions();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].ticket, first);
  ASSERT_TRUE(done[0].answer.ok());
  EXPECT_EQ(std::get<WriteResult>(*done[0].answer).zxid, 5U);
  Submit(harness);
  EXPECT_EQ(harness.requests.back().write().request_id(), 3);
  EXPECT_EQ(harness.requests.back().write().acked_through(), 1);
}

TEST(SessionCoreRequests, ResendsUnansweredOnesInOrderAfterAReconnect) {
  CoreHarness harness;
  harness.Welcome();
  for (int i = 0; i < 3; ++i) Submit(harness);
  harness.core.SubmitRead(GetData{"/a"}, Consistency::kLinearizable);
  harness.Pump();
  harness.AnswerWrite(5);
  harness.BreakConnection();
  harness.AdvanceToConnect();
  EXPECT_EQ(harness.hello->session_id(), kHarnessSession);
  EXPECT_TRUE(harness.requests.empty());
  v1::ServerMessage welcome = CoreHarness::WelcomeMessage(6);
  welcome.mutable_welcome()->set_last_request_id(2);
  harness.Give(welcome);
  EXPECT_EQ(harness.SentWrites(), Ids({2, 3}));
  ASSERT_EQ(harness.requests.size(), 3U);
  EXPECT_TRUE(harness.requests[2].has_read());
  EXPECT_EQ(harness.requests[0].write().acked_through(), 1);
}

TEST(SessionCoreRequests, ErrorsComeWithTheirDetail) {
  CoreHarness harness;
  harness.Welcome();
  harness.core.SubmitWrite(Multi{{Check{"/a"}, Check{"/b"}}});
  harness.Pump();
  v1::Reply reply = harness.NextReply();
  reply.set_zxid(9);
  reply.mutable_error()->set_kind("NoNode");
  reply.mutable_error()->set_code(5);
  reply.mutable_write()->add_ops();
  reply.mutable_write()->add_ops()->set_zookeeper_code(-101);
  harness.GiveReply(reply);
  const std::vector<Completion> done = harness.TakeCompletions();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_TRUE(IsError(done[0].answer.status(), "NoNode"));
  EXPECT_EQ(ErrorInfoOf(done[0].answer.status())->op_codes,
            (std::vector<int32_t>{0, -101}));
}

TEST(SessionCoreRequests, WhatWasNotTakenIsSentAgainAfterAPause) {
  CoreHarness harness;
  harness.Welcome();
  for (int i = 0; i < 3; ++i) Submit(harness);
  harness.Refuse("Overloaded", /*not_taken=*/true);
  harness.Refuse("OutOfOrder", /*not_taken=*/true);
  EXPECT_EQ(harness.requests.size(), 1U);
  harness.Advance(30);
  // 3, which was sent before, and then all again.
  EXPECT_EQ(harness.SentWrites(), Ids({3, 1, 2, 3}));
  harness.Refuse("OutOfOrder", /*not_taken=*/true);
  EXPECT_TRUE(harness.TakeCompletions().empty());
  for (uint64_t zxid = 5; zxid < 8; ++zxid) harness.AnswerWrite(zxid);
  const std::vector<Completion> done = harness.TakeCompletions();
  ASSERT_EQ(done.size(), 3U);
  for (uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(std::get<WriteResult>(*done[i].answer).zxid, 5 + i);
  }
}

TEST(SessionCoreRequests, AnAnswerBehindOneNotTakenIsPassedOver) {
  CoreHarness harness;
  harness.Welcome();
  harness.core.SubmitRead(GetData{"/a"}, Consistency::kLinearizable);
  harness.Pump();
  Submit(harness);
  harness.Refuse("NoLeader", /*not_taken=*/true);
  // The write was taken; its result is remembered for the second time.
  harness.AnswerWrite(5);
  EXPECT_TRUE(harness.TakeCompletions().empty());
  harness.Advance(30);
  ASSERT_EQ(harness.requests.size(), 2U);
  EXPECT_TRUE(harness.requests[0].has_read());
  EXPECT_EQ(harness.SentWrites(), Ids({1}));
}

TEST(SessionCoreRequests, ARefusalWithoutAPlaceInTheLogFreesTheNumber) {
  CoreHarness harness;
  harness.Welcome();
  for (int i = 0; i < 3; ++i) Submit(harness);
  harness.Refuse("BadRequest", /*not_taken=*/false,
                 absl::StatusCode::kInvalidArgument);
  std::vector<Completion> done = harness.TakeCompletions();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_TRUE(IsError(done[0].answer.status(), "BadRequest"));
  EXPECT_EQ(harness.SentWrites(), Ids({2, 3, 1, 2}));
  harness.Refuse("OutOfOrder", /*not_taken=*/true);
  harness.Refuse("OutOfOrder", /*not_taken=*/true);
  harness.AnswerWrite(5);
  harness.AnswerWrite(6);
  EXPECT_EQ(harness.TakeCompletions().size(), 2U);
  Submit(harness);
  EXPECT_EQ(harness.SentWrites(), Ids({3}));
}

TEST(SessionCoreRequests, AFailedWriteWithAPlaceInTheLogUsesItsNumber) {
  CoreHarness harness;
  harness.Welcome();
  Submit(harness);
  harness.Refuse("NoNode", /*not_taken=*/false, absl::StatusCode::kNotFound,
                 /*zxid=*/5);
  Submit(harness);
  EXPECT_EQ(harness.SentWrites(), Ids({2}));
}

TEST(SessionCoreRequests, LeavesAMemberWithoutLeader) {
  CoreHarness harness;
  harness.Welcome();
  const std::string first = harness.endpoint;
  Submit(harness);
  for (int i = 0; i < 10 && harness.disconnects == 0; ++i) {
    if (harness.requests.empty()) {
      harness.Advance(10);
      continue;
    }
    harness.Refuse("NoLeader", /*not_taken=*/true);
  }
  for (int i = 0; i < 1'000 && harness.disconnects == 0; ++i) {
    harness.Advance(10);
    if (!harness.requests.empty()) {
      harness.Refuse("NoLeader", /*not_taken=*/true);
    }
  }
  EXPECT_EQ(harness.disconnects, 1);
  harness.AdvanceToConnect();
  EXPECT_NE(harness.endpoint, first);
  EXPECT_TRUE(harness.TakeCompletions().empty());
}

TEST(SessionCoreRequests, KeepsToTheMembersBounds) {
  CoreHarness harness;
  v1::ServerMessage welcome = CoreHarness::WelcomeMessage(1);
  welcome.mutable_welcome()->set_max_outstanding(4);
  harness.Give(welcome);
  for (int i = 0; i < 10; ++i) Submit(harness);
  EXPECT_EQ(harness.SentWrites(), Ids({1, 2, 3}));
  harness.AnswerWrite(5);
  EXPECT_EQ(harness.SentWrites(), Ids({2, 3, 4}));
}

TEST(SessionCoreRequests, KeepsToTheMembersBoundOfBytes) {
  CoreHarness harness;
  harness.Welcome();
  const std::string data(400'000, 'x');
  for (int i = 0; i < 4; ++i) Submit(harness, data);
  EXPECT_EQ(harness.SentWrites(), Ids({1, 2}));
  // What is larger than the bound goes alone.
  while (!harness.requests.empty()) harness.AnswerWrite(5);
  Submit(harness, std::string(2 << 20, 'x'));
  Submit(harness);
  EXPECT_EQ(harness.SentWrites(), Ids({5}));
}

TEST(SessionCoreRequests, PutsWhatWaitsIntoOneFrame) {
  CoreHarness harness;
  for (int i = 0; i < 50; ++i) {
    harness.core.SubmitWrite(SetData{"/a", "x"});
  }
  const size_t before = harness.frames;
  harness.Welcome();
  EXPECT_EQ(harness.requests.size(), 50U);
  EXPECT_EQ(harness.frames, before + 1);
}

TEST(SessionCoreRequests, RefusesWhatWouldGrowWithoutBound) {
  CoreOptions options = HarnessOptions();
  options.max_queued = 2;
  CoreHarness harness(options);
  for (int i = 0; i < 3; ++i) Submit(harness);
  std::vector<Completion> done = harness.TakeCompletions();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].answer.status().code(),
            absl::StatusCode::kResourceExhausted);
  // The number of the one refused is not used up.
  harness.Welcome();
  harness.AnswerWrite(5);
  harness.AnswerWrite(6);
  Submit(harness);
  EXPECT_EQ(harness.SentWrites(), Ids({3}));
}

TEST(SessionCoreRequests, RefusesWhatNoMemberWouldRead) {
  CoreHarness harness;
  harness.Welcome();
  Submit(harness, std::string(kMaxRequestBytes + 1, 'x'));
  harness.core.SubmitWrite(SetData{"/\xff", "x"});
  harness.core.SubmitWatch("/a", static_cast<WatchKind>(3));
  harness.core.SubmitCredential({"\xc0", "x"});
  harness.Pump();
  const std::vector<Completion> done = harness.TakeCompletions();
  ASSERT_EQ(done.size(), 4U);
  for (const Completion& completion : done) {
    EXPECT_TRUE(IsError(completion.answer.status(), "BadArguments"));
  }
  EXPECT_TRUE(harness.requests.empty());
}

TEST(SessionCoreRequests, FindsTheOneThatAMemberCannotRead) {
  CoreHarness harness;
  harness.Welcome();
  for (int i = 0; i < 3; ++i) Submit(harness);
  const std::vector<bool> malformed = {false, true, false};
  harness.Goodbye("BadRequest", absl::StatusCode::kInvalidArgument);
  std::vector<Completion> done;
  uint64_t zxid = 5;
  for (int i = 0; i < 20 && done.size() < 3; ++i) {
    if (harness.attempt == 0) harness.AdvanceToConnect();
    v1::ServerMessage welcome = CoreHarness::WelcomeMessage(zxid);
    welcome.mutable_welcome()->set_last_request_id(done.empty() ? 0 : 1);
    harness.Give(welcome);
    while (harness.attempt != 0 && !harness.requests.empty()) {
      EXPECT_EQ(harness.requests.size(), 1U);
      if (done.size() == 1) {
        harness.Goodbye("BadRequest", absl::StatusCode::kInvalidArgument);
      } else {
        harness.AnswerWrite(++zxid);
      }
      for (Completion& completion : harness.TakeCompletions()) {
        done.push_back(std::move(completion));
      }
    }
  }
  ASSERT_EQ(done.size(), 3U);
  for (size_t i = 0; i < 3; ++i) EXPECT_NE(done[i].answer.ok(), malformed[i]);
}

TEST(SessionCoreRequests, AnAnswerOutOfOrderDropsTheConnection) {
  CoreHarness harness;
  harness.Welcome();
  Submit(harness);
  v1::Reply reply = harness.NextReply();
  reply.set_tag(reply.tag() + 1);
  harness.GiveReply(reply);
  EXPECT_EQ(harness.disconnects, 1);
  EXPECT_TRUE(harness.TakeCompletions().empty());
}

TEST(SessionCoreRequests, CredentialsAreShownAfterTheyWereTaken) {
  CoreHarness harness;
  harness.Welcome();
  harness.core.SubmitCredential({"digest", "a:b"});
  harness.core.SubmitCredential({"nonsense", "c"});
  harness.Pump();
  harness.AnswerOk();
  harness.Refuse("BadArguments", false, absl::StatusCode::kInvalidArgument);
  harness.BreakConnection();
  harness.AdvanceToConnect();
  ASSERT_EQ(harness.hello->credentials_size(), 1);
  EXPECT_EQ(harness.hello->credentials(0).secret(), "a:b");
}

}  // namespace
}  // namespace quorate::client
