// Sessions with a real member: every operation, and what the library promises.

#include "coord/client/session.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "coord/client/error.h"
#include "coord/client/types.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/ensemble.h"

namespace quorate::client {
namespace {

using testing::ElementsAre;
using Names = std::vector<std::string>;

// One member for all tests: each has znodes of its own.
class SessionTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ensemble_ = new Ensemble(1); }
  static void TearDownTestSuite() {
    delete ensemble_;
    ensemble_ = nullptr;
  }

  static Ensemble* ensemble_;
  std::unique_ptr<Session> session_ = ensemble_->Open();
};

Ensemble* SessionTest::ensemble_ = nullptr;

TEST_F(SessionTest, CreatesReadsChangesAndDeletes) {
  const absl::StatusOr<WriteResult> created =
      session_->Write(Create{.path = "/crud", .data = "one"});
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->path, "/crud");
  ASSERT_TRUE(created->stat.has_value());
  EXPECT_EQ(created->stat->czxid, created->zxid);

  absl::StatusOr<Data> data = session_->GetData("/crud");
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->data, "one");
  EXPECT_EQ(data->stat, *created->stat);

  const absl::StatusOr<WriteResult> set =
      session_->Write(SetData{"/crud", std::string("\0\xff", 2), 0});
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->stat->version, 1);
  data = session_->GetData("/crud", Consistency::kLocal);
  EXPECT_EQ(data->data, std::string("\0\xff", 2));

  const absl::StatusOr<WriteResult> stale =
      session_->Write(SetData{"/crud", "two", 0});
  EXPECT_TRUE(IsError(stale.status(), "BadVersion")) << stale.status();
  EXPECT_TRUE(session_->Write(Check{"/crud", 1}).ok());
  EXPECT_TRUE(session_->Write(Delete{"/crud", 1}).ok());
  const absl::StatusOr<Stat> gone = session_->Exists("/crud");
  EXPECT_TRUE(IsError(gone.status(), "NoNode")) << gone.status();
  EXPECT_EQ(gone.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ErrorInfoOf(gone.status())->zookeeper_code, -101);
}

TEST_F(SessionTest, ChildrenAreSortedAndCounted) {
  ASSERT_TRUE(session_->Write(Create{.path = "/kids"}).ok());
  for (const char* name : {"b", "c", "a"}) {
    ASSERT_TRUE(
        session_->Write(Create{.path = std::string("/kids/") + name}).ok());
  }
  ASSERT_TRUE(session_->Write(Create{.path = "/kids/a/x"}).ok());
  const absl::StatusOr<Children> children = session_->GetChildren("/kids");
  ASSERT_TRUE(children.ok()) << children.status();
  EXPECT_EQ(children->names, Names({"a", "b", "c"}));
  EXPECT_EQ(children->stat.num_children, 3);
  const absl::StatusOr<ReadResult> count =
      session_->Read(CountDescendants{"/kids"});
  ASSERT_TRUE(count.ok()) << count.status();
  EXPECT_EQ(std::get<uint32_t>(*count), 4U);
  EXPECT_TRUE(session_->Write(DeleteRecursive{"/kids"}).ok());
  EXPECT_FALSE(session_->Exists("/kids").ok());
}

TEST_F(SessionTest, AMultiIsAllOrNothing) {
  Multi multi;
  multi.ops = {Create{.path = "/multi", .data = "x"}, SetData{"/multi", "y"},
               Check{"/multi", 1}, Create{.path = "/multi/a"},
               Delete{"/multi/a"}};
  const absl::StatusOr<WriteResult> done = session_->Write(multi);
  ASSERT_TRUE(done.ok()) << done.status();
  ASSERT_EQ(done->ops.size(), 5U);
  EXPECT_EQ(done->ops[0].path, "/multi");
  EXPECT_EQ(done->ops[1].stat->version, 1);

  multi.ops = {SetData{"/multi", "z"}, Check{"/nowhere"}, Delete{"/multi"}};
  const absl::StatusOr<WriteResult> failed = session_->Write(multi);
  EXPECT_TRUE(IsError(failed.status(), "NoNode")) << failed.status();
  EXPECT_THAT(ErrorInfoOf(failed.status())->op_codes, ElementsAre(0, -101, -2));
  EXPECT_EQ(session_->GetData("/multi")->data, "y");

  const absl::StatusOr<ReadResult> read = session_->Read(MultiRead{
      {GetData{"/multi"}, GetChildren{"/multi"}, GetData{"/nowhere"}}});
  ASSERT_TRUE(read.ok()) << read.status();
  const auto& answers = std::get<std::vector<MultiReadAnswer>>(*read);
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(std::get<Data>(answers[0]).data, "y");
  EXPECT_TRUE(std::get<Children>(answers[1]).names.empty());
  EXPECT_TRUE(IsError(std::get<absl::Status>(answers[2]), "NoNode"));
}

