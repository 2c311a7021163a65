// The numbers of a session's writes, from Outstanding through Apply() to the
// remembered results.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "coord/tree/outstanding.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/test_member.h"
#include "coord/tree/txn_codec.h"
#include "gtest/gtest.h"

namespace quorate::tree {
namespace {

using enum RequestState;

constexpr SessionId kSession{5};

// Prepares, and applies when told to.
class RequestsTest : public testing::Test {
 protected:
  RequestsTest() {
    Open(kSession);
    ApplyAll();
  }

  void Open(SessionId session) {
    Request request;
    request.session = session;
    request.body = OpenSession(100);
    Log(request);
  }

  void Ask(int64_t request_id, RequestBody body, int64_t acked_through = 0) {
    Request request;
    request.session = kSession;
    request.request_id = request_id;
    request.acked_through = acked_through;
    request.body = std::move(body);
    Log(request);
  }

  void Log(const Request& request) {
    zxid_ = zxid_.Next();
    Prepared prepared = outstanding_.Prepare(zxid_, request);
    if (!prepared.status.ok()) {
      prepared.txn = outstanding_.Fail(zxid_, request, prepared);
    }
    last_ = prepared.status;
    // What is logged can be read again.
    const auto decoded = DecodeTxn(EncodeTxn(prepared.txn));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, prepared.txn);
    waiting_.emplace_back(zxid_, prepared.txn);
  }

  void ApplyAll() {
    for (const auto& [zxid, txn] : waiting_) {
      const auto applied = state_.Apply(zxid, txn);
      ASSERT_TRUE(applied.ok()) << applied.status();
      outstanding_.OnApplied(zxid);
    }
    waiting_.clear();
    EXPECT_EQ(outstanding_.size(), 0u);
  }

  RequestState Classify(int64_t request_id) const {
    return outstanding_.Classify(kSession, request_id);
  }

