#include "coord/replica/proposer.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/options.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/error.h"
#include "coord/replica/options.h"
#include "coord/replica/peer_message.h"
#include "coord/tree/acl.h"
#include "coord/tree/error.h"
#include "coord/tree/request.h"
#include "coord/tree/session_id.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/txn_codec.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

constexpr char kPassword[] = "0123456789abcdef";

// A member alone that has just been elected. Commit() is up to the test.
class ProposerTest : public testing::Test {
 protected:
  ProposerTest() : core_(CoreOptions(), FreshDisk(), 1) {
    for (int i = 0; i < 100 && !core_.IsLeader(); ++i) {
      core_.Tick(50);
      const consensus::Output output = core_.TakeOutput();
      Keep(output);
      core_.Persisted(output.persist_id);
    }
    QUORATE_CHECK(core_.IsLeader());
    options_.core = core_.options();
    proposer_ = std::make_unique<Proposer>(options_, core_, state_);
  }

  static consensus::Options CoreOptions() {
    consensus::Options options;
    options.address = "here";
    options.fresh_ensemble_id = {1, 2};
    options.manifest.emplace();
    options.manifest->founders = {{MemberId{1}, "here"}};
    return options;
  }
  static consensus::DurableState FreshDisk() {
    consensus::DurableState disk;
    disk.hard_state.member = MemberId{1};
    disk.hard_state.incarnation = Incarnation{1};
    return disk;
  }

  // Applies all that was proposed.
  void Commit() {
    for (int i = 0; i < 3; ++i) {
      const consensus::Output output = core_.TakeOutput();
      Keep(output);
      core_.Persisted(output.persist_id);
    }
    for (const consensus::Record& record : committed_) {
      if (record.kind != consensus::RecordKind::kTxn) {
        ASSERT_TRUE(state_.Skip(record.zxid).ok());
        proposer_->OnApplied(record.zxid, nullptr);
        continue;
      }
      const auto txn = tree::DecodeTxn(*record.payload);
      ASSERT_TRUE(txn.ok());
      ASSERT_TRUE(state_.Apply(record.zxid, *txn).ok());
      proposer_->OnApplied(record.zxid, &*txn);
    }
    committed_.clear();
  }