TEST_F(SessionTest, AclsAndCredentials) {
  const Acl mine = {{kAllPermissions, "auth", ""}};
  const absl::StatusOr<WriteResult> nobody =
      session_->Write(Create{.path = "/acl", .data = "secret", .acl = mine});
  EXPECT_TRUE(IsError(nobody.status(), "InvalidACL")) << nobody.status();
  const absl::Status added =
      session_->AddCredential({"digest", "alice:wonder"});
  ASSERT_TRUE(added.ok()) << added;
  const absl::StatusOr<WriteResult> created =
      session_->Write(Create{.path = "/acl", .data = "secret", .acl = mine});
  ASSERT_TRUE(created.ok()) << created.status();
  const absl::StatusOr<AclAndStat> acl = session_->GetAcl("/acl");
  ASSERT_TRUE(acl.ok()) << acl.status();
  ASSERT_EQ(acl->acl.size(), 1U);
  EXPECT_EQ(acl->acl[0].scheme, "digest");

  const std::unique_ptr<Session> stranger = ensemble_->Open();
  EXPECT_TRUE(IsError(stranger->GetData("/acl").status(), "NoAuth"));
  // It is shown again on the next connection.
  session_->BreakConnection();
  EXPECT_TRUE(session_->GetData("/acl").ok());
  EXPECT_TRUE(
      session_->Write(SetAcl{"/acl", {{kRead, "world", "anyone"}}, 0}).ok());
  EXPECT_EQ(stranger->GetData("/acl")->data, "secret");
}

TEST_F(SessionTest, EphemeralsGoWithTheirSession) {
  std::unique_ptr<Session> other = ensemble_->Open();
  const absl::StatusOr<WriteResult> created = other->Write(
      Create{.path = "/ephemeral-", .mode = CreateMode::kEphemeralSequential});
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->stat->ephemeral_owner, other->id());
  const absl::StatusOr<ReadResult> paths = other->Read(GetEphemerals{"/"});
  ASSERT_TRUE(paths.ok()) << paths.status();
  EXPECT_EQ(std::get<Names>(*paths), Names({created->path}));
  EXPECT_TRUE(session_->Exists(created->path).ok());
  EXPECT_TRUE(other->Close().ok());
  EXPECT_EQ(other->state(), SessionState::kClosed);
  EXPECT_TRUE(other->Close().ok());
  EXPECT_EQ(other->GetData("/").status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(IsError(session_->Exists(created->path).status(), "NoNode"));
}

TEST_F(SessionTest, TheDestructorClosesTheSession) {
  std::unique_ptr<Session> other = ensemble_->Open();
  ASSERT_TRUE(other
                  ->Write(Create{.path = "/short-lived",
                                 .mode = CreateMode::kEphemeral})
                  .ok());
  other.reset();
  EXPECT_FALSE(session_->Exists("/short-lived").ok());
}