  StateMachine state_;
  Outstanding outstanding_{state_};
  Zxid zxid_{1, 0};
  absl::Status last_;
  std::vector<std::pair<Zxid, Txn>> waiting_;
};

TEST_F(RequestsTest, ClassifiesByContiguity) {
  EXPECT_EQ(Classify(1), kNew);
  EXPECT_EQ(Classify(2), kGap);
  Ask(1, MakeCreate("/a"));
  EXPECT_EQ(Classify(1), kOutstanding);
  EXPECT_EQ(Classify(2), kNew);
  EXPECT_EQ(Classify(3), kGap);
  ApplyAll();
  Ask(2, MakeCreate("/b"));
  EXPECT_EQ(Classify(1), kApplied);
  EXPECT_EQ(Classify(2), kOutstanding);
  EXPECT_EQ(Classify(3), kNew);
  EXPECT_EQ(Classify(4), kGap);
  // Sessions that are not open: SessionExpired is for Prepare() to say.
  EXPECT_EQ(outstanding_.Classify({6}, 1), kNew);
  EXPECT_EQ(outstanding_.Classify({6}, 9), kNew);
}

TEST_F(RequestsTest, AFailureTakesItsPlaceAndIsRemembered) {
  Ask(1, MakeCreate("/a/b"));
  const absl::Status failure = last_;
  EXPECT_EQ(ErrorCodeOf(failure), ErrorCode::kNoNode);
  EXPECT_EQ(Classify(1), kOutstanding);
  MultiRequest multi;
  multi.ops = {MakeCreate("/a"), DeleteRequest{"/x"}, CheckRequest{"/"}};
  Ask(2, multi);
  Ask(3, MakeCreate("/a"));
  ApplyAll();
  EXPECT_EQ(StatusOf(state_.sessions().ResultOf(kSession, 1)->result), failure);
  const TxnResult& result = state_.sessions().ResultOf(kSession, 2)->result;
  EXPECT_EQ(result.error, ErrorCode::kNoNode);
  ASSERT_EQ(result.multi.size(), 3u);
  EXPECT_EQ(result.multi[0].error, ErrorCode::kOk);
  EXPECT_EQ(result.multi[1].error, ErrorCode::kNoNode);
  EXPECT_EQ(result.multi[2].error, ErrorCode::kRuntimeInconsistency);
  const RememberedResult& third = *state_.sessions().ResultOf(kSession, 3);
  EXPECT_EQ(third.zxid, zxid_);
  EXPECT_EQ(third.result.path, "/a");
  EXPECT_EQ(third.result.stat->czxid, zxid_);
}

TEST_F(RequestsTest, AcksForgetResults) {
  Ask(1, MakeCreate("/a"));
  Ask(2, MakeCreate("/b"));
  Ask(3, MakeCreate("/x/y"), 1);
  ApplyAll();
  EXPECT_EQ(state_.sessions().ResultOf(kSession, 1), nullptr);
  EXPECT_NE(state_.sessions().ResultOf(kSession, 2), nullptr);
  EXPECT_EQ(Classify(1), kApplied);
  Ask(4, MakeCreate("/c"), 4);
  EXPECT_EQ(ErrorCodeOf(last_), ErrorCode::kBadArguments);
  Ask(5, MakeCreate("/c"), -1);
  EXPECT_EQ(ErrorCodeOf(last_), ErrorCode::kBadArguments);
  ApplyAll();
  EXPECT_EQ(state_.sessions().Find(kSession)->results.size(), 4u);
}

TEST_F(RequestsTest, WhatTheEnsembleAsksIsNotCounted) {
  Ask(1, MakeCreate("/a"));
  Ask(0, CloseSessionRequest{});  // expired
  EXPECT_EQ(Classify(2), kNew);
  Ask(2, MakeCreate("/b"));  // was on its way
  EXPECT_EQ(ErrorCodeOf(last_), ErrorCode::kSessionExpired);
  EXPECT_EQ(Classify(2), kNew);
  Ask(2, MakeCreate("/b"));
  ApplyAll();
  EXPECT_FALSE(state_.sessions().Has(kSession));
  EXPECT_EQ(state_.sessions().digest(), 0u);
}

TEST_F(RequestsTest, ASessionMayWriteBeforeItsOpeningIsApplied) {
  Open({7});
  EXPECT_EQ(outstanding_.Classify({7}, 1), kNew);
  EXPECT_EQ(outstanding_.Classify({7}, 2), kGap);
  Request request;
  request.session = {7};
  request.request_id = 1;
  request.body = MakeCreate("/a", "", CreateMode::kEphemeral);
  Log(request);
  EXPECT_TRUE(last_.ok());
  EXPECT_EQ(outstanding_.Classify({7}, 1), kOutstanding);
  // To open it again fails, and changes nothing of its count.
  Open({7});
  EXPECT_EQ(ErrorCodeOf(last_), ErrorCode::kBadArguments);
  EXPECT_EQ(outstanding_.Classify({7}, 1), kOutstanding);
  ApplyAll();
  EXPECT_EQ(outstanding_.Classify({7}, 1), kApplied);
  request.request_id = 2;
  request.body = CloseSessionRequest{};
  Log(request);
  ApplyAll();
  EXPECT_EQ(state_.tree().Find("/a"), nullptr);
}

TEST_F(RequestsTest, NoticesClientsThatNeverAck) {
  const auto last = static_cast<int64_t>(kMaxRememberedResults);
  for (int64_t i = 1; i <= last; ++i) {
    ASSERT_TRUE(outstanding_.HasRoomFor(kSession, i, 0)) << i;
    Ask(i, CheckRequest{"/"});
    if (i % 7 == 0) ApplyAll();
  }
  EXPECT_FALSE(outstanding_.HasRoomFor(kSession, last + 1, 0));
  EXPECT_TRUE(outstanding_.HasRoomFor(kSession, last + 1, 1));
  EXPECT_TRUE(outstanding_.HasRoomFor({6}, last + 1, 0));
  ApplyAll();
  EXPECT_FALSE(outstanding_.HasRoomFor(kSession, last + 1, 0));
  EXPECT_EQ(state_.sessions().Find(kSession)->results.size(),
            kMaxRememberedResults);
}

TEST_F(RequestsTest, CutsLongMessagesBetweenCharacters) {
  std::string path = "/";
  while (path.size() < 1500) path += "\xc3\xbc";  // u with two dots
  Ask(1, SetDataRequest{path, ""});
  EXPECT_EQ(ErrorCodeOf(last_), ErrorCode::kNoNode);
  ApplyAll();
  const std::string& message =
      state_.sessions().ResultOf(kSession, 1)->result.message;
  EXPECT_LE(message.size(), kMaxErrorMessageBytes);
  EXPECT_GE(message.size(), kMaxErrorMessageBytes - 1);
  EXPECT_EQ(message.substr(message.size() - 2), "\xc3\xbc");
}

TEST_F(RequestsTest, ApplyNoticesAGapARepeatAndAClosedSession) {
  Ask(1, MakeCreate("/a"));
  ApplyAll();
  const auto apply = [](SessionId session, int64_t request_id, TxnBody body) {
    StateMachine state;
    Txn open;
    open.session = kSession;
    open.body = CreateSessionTxn{5, kTestPassword};
    EXPECT_TRUE(state.Apply(Zxid(1, 1), open).ok());
    const Txn txn = {session, request_id, 0, 0, std::move(body)};
    return state.Apply(Zxid(1, 2), txn).status().code();
  };
  EXPECT_EQ(apply(kSession, 1, CheckTxn{"/"}), absl::StatusCode::kOk);
  EXPECT_EQ(apply(kSession, 0, CheckTxn{"/"}), absl::StatusCode::kOk);
  EXPECT_EQ(apply(kSession, 2, CheckTxn{"/"}), absl::StatusCode::kDataLoss);
  EXPECT_EQ(apply({6}, 1, CheckTxn{"/"}), absl::StatusCode::kDataLoss);
  EXPECT_EQ(apply({6}, 1, ErrorTxn()), absl::StatusCode::kOk);
  EXPECT_EQ(apply({0}, 77, CheckTxn{"/"}), absl::StatusCode::kOk);
}

using RequestsDeathTest = RequestsTest;

TEST_F(RequestsDeathTest, KnownNumbersAndMovedSessionsAreNotForTheLog) {
  EXPECT_DEATH(Ask(2, MakeCreate("/a")), "kNew");
  Request request;
  request.session = kSession;
  request.request_id = 1;
  request.attachment = 1;
  request.body = CheckRequest{"/"};
  outstanding_.Attach(kSession, 2);
  EXPECT_DEATH(Log(request), "kSessionMoved");
}

}  // namespace
}  // namespace quorate::tree
