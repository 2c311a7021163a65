// Clients that do what they should not.

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/replica/replica.h"
#include "coord/rpc/server_options.h"
#include "coord/rpc/testing/call_end.h"
#include "coord/rpc/testing/test_client.h"
#include "coord/rpc/testing/test_member.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/coord.pb.h"
#include "proto/coord/v1/peer.grpc.pb.h"
#include "proto/coord/v1/peer.pb.h"

namespace quorate::rpc {
namespace {

namespace v1 = coord::v1;

ServerOptions SmallOptions() {
  ServerOptions options;
  options.max_message_bytes = 1 << 20;
  options.max_unsent_bytes = 4 << 20;
  return options;
}

class HostileTest : public testing::Test {
 protected:
  HostileTest() {
    member_.Found({{1, member_.address()}});
    member_.AwaitServing();
  }

  // The goodbye that comes before the end, and the same status at the end.
  void ExpectEnd(TestStream& stream, absl::StatusCode code,
                 const std::string& kind) {
    const std::optional<v1::ServerMessage> last = stream.Next();
    ASSERT_TRUE(last && last->has_goodbye());
    EXPECT_EQ(last->goodbye().error().kind(), kind);
    const CallEnd end = stream.End();
    EXPECT_EQ(end.status.code(), code) << end.status;
    EXPECT_EQ(end.detail.kind(), kind);
  }

