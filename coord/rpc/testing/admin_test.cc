// The operators' service, over real gRPC against a real replica.

#include <grpcpp/client_context.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "coord/replica/record_codec.h"
#include "coord/rpc/testing/call_end.h"
#include "coord/rpc/testing/test_client.h"
#include "coord/rpc/testing/test_member.h"
#include "coord/tree/digest.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/admin.grpc.pb.h"
#include "proto/coord/v1/admin.pb.h"

namespace quorate::rpc {
namespace {

namespace v1 = coord::v1;

class AdminTest : public testing::Test {
 protected:
  AdminTest() {
    member_.Found({{1, member_.address()}});
    member_.AwaitServing();
  }

  template <typename Request, typename Response>
  CallEnd Do(grpc::Status (v1::Admin::Stub::*method)(grpc::ClientContext*,
                                                     const Request&, Response*),
             const Request& request, Response& response) {
    grpc::ClientContext context;
    return ToCallEnd((stub_.get()->*method)(&context, request, &response));
  }

  TestMember member_{1};
  const std::unique_ptr<v1::Admin::Stub> stub_ =
      v1::Admin::NewStub(MakeTestChannel(member_.address()));
};

TEST_F(AdminTest, Status) {
  TestStream stream(member_.address());
  stream.Open();
  v1::StatusResponse status;
  ASSERT_TRUE(
      Do(&v1::Admin::Stub::Status, v1::StatusRequest(), status).status.ok());
  EXPECT_EQ(status.ensemble_id().size(), 16u);
  EXPECT_EQ(status.parent_ensemble_id(), "");
  EXPECT_EQ(status.member_id(), 1u);
  EXPECT_NE(status.incarnation(), 0u);
  EXPECT_EQ(status.address(), member_.address());
  EXPECT_EQ(status.role(), "leader");
  EXPECT_EQ(status.leader_id(), 1u);
  EXPECT_EQ(status.leader_address(), member_.address());
  EXPECT_GE(status.last_zxid(), status.commit_zxid());
  EXPECT_GE(status.commit_zxid(), status.applied_zxid());
  EXPECT_EQ(status.configuration_version(), 1u);
  EXPECT_TRUE(status.serving());
  EXPECT_FALSE(status.disk_full());
  EXPECT_FALSE(status.has_stopped());
  EXPECT_EQ(status.version(), "test");
  EXPECT_EQ(status.connections(), 1u);
  EXPECT_EQ(status.sessions(), 1u);
  EXPECT_GT(status.znodes(), 0u);
  EXPECT_NE(status.digest(), 0u);
}

TEST_F(AdminTest, Members) {
  v1::MembersResponse members;
  ASSERT_TRUE(
      Do(&v1::Admin::Stub::Members, v1::MembersRequest(), members).status.ok());
  EXPECT_TRUE(members.from_leader());
  EXPECT_EQ(members.leader_id(), 1u);
  ASSERT_EQ(members.members_size(), 1);
  EXPECT_TRUE(members.members(0).voter());
  EXPECT_TRUE(members.members(0).known());
  EXPECT_NE(members.members(0).last_zxid(), 0u);
  EXPECT_EQ(members.configuration(), "v1 {1}");
}

TEST_F(AdminTest, ChangesAreDecidedByTheReplica) {
  v1::ChangeMembershipRequest change;
  v1::ChangeMembershipResponse answer;
  change.add_remove(1);
  EXPECT_EQ(
      Do(&v1::Admin::Stub::ChangeMembership, change, answer).detail.kind(),
      "BadRequest")
      << "it has no change id";

  change.set_dry_run(true);
  ASSERT_TRUE(
      Do(&v1::Admin::Stub::ChangeMembership, change, answer).status.ok());
  EXPECT_EQ(answer.outcome(), v1::ChangeMembershipResponse::OUTCOME_INVALID)
      << "the last voter cannot go";
  EXPECT_FALSE(answer.refusal().message().empty());

  change.Clear();
  change.set_change_id(77);
  change.set_expected_version(9);
  change.add_add_learners()->set_id(2);
  change.mutable_add_learners(0)->set_incarnation(5);
  change.mutable_add_learners(0)->set_address("127.0.0.1:1");
  ASSERT_TRUE(
      Do(&v1::Admin::Stub::ChangeMembership, change, answer).status.ok());
  EXPECT_EQ(answer.outcome(), v1::ChangeMembershipResponse::OUTCOME_REFUSED);
  EXPECT_EQ(answer.refusal().kind(), "Refused");
  EXPECT_EQ(answer.refusal().rule(), 11u);

  change.set_expected_version(0);
  ASSERT_TRUE(
      Do(&v1::Admin::Stub::ChangeMembership, change, answer).status.ok());
  EXPECT_EQ(answer.outcome(), v1::ChangeMembershipResponse::OUTCOME_ACCEPTED)
      << answer.refusal().message();
  EXPECT_EQ(answer.version(), 2u);
  ASSERT_TRUE(
      Do(&v1::Admin::Stub::ChangeMembership, change, answer).status.ok());
  EXPECT_EQ(answer.outcome(),
            v1::ChangeMembershipResponse::OUTCOME_ALREADY_MADE);

  v1::ChangeStateRequest ask;
  ask.set_change_id(77);
  v1::ChangeStateResponse state;
  ASSERT_TRUE(Do(&v1::Admin::Stub::ChangeState, ask, state).status.ok());
  EXPECT_NE(state.state(), "UNKNOWN");
  ask.set_change_id(78);
  ASSERT_TRUE(Do(&v1::Admin::Stub::ChangeState, ask, state).status.ok());
  EXPECT_EQ(state.state(), "UNKNOWN");
}

TEST_F(AdminTest, TransferLeadershipToNobody) {
  v1::TransferLeadershipRequest request;
  request.set_target_id(9);
  v1::TransferLeadershipResponse response;
  EXPECT_EQ(
      Do(&v1::Admin::Stub::TransferLeadership, request, response).status.code(),
      absl::StatusCode::kInvalidArgument);
}

TEST_F(AdminTest, TakesAndSavesASnapshot) {
  grpc::ClientContext none_context;
  v1::SnapshotPart part;
  const auto none =
      stub_->SaveSnapshot(&none_context, v1::SaveSnapshotRequest());
  EXPECT_FALSE(none->Read(&part));
  EXPECT_EQ(ToCallEnd(none->Finish()).status.code(),
            absl::StatusCode::kNotFound);

  TestStream stream(member_.address());
  stream.Open();
  for (int i = 1; i <= 5; ++i) {
    const std::string data(600 << 10, static_cast<char>('a' + i));
    const std::string path = "/n" + std::to_string(i);
    EXPECT_FALSE(stream.Do(CreateRequest(i, i, path, data)).has_error());
  }
  v1::TakeSnapshotResponse taken;
  const CallEnd end =
      Do(&v1::Admin::Stub::TakeSnapshot, v1::TakeSnapshotRequest(), taken);
  ASSERT_TRUE(end.status.ok()) << end.status;
  EXPECT_GT(taken.size_bytes(), 5u * (600 << 10));

  grpc::ClientContext context;
  const auto save = stub_->SaveSnapshot(&context, v1::SaveSnapshotRequest());
  ASSERT_TRUE(save->Read(&part));
  ASSERT_TRUE(part.has_head());
  EXPECT_EQ(part.head().zxid(), taken.zxid());
  EXPECT_EQ(part.head().size_bytes(), taken.size_bytes());
  EXPECT_EQ(part.head().ensemble_id().size(), 16u);
  EXPECT_TRUE(
      replica::DecodeSnapshotMeta(consensus::Zxid::FromValue(taken.zxid()),
                                  taken.size_bytes(), part.head().meta())
          .ok());
  std::string content;
  int pieces = 0;
  while (save->Read(&part) && part.part_case() == v1::SnapshotPart::kData) {
    content += part.data();
    pieces += 1;
  }
  EXPECT_EQ(content.size(), taken.size_bytes());
  EXPECT_GE(pieces, 3);
  ASSERT_EQ(part.part_case(), v1::SnapshotPart::kXxh3);
  EXPECT_EQ(part.xxh3(), tree::HashBytes(content));
  EXPECT_FALSE(save->Read(&part));
  EXPECT_TRUE(ToCallEnd(save->Finish()).status.ok());
}

TEST_F(AdminTest, Dump) {
  TestStream stream(member_.address());
  const int64_t session = stream.Open().session_id();
  v1::Request ephemeral = CreateRequest(1, 1, "/e", "");
  ephemeral.mutable_write()->mutable_create()->set_mode(
      v1::CREATE_MODE_EPHEMERAL);
  EXPECT_FALSE(stream.Do(ephemeral).has_error());
  EXPECT_FALSE(stream.Do(GetDataRequest(2, "/e", true)).has_error());
  EXPECT_FALSE(stream.Do(GetDataRequest(3, "/", true)).has_error());

  v1::DumpRequest request;
  v1::DumpResponse dump;
  ASSERT_TRUE(Do(&v1::Admin::Stub::Dump, request, dump).status.ok());
  ASSERT_EQ(dump.sessions_size(), 1);
  EXPECT_EQ(dump.sessions(0).session_id(), session);
  EXPECT_EQ(dump.sessions(0).timeout_ms(), 10'000);
  EXPECT_EQ(dump.sessions(0).ephemerals(), 1u);
  EXPECT_TRUE(dump.sessions(0).attached_here());
  ASSERT_EQ(dump.watches_size(), 2);
  EXPECT_EQ(dump.watches(0).session_id(), session);
  EXPECT_EQ(dump.watches(0).kinds(), 1u);
  EXPECT_FALSE(dump.more());
  request.set_limit(1);
  ASSERT_TRUE(Do(&v1::Admin::Stub::Dump, request, dump).status.ok());
  EXPECT_EQ(dump.watches_size(), 1);
  EXPECT_TRUE(dump.more());
}

TEST(AdminOfAFollowerTest, NamesTheLeader) {
  TestMember alone(1);  // founds with one that never comes: nobody leads
  alone.Found({{1, alone.address()}, {2, "127.0.0.1:1"}});
  const auto stub = v1::Admin::NewStub(MakeTestChannel(alone.address()));
  grpc::ClientContext context;
  v1::ChangeStateResponse state;
  const CallEnd end =
      ToCallEnd(stub->ChangeState(&context, v1::ChangeStateRequest(), &state));
  EXPECT_EQ(end.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(end.detail.kind(), "NotLeader");
  EXPECT_EQ(end.detail.leader_address(), "");
}

}  // namespace
}  // namespace quorate::rpc
