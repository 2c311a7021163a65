// AdminClient with real members.

#include "coord/client/admin.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/admin.pb.h"
#include "tests/client/ensemble.h"

namespace quorate::client {
namespace {

namespace v1 = coord::v1;

class AdminTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    ensemble_ = new Ensemble(3);
    // It is founded, and has a leader.
    (void)ensemble_->Open();
  }
  static void TearDownTestSuite() {
    delete ensemble_;
    ensemble_ = nullptr;
  }
  static std::unique_ptr<AdminClient> Client(
      std::vector<std::string> endpoints) {
    AdminOptions options;
    options.endpoints = std::move(endpoints);
    options.timeout_ms = 30'000;
    return *AdminClient::Create(std::move(options));
  }
  static size_t IndexOfLeader() {
    for (;;) {
      const absl::StatusOr<v1::MembersResponse> members =
          Client(ensemble_->endpoints())->Members();
      if (members.ok() && members->leader_id() != 0) {
        return members->leader_id() - 1;
      }
    }
  }

  static Ensemble* ensemble_;
  std::unique_ptr<AdminClient> client_ = Client(ensemble_->endpoints());
};

Ensemble* AdminTest::ensemble_ = nullptr;

TEST_F(AdminTest, RefusesBadOptions) {
  EXPECT_EQ(AdminClient::Create({}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(AdminClient::Create({.endpoints = {"a"}}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(client_->Status("a").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(AdminTest, WritesAndReadsWithoutASession) {
  const absl::StatusOr<WriteResult> created =
      client_->Write(Create{.path = "/call", .data = "x"});
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->path, "/call");
  const absl::StatusOr<ReadResult> data =
      client_->Read(GetData{"/call"}, Consistency::kLinearizable);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(std::get<Data>(*data).data, "x");
  EXPECT_GE(client_->pin().highest_zxid, created->zxid);
  EXPECT_EQ(client_->pin().ensemble_id.size(), 16U);

  const absl::Status exists = client_->Write(Create{.path = "/call"}).status();
  EXPECT_TRUE(IsError(exists, "NodeExists")) << exists;
  EXPECT_EQ(exists.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ErrorInfoOf(exists)->path, "/call");
  const absl::Status multi =
      client_->Write(Multi{{Check{"/call"}, Delete{"/none"}}}).status();
  EXPECT_TRUE(IsError(multi, "NoNode")) << multi;
  EXPECT_THAT(ErrorInfoOf(multi)->op_codes, testing::ElementsAre(0, -101));
  EXPECT_TRUE(
      IsError(client_->Write(Delete{"/\xff"}).status(), "BadArguments"));
}

TEST_F(AdminTest, RefusesAnotherEnsemble) {
  AdminOptions options;
  options.endpoints = ensemble_->endpoints();
  options.pin.ensemble_id = "0123456789abcdef";
  const std::unique_ptr<AdminClient> client =
      *AdminClient::Create(std::move(options));
  const absl::Status refused =
      client->Read(Exists{"/"}, Consistency::kLocal).status();
  EXPECT_TRUE(IsError(refused, "Pinned")) << refused;
}

TEST_F(AdminTest, TellsTheStateOfEachMember) {
  int leaders = 0;
  for (size_t i = 0; i < ensemble_->size(); ++i) {
    const absl::StatusOr<v1::StatusResponse> status =
        client_->Status(ensemble_->endpoints()[i]);
    ASSERT_TRUE(status.ok()) << status.status();
    EXPECT_EQ(status->member_id(), i + 1);
    EXPECT_EQ(status->address(), ensemble_->endpoints()[i]);
    if (status->role() == "leader") ++leaders;
  }
  EXPECT_EQ(leaders, 1);
}

TEST_F(AdminTest, FindsTheLeaderFromAnyMember) {
  const size_t leader = IndexOfLeader();
  const size_t follower = (leader + 1) % ensemble_->size();
  const std::unique_ptr<AdminClient> client =
      Client({ensemble_->endpoints()[follower]});
  const absl::StatusOr<v1::MembersResponse> members = client->Members();
  ASSERT_TRUE(members.ok()) << members.status();
  EXPECT_TRUE(members->from_leader());
  EXPECT_EQ(members->members_size(), 3);
  // Only the leader answers this.
  v1::ChangeMembershipRequest plan;
  plan.set_dry_run(true);
  plan.add_remove(99);
  const absl::StatusOr<v1::ChangeMembershipResponse> answer =
      client->ChangeMembership(plan);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_NE(answer->outcome(), v1::ChangeMembershipResponse::OUTCOME_ACCEPTED);
  EXPECT_FALSE(answer->refusal().message().empty());
  const absl::StatusOr<v1::ChangeStateResponse> state =
      client->ChangeState(12345);
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->state(), "UNKNOWN");
  // A change that was refused can be asked for.
  plan.set_dry_run(false);
  plan.set_change_id(12345);
  ASSERT_TRUE(client->ChangeMembership(plan).ok());
  const absl::StatusOr<v1::ChangeStateResponse> refused =
      client->ChangeState(12345);
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_EQ(refused->state(), "REFUSED");
  EXPECT_EQ(refused->refusal().message(), answer->refusal().message());
  // With all three well, each may be taken down; nobody else is a member.
  absl::StatusOr<v1::CanStopResponse> can_stop = client->CanStop(leader + 1);
  while (can_stop.ok() && !can_stop->safe()) {
    can_stop = client->CanStop(leader + 1);  // until it has heard them all
  }
  EXPECT_TRUE(can_stop.ok()) << can_stop.status();
  EXPECT_TRUE(IsError(client->CanStop(99).status(), "BadRequest"));
}

TEST_F(AdminTest, SavesSnapshots) {
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(client_
                    ->Write(Create{.path = "/big-",
                                   .data = std::string(50'000, 'x'),
                                   .mode = CreateMode::kPersistentSequential})
                    .ok());
  }
  const std::string endpoint = ensemble_->endpoints()[IndexOfLeader()];
  const absl::StatusOr<v1::TakeSnapshotResponse> taken =
      client_->TakeSnapshot(endpoint);
  ASSERT_TRUE(taken.ok()) << taken.status();
  uint64_t size = 0;
  uint64_t received = 0;
  bool summed = false;
  const absl::Status saved =
      client_->SaveSnapshot(endpoint, [&](const v1::SnapshotPart& part) {
        if (part.has_head()) size = part.head().size_bytes();
        received += part.data().size();
        summed |= part.part_case() == v1::SnapshotPart::kXxh3;
        return absl::OkStatus();
      });
  ASSERT_TRUE(saved.ok()) << saved;
  EXPECT_GT(size, 2'500'000U);
  EXPECT_EQ(received, size);
  EXPECT_TRUE(summed);
  EXPECT_EQ(client_
                ->SaveSnapshot(endpoint,
                               [](const v1::SnapshotPart&) {
                                 return absl::AbortedError("enough");
                               })
                .message(),
            "enough");
}

TEST_F(AdminTest, DumpsSessionsAndWatches) {
  const std::unique_ptr<Session> session =
      ensemble_->Open(ensemble_->OptionsOf({0}));
  ASSERT_TRUE(session->AddWatch("/dumped", WatchKind::kData, nullptr).ok());
  const absl::StatusOr<v1::DumpResponse> dump =
      client_->Dump(ensemble_->endpoints()[0], 1'000);
  ASSERT_TRUE(dump.ok()) << dump.status();
  bool found = false;
  for (const v1::DumpResponse::Watch& watch : dump->watches()) {
    found |= watch.path() == "/dumped" && watch.session_id() == session->id();
  }
  EXPECT_TRUE(found);
}

TEST_F(AdminTest, OutlivesAMemberThatIsDown) {
  const size_t leader = IndexOfLeader();
  ensemble_->Kill(leader);
  // A new leader is waited for. A write is tried once only: it may be that the
  // old one had taken it.
  const absl::StatusOr<ReadResult> read =
      client_->Read(Exists{"/"}, Consistency::kLinearizable);
  EXPECT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(client_->Write(Create{.path = "/after"}).ok());
  const absl::Status down =
      client_->Status(ensemble_->endpoints()[leader]).status();
  EXPECT_EQ(down.code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(ErrorInfoOf(down).has_value());
  ensemble_->Start(leader);
}

TEST(AdminUnreachable, SaysWhatWasTried) {
  AdminOptions options;
  options.endpoints = {"127.0.0.1:1", "127.0.0.1:2"};
  const std::unique_ptr<AdminClient> client =
      *AdminClient::Create(std::move(options));
  const absl::Status status = client->Write(Create{.path = "/a"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(IsError(status, "UnknownOutcome")) << status;
  EXPECT_THAT(std::string(status.message()),
              testing::AllOf(testing::HasSubstr("127.0.0.1:1"),
                             testing::HasSubstr("127.0.0.1:2")));
}

}  // namespace
}  // namespace quorate::client