  Verdict Take(const ForwardedRequest& request) {
    return proposer_->Take(request, 1'000);
  }

  tree::SessionId OpenSession(uint64_t attachment,
                              const std::string& password = kPassword) {
    ForwardedRequest open;
    open.attachment = attachment;
    open.body = tree::CreateSessionRequest{5'000, password};
    EXPECT_EQ(Take(open).kind, Verdict::Kind::kTaken);
    Commit();
    return state_.sessions().sessions().rbegin()->first;
  }

  static ForwardedRequest WriteOf(tree::SessionId session, uint64_t attachment,
                                  int64_t request_id) {
    ForwardedRequest write;
    write.session = session;
    write.attachment = attachment;
    write.request_id = request_id;
    tree::CreateRequest create;
    create.path = absl::StrCat("/n", request_id);
    create.acl = tree::OpenAcl();
    write.body = std::move(create);
    return write;
  }

  Options options_;
  consensus::Core core_;
  tree::StateMachine state_;
  std::unique_ptr<Proposer> proposer_;

 private:
  void Keep(const consensus::Output& output) {
    committed_.insert(committed_.end(), output.committed.begin(),
                      output.committed.end());
  }

  std::vector<consensus::Record> committed_;
};

TEST_F(ProposerTest, TakesNothingBeforeItsNewLeaderIsApplied) {
  EXPECT_FALSE(proposer_->IsReady());
  ForwardedRequest write = WriteOf({}, 0, 7);
  Verdict verdict = Take(write);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kRefused);
  EXPECT_TRUE(absl::IsUnavailable(verdict.why));
  EXPECT_TRUE(absl::IsUnavailable(
      proposer_->Attach({tree::SessionId{5}, kPassword, 1}).status));
  Commit();
  EXPECT_TRUE(proposer_->IsReady());
  EXPECT_EQ(Take(write).kind, Verdict::Kind::kTaken);  // not refused for ever
}

TEST_F(ProposerTest, RecognisesWhatItHasTaken) {
  Commit();
  const tree::SessionId session = OpenSession(1);
  EXPECT_EQ(Take(WriteOf(session, 1, 1)).kind, Verdict::Kind::kTaken);
  EXPECT_EQ(Take(WriteOf(session, 1, 1)).kind, Verdict::Kind::kComing);
  EXPECT_EQ(Take(WriteOf(session, 1, 2)).kind, Verdict::Kind::kTaken);
  Commit();
  EXPECT_EQ(Take(WriteOf(session, 1, 1)).kind, Verdict::Kind::kComing);
  const Verdict gap = Take(WriteOf(session, 1, 4));
  EXPECT_EQ(gap.kind, Verdict::Kind::kRefused);
  EXPECT_TRUE(absl::IsUnavailable(gap.why));
  EXPECT_EQ(Take(WriteOf({}, 0, 9)).kind, Verdict::Kind::kTaken);
  EXPECT_EQ(Take(WriteOf({}, 0, 9)).kind, Verdict::Kind::kComing);
  const size_t znodes = state_.tree().size();
  Commit();
  EXPECT_EQ(state_.tree().size(), znodes + 1);
}

TEST_F(ProposerTest, OpensOneSessionForOnePassword) {
  Commit();
  const tree::SessionId session = OpenSession(1);
  ForwardedRequest again;
  again.attachment = 2;
  again.body = tree::CreateSessionRequest{5'000, kPassword};
  EXPECT_EQ(Take(again).kind, Verdict::Kind::kComing);
  again.attachment = 1;  // delayed
  EXPECT_EQ(Take(again).kind, Verdict::Kind::kComing);
  EXPECT_TRUE(proposer_->Touch(session, 2));
  EXPECT_FALSE(proposer_->Touch(session, 1));
  for (int i = 0; i < 20; ++i) proposer_->Advance(500, 1'000);
  EXPECT_TRUE(absl::IsUnavailable(Take(again).why));  // not certain yet
  Commit();
  EXPECT_EQ(ErrorKindOf(Take(again).why), ErrorKind::kBadRequest);
}

// A member that missed the refusal of a write asks again, and must not be told
// that it was taken.
TEST_F(ProposerTest, StandsByARefusal) {
  Commit();
  proposer_->SetDiskFull(true);
  EXPECT_EQ(ErrorKindOf(Take(WriteOf({}, 0, 9)).why), ErrorKind::kDiskFull);
  proposer_->SetDiskFull(false);
  EXPECT_EQ(ErrorKindOf(Take(WriteOf({}, 0, 9)).why), ErrorKind::kDiskFull);
}

TEST_F(ProposerTest, LetsTheNewestConnectionHaveTheSession) {
  Commit();
  const tree::SessionId session = OpenSession(1);
  EXPECT_EQ(proposer_->Attach({session, "0123456789abcdeX", 2}).status.code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Take(WriteOf(session, 1, 1)).kind, Verdict::Kind::kTaken);
  const SessionAttached attached = proposer_->Attach({session, kPassword, 2});
  EXPECT_TRUE(attached.status.ok());
  EXPECT_EQ(attached.zxid, core_.log().last());
  EXPECT_GT(attached.zxid, state_.applied());
  EXPECT_EQ(Take(WriteOf(session, 1, 2)).kind, Verdict::Kind::kMoved);
  EXPECT_FALSE(proposer_->Touch(session, 1));
  EXPECT_TRUE(proposer_->Touch(session, 2));
  EXPECT_EQ(Take(WriteOf(session, 2, 2)).kind, Verdict::Kind::kTaken);
  EXPECT_EQ(
      tree::ErrorCodeOf(proposer_->Attach({session, kPassword, 1}).status),
      tree::ErrorCode::kSessionMoved);
}

// The close is proposed, not committed: the session may yet live on.
TEST_F(ProposerTest, NeitherTakesNorRefusesWhatASessionWritesWhileItCloses) {
  Commit();
  const tree::SessionId session = OpenSession(1);
  for (int i = 0; i < 11; ++i) proposer_->Advance(500, 1'000);
  EXPECT_EQ(Take(WriteOf(session, 1, 1)).kind, Verdict::Kind::kComing);
  EXPECT_TRUE(
      absl::IsUnavailable(proposer_->Attach({session, kPassword, 2}).status));
  Commit();
  const Verdict verdict = Take(WriteOf(session, 1, 1));
  EXPECT_EQ(verdict.kind, Verdict::Kind::kRefused);
  EXPECT_EQ(tree::ErrorCodeOf(verdict.why), tree::ErrorCode::kSessionExpired);
  EXPECT_EQ(
      tree::ErrorCodeOf(proposer_->Attach({session, kPassword, 2}).status),
      tree::ErrorCode::kSessionExpired);
}

TEST_F(ProposerTest, ExpiresASessionOnce) {
  Commit();
  OpenSession(1);
  OpenSession(2, "0123456789abcdeX");
  size_t expired = 0;
  for (int i = 0; i < 20; ++i) expired += proposer_->Advance(500, 1'000);
  EXPECT_EQ(expired, 2u);
  Commit();
  EXPECT_TRUE(state_.sessions().sessions().empty());
}

// Whole-member simulation, seed 21062: a write was sent twice. The first copy
// was refused for want of room, and its client was told that it was not taken;
// the second one came when there was room again, and was taken.
TEST_F(ProposerTest, TakesNoCopyOfWhatItHasRefused) {
  Commit();
  const tree::SessionId session = OpenSession(1);
  ForwardedRequest write = WriteOf(session, 1, 1);
  write.round = 1;
  ForwardedRequest behind = WriteOf(session, 1, 2);
  behind.round = 1;
  proposer_->SetDiskFull(true);
  EXPECT_TRUE(absl::IsResourceExhausted(Take(write).why));
  proposer_->SetDiskFull(false);
  EXPECT_TRUE(absl::IsResourceExhausted(Take(write).why));
  write.round = 2;
  EXPECT_EQ(Take(write).kind, Verdict::Kind::kTaken);
  // Its client was told the same of what it had sent behind it.
  EXPECT_TRUE(absl::IsResourceExhausted(Take(behind).why));
  behind.round = 2;
  EXPECT_EQ(Take(behind).kind, Verdict::Kind::kTaken);
}

TEST_F(ProposerTest, RefusesWhatMakesNoSense) {
  Commit();
  const tree::SessionId session = OpenSession(1);
  std::vector<ForwardedRequest> bad;
  bad.push_back(WriteOf(session, 1, 0));
  bad.push_back(WriteOf(session, 1, -5));
  bad.push_back(WriteOf({}, 0, 0));
  bad.push_back(WriteOf(session, 1, 1));
  bad.back().acked_through = 1;
  bad.push_back(WriteOf(session, 1, 1));
  bad.back().body = tree::DeleteContainerRequest{"/"};
  bad.push_back(WriteOf(session, 1, 1));
  bad.back().body = tree::CreateSessionRequest{5'000, kPassword};
  bad.push_back(WriteOf({}, 0, 5));
  bad.back().body = tree::CloseSessionRequest();
  bad.push_back(WriteOf({}, 0, 6));
  bad.back().body = tree::CreateSessionRequest{5'000, "short"};
  bad.push_back(WriteOf({}, 0, 6));
  bad.back().body = tree::CreateSessionRequest{5'000, ""};
  const consensus::Zxid before = core_.log().last();
  for (const ForwardedRequest& request : bad) {
    const Verdict verdict = Take(request);
    EXPECT_EQ(verdict.kind, Verdict::Kind::kRefused);
    EXPECT_EQ(ErrorKindOf(verdict.why), ErrorKind::kBadRequest);
  }
  EXPECT_EQ(ErrorKindOf(proposer_->Attach({session, kPassword, 0}).status),
            ErrorKind::kBadRequest);
  EXPECT_EQ(core_.log().last(), before);
}

TEST_F(ProposerTest, RemembersNoMoreAnswersThanASessionMayHave) {
  Commit();
  const tree::SessionId session = OpenSession(1);
  for (int64_t i = 1; i <= 4'096; ++i) {
    ASSERT_EQ(Take(WriteOf(session, 1, i)).kind, Verdict::Kind::kTaken);
  }
  Commit();
  ForwardedRequest next = WriteOf(session, 1, 4'097);
  EXPECT_EQ(ErrorKindOf(Take(next).why), ErrorKind::kOverloaded);
  next.acked_through = 4'000;
  next.round = 1;  // submitted again
  EXPECT_EQ(Take(next).kind, Verdict::Kind::kTaken);
}

}  // namespace
}  // namespace quorate::replica