TEST_F(SessionTest, BadInputIsAnErrorAndLosesNothing) {
  EXPECT_TRUE(IsError(session_->GetData("nonsense").status(), "NoNode"));
  EXPECT_TRUE(IsError(session_->Write(Create{.path = "nonsense"}).status(),
                      "BadArguments"));
  EXPECT_TRUE(IsError(session_->GetData("/\xff").status(), "BadArguments"));
  EXPECT_TRUE(
      IsError(session_->Write(Create{.path = "/."}).status(), "BadArguments"));
  EXPECT_TRUE(IsError(
      session_->Write(Create{.path = "/big", .data = std::string(2 << 20, 'x')})
          .status(),
      "BadArguments"));
  EXPECT_TRUE(IsError(
      session_->Write(Create{.path = "/huge", .data = std::string(9 << 20, 0)})
          .status(),
      "BadArguments"));
  EXPECT_TRUE(IsError(
      session_
          ->Write(Create{.path = "/mode", .mode = static_cast<CreateMode>(77)})
          .status(),
      "BadArguments"));
  EXPECT_FALSE(session_->AddWatch("nonsense", WatchKind::kData, nullptr).ok());
  EXPECT_FALSE(session_->AddCredential({"nonsense", "x"}).ok());
  EXPECT_EQ(session_->RemoveWatch(12345).code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(session_->Write(Create{.path = "/still-good"}).ok());
}

TEST_F(SessionTest, BlockingCallsAreRefusedInCallbacks) {
  absl::Notification done;
  absl::Status inside;
  session_->AsyncRead(Exists{"/"}, Consistency::kLocal,
                      [&](absl::StatusOr<ReadResult>) {
                        inside = session_->GetData("/").status();
                        done.Notify();
                      });
  done.WaitForNotification();
  EXPECT_EQ(inside.code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SessionTest, ManyRequestsAreAnsweredInOrder) {
  constexpr int kWrites = 5'000;
  ASSERT_TRUE(session_->Write(Create{.path = "/many"}).ok());
  absl::BlockingCounter left(2 * kWrites);
  // All of the session's thread.
  int answered = 0;
  Zxid last = 0;
  bool in_order = true;
  for (int i = 0; i < kWrites; ++i) {
    session_->AsyncWrite(SetData{"/many", std::to_string(i), i},
                         [&, i](absl::StatusOr<WriteResult> result) {
                           in_order &= result.ok() && answered++ == 2 * i &&
                                       result->zxid > last;
                           if (result.ok()) last = result->zxid;
                           left.DecrementCount();
                         });
    session_->AsyncRead(GetData{"/many"}, Consistency::kLocal,
                        [&, i](absl::StatusOr<ReadResult> result) {
                          in_order &=
                              result.ok() && answered++ == 2 * i + 1 &&
                              std::get<Data>(*result).stat.version >= i + 1;
                          left.DecrementCount();
                        });
  }
  left.Wait();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(session_->GetData("/many")->data, std::to_string(kWrites - 1));
}

TEST_F(SessionTest, WatchesTellAndGo) {
  absl::Mutex mutex;
  std::vector<std::string> told;
  const auto teller = [&](const std::string& name) {
    return [&, name](const Event& event) {
      absl::MutexLock lock(&mutex);
      told.push_back(name + std::to_string(static_cast<int>(event.type)) +
                     event.path);
    };
  };
  ASSERT_TRUE(
      session_->AddWatch("/watched", WatchKind::kData, teller("data")).ok());
  const absl::StatusOr<uint64_t> persistent = session_->AddWatch(
      "/watched", WatchKind::kPersistent, teller("persistent"));
  ASSERT_TRUE(persistent.ok()) << persistent.status();
  ASSERT_TRUE(session_->Write(Create{.path = "/watched"}).ok());
  ASSERT_TRUE(session_->Write(Create{.path = "/watched/x"}).ok());
  {
    // An answer comes after the events before it.
    absl::MutexLock lock(&mutex);
    EXPECT_THAT(told, ElementsAre("data1/watched", "persistent1/watched",
                                  "persistent4/watched"));
    told.clear();
  }
  EXPECT_TRUE(session_->RemoveWatch(*persistent).ok());
  ASSERT_TRUE(session_->Write(SetData{"/watched", "y"}).ok());
  absl::MutexLock lock(&mutex);
  EXPECT_THAT(told, ElementsAre());
}

TEST_F(SessionTest, StatesAreTold) {
  absl::Mutex mutex;
  std::vector<SessionState> states;
  SessionOptions options = ensemble_->Options();
  options.on_state = [&](SessionState state) {
    absl::MutexLock lock(&mutex);
    states.push_back(state);
  };
  std::unique_ptr<Session> session = ensemble_->Open(options);
  session->BreakConnection();
  ASSERT_TRUE(session->Exists("/").ok());
  ASSERT_TRUE(session->Close().ok());
  absl::Notification told;
  session->AddStateHandler([&](SessionState state) {
    EXPECT_EQ(state, SessionState::kClosed);
    told.Notify();
  });
  told.WaitForNotification();
  session.reset();
  absl::MutexLock lock(&mutex);
  EXPECT_THAT(states,
              ElementsAre(SessionState::kConnected, SessionState::kConnecting,
                          SessionState::kConnected, SessionState::kClosed));
}

TEST_F(SessionTest, APinHoldsAcrossSessions) {
  ASSERT_TRUE(session_->Write(Create{.path = "/pinned"}).ok());
  const Pin pin = session_->pin();
  EXPECT_EQ(pin.ensemble_id.size(), 16U);
  SessionOptions options = ensemble_->Options();
  options.pin = pin;
  EXPECT_TRUE(Session::Open(options).ok());

  const Ensemble other(1);
  options.endpoints = other.endpoints();
  const absl::StatusOr<std::unique_ptr<Session>> refused =
      Session::Open(options);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(IsError(refused.status(), "Pinned")) << refused.status();

  // Ahead of all members: they may catch up, so this one waits in vain.
  options.endpoints = ensemble_->endpoints();
  options.pin.highest_zxid += Zxid{1} << 40;
  options.call_timeout_ms = 300;
  EXPECT_EQ(Session::Open(options).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(SessionOpen, SaysWhatIsWrong) {
  EXPECT_EQ(Session::Open({}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Session::Open({.endpoints = {"nonsense"}}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      Session::Open({.endpoints = {"h:1"}, .timeout_ms = 0}).status().code(),
      absl::StatusCode::kInvalidArgument);
  // Nobody listens on port 1.
  const absl::Status nobody =
      Session::Open({.endpoints = {"127.0.0.1:1"}, .call_timeout_ms = 200})
          .status();
  EXPECT_EQ(nobody.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(nobody.message()), testing::HasSubstr("127.0.0.1:1"));
}

}  // namespace
}  // namespace quorate::client