  TestMember member_{1, SmallOptions()};
};

TEST_F(HostileTest, Garbage) {
  TestStream stream(member_.address());
  ASSERT_TRUE(stream.SendBytes("\xff\xff\xff\xff\xff garbage"));
  ExpectEnd(stream, absl::StatusCode::kInvalidArgument, "BadRequest");
  EXPECT_EQ(member_.server().stats().malformed, 1u);
}

TEST_F(HostileTest, ATextThatIsNotUtf8) {
  TestStream stream(member_.address());
  stream.Open();
  v1::ClientFrame frame;
  *frame.add_requests() = CreateRequest(1, 1, "/abc", "x");
  std::string bytes = frame.SerializeAsString();
  bytes.replace(bytes.find("/abc"), 4, "/\xff\xfe\xfd");
  ASSERT_TRUE(stream.SendBytes(bytes));
  ExpectEnd(stream, absl::StatusCode::kInvalidArgument, "BadRequest");
}

TEST_F(HostileTest, NoHelloFirst) {
  TestStream stream(member_.address());
  v1::ClientFrame frame;
  *frame.add_requests() = GetDataRequest(1, "/");
  ASSERT_TRUE(stream.Send(frame));
  ExpectEnd(stream, absl::StatusCode::kInvalidArgument, "BadRequest");
}

TEST(SilentClientTest, IsSentAway) {
  ServerOptions options;
  options.hello_timeout_ms = 1;
  TestMember member(1, options);
  TestStream stream(member.address());
  const CallEnd end = stream.End();
  EXPECT_EQ(end.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(end.detail.kind(), "BadRequest");
}

TEST_F(HostileTest, ASecondHello) {
  TestStream stream(member_.address());
  stream.Open();
  ASSERT_TRUE(stream.Send(TestStream::Hello()));
  ExpectEnd(stream, absl::StatusCode::kInvalidArgument, "BadRequest");
}

TEST_F(HostileTest, AnotherVersion) {
  TestStream stream(member_.address());
  v1::ClientFrame hello = TestStream::Hello();
  hello.mutable_hello()->set_api_version(99);
  ASSERT_TRUE(stream.Send(hello));
  ExpectEnd(stream, absl::StatusCode::kFailedPrecondition, "Incompatible");
}

TEST_F(HostileTest, OfAFrameWithOneBadRequestNoneIsTaken) {
  TestStream stream(member_.address());
  stream.Open();
  v1::ClientFrame frame;
  *frame.add_requests() = CreateRequest(1, 1, "/a", "x");
  frame.add_requests()->set_tag(2);
  ASSERT_TRUE(stream.Send(frame));
  ExpectEnd(stream, absl::StatusCode::kInvalidArgument, "BadRequest");
  TestStream other(member_.address());
  other.Open();
  EXPECT_EQ(other.Do(GetDataRequest(1, "/a")).error().kind(), "NoNode");
}

TEST_F(HostileTest, AMessageThatIsTooLong) {
  TestStream stream(member_.address());
  stream.Open();
  v1::ClientFrame frame;
  *frame.add_requests() = CreateRequest(1, 1, "/a", std::string(2 << 20, 'x'));
  stream.Send(frame);
  EXPECT_EQ(stream.End().status.code(), absl::StatusCode::kResourceExhausted);
  // The member goes on.
  TestStream other(member_.address());
  other.Open();
  member_.Await([](replica::Replica& replica) {
    return replica.counters().connections == 1;
  });
}

TEST_F(HostileTest, AClientThatDoesNotRead) {
  TestStream stream(member_.address());
  stream.Open();
  const std::string data(512 << 10, 'x');
  EXPECT_FALSE(stream.Do(CreateRequest(1, 1, "/a", data)).has_error());
  // Asks for far more than fits into the streams' windows and our bound.
  v1::ClientFrame frame;
  for (int i = 0; i < 200; ++i) *frame.add_requests() = GetDataRequest(i, "/a");
  ASSERT_TRUE(stream.Send(frame));
  member_.Await([](replica::Replica& replica) {
    return replica.counters().connections == 0;
  });
  // Reading at last, it finds what was written before, and why it ended.
  std::optional<v1::ServerMessage> last;
  for (auto next = stream.Next(); next; next = stream.Next()) last = next;
  ASSERT_TRUE(last && last->has_goodbye());
  EXPECT_EQ(last->goodbye().error().kind(), "Overloaded");
  EXPECT_EQ(stream.End().status.code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(HostileTest, AReplicaThatIsBusyStopsTheReading) {
  TestStream stream(member_.address());
  stream.Open();
  member_.Pause();
  // Frames of 512 KiB: after a few, none is read until the replica goes on.
  for (int i = 1; i <= 8; ++i) {
    v1::ClientFrame frame;
    *frame.add_requests() =
        CreateRequest(i, i, absl::StrCat("/n", i), std::string(512 << 10, 'x'));
    ASSERT_TRUE(stream.Send(frame));
  }
  const uint64_t before = member_.server().stats().frames_in;
  EXPECT_LE(before, 10u);
  member_.Resume();
  for (int i = 1; i <= 8; ++i) {
    const std::optional<v1::ServerMessage> next = stream.Next();
    ASSERT_TRUE(next && next->has_reply());
    EXPECT_EQ(next->reply().tag(), i);
    EXPECT_FALSE(next->reply().has_error()) << next->reply().error().message();
  }
}

TEST_F(HostileTest, PeersOfAnotherVersion) {
  const auto stub = v1::Peer::NewStub(MakeTestChannel(member_.address()));
  for (const bool snapshots : {false, true}) {
    grpc::ClientContext context;
    v1::PeerEnd end;
    const auto writer = snapshots ? stub->Snapshots(&context, &end)
                                  : stub->Messages(&context, &end);
    v1::PeerBatch batch;
    batch.set_wire_version(2);
    writer->Write(batch);
    const CallEnd done = ToCallEnd(writer->Finish());
    EXPECT_EQ(done.status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(done.detail.kind(), "Incompatible");
  }
}

TEST_F(HostileTest, PeersThatSendNoMessage) {
  const auto stub = v1::Peer::NewStub(MakeTestChannel(member_.address()));
  grpc::ClientContext context;
  v1::PeerEnd end;
  const auto writer = stub->Messages(&context, &end);
  v1::PeerBatch batch;
  batch.set_wire_version(1);
  batch.set_from_id(2);
  batch.set_from_incarnation(3);
  batch.add_messages()->set_to_id(1);
  writer->Write(batch);
  const CallEnd done = ToCallEnd(writer->Finish());
  EXPECT_EQ(done.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(done.detail.kind(), "BadRequest");
  EXPECT_EQ(member_.server().stats().malformed, 1u);
}

}  // namespace
}  // namespace quorate::rpc
