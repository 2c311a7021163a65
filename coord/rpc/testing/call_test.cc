// Calls without a session, over real gRPC against a real replica.

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "coord/replica/replica.h"
#include "coord/rpc/testing/test_client.h"
#include "coord/rpc/testing/test_member.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/coord.pb.h"
#include "proto/coord/v1/tree.pb.h"

namespace quorate::rpc {
namespace {

namespace v1 = coord::v1;

class CallTest : public testing::Test {
 protected:
  CallTest() {
    member_.Found({{1, member_.address()}});
    member_.AwaitServing();
  }

  CallEnd Do(const v1::Request& request) {
    v1::CallRequest call;
    call.set_api_version(1);
    *call.mutable_request() = request;
    response_.Clear();
    return Call(member_.address(), call, &response_);
  }

  TestMember member_{1};
  v1::CallResponse response_;
};

TEST_F(CallTest, WritesAndReads) {
  const CallEnd created = Do(CreateRequest(3, 0, "/a", "one"));
  ASSERT_TRUE(created.status.ok()) << created.status;
  EXPECT_EQ(response_.ensemble_id().size(), 16u);
  EXPECT_EQ(response_.reply().write().path(), "/a");
  ASSERT_TRUE(Do(GetDataRequest(0, "/a")).status.ok());
  EXPECT_EQ(response_.reply().data().data(), "one");
  EXPECT_EQ(member_.server().stats().calls, 2u);
}

TEST_F(CallTest, FailsWithTheStatusOfTheReply) {
  const CallEnd end = Do(GetDataRequest(0, "/missing"));
  EXPECT_EQ(end.status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(end.detail.kind(), "NoNode");
  EXPECT_EQ(end.detail.zookeeper_code(), -101);
  EXPECT_EQ(end.detail.path(), "/missing");
}

TEST_F(CallTest, RefusesWhatNeedsASession) {
  v1::Request ephemeral = CreateRequest(0, 0, "/e", "");
  ephemeral.mutable_write()->mutable_create()->set_mode(
      v1::CREATE_MODE_EPHEMERAL);
  EXPECT_EQ(Do(ephemeral).detail.kind(), "BadArguments");
  v1::Request close;
  close.mutable_write()->mutable_close_session();
  EXPECT_EQ(Do(close).detail.kind(), "BadRequest");
  EXPECT_EQ(Do(GetDataRequest(0, "/", true)).detail.kind(), "BadRequest");
  v1::Request ping;
  ping.mutable_ping();
  EXPECT_EQ(Do(ping).detail.kind(), "BadRequest");
  EXPECT_EQ(Do(CreateRequest(0, 1, "/a", "")).detail.kind(), "BadRequest");
}

TEST_F(CallTest, RefusesAnotherVersion) {
  v1::CallRequest call;
  call.set_api_version(2);
  const CallEnd end = Call(member_.address(), call, &response_);
  EXPECT_EQ(end.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(end.detail.kind(), "Incompatible");
}

TEST_F(CallTest, IsAnsweredAlsoIfTheReplicaNeverTakesIt) {
  member_.Stop();
  // The host drops what is posted now.
  const CallEnd end = Do(GetDataRequest(0, "/"));
  EXPECT_EQ(end.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(end.detail.kind(), "Stopped");
}

TEST_F(CallTest, PinsAreChecked) {
  v1::CallRequest call;
  call.set_api_version(1);
  *call.mutable_request() = GetDataRequest(0, "/");
  call.mutable_pin()->set_ensemble_id("another ensemble");
  EXPECT_EQ(Call(member_.address(), call, &response_).detail.kind(), "Pinned");
  call.mutable_pin()->set_ensemble_id("short");
  EXPECT_EQ(Call(member_.address(), call, &response_).detail.kind(),
            "BadRequest");
}

}  // namespace
}  // namespace quorate::rpc
