// Sessions over real gRPC against a real replica.

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/replica/replica.h"
#include "coord/rpc/testing/test_client.h"
#include "coord/rpc/testing/test_member.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/coord.pb.h"
#include "proto/coord/v1/tree.pb.h"

namespace quorate::rpc {
namespace {

namespace v1 = coord::v1;

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    member_.Found({{1, member_.address()}});
    member_.AwaitServing();
  }

  TestMember member_{1};
};

TEST_F(SessionTest, OpensWritesReadsAndCloses) {
  TestStream stream(member_.address());
  const v1::Welcome welcome = stream.Open();
  EXPECT_EQ(welcome.ensemble_id().size(), 16u);
  EXPECT_EQ(welcome.member_id(), 1u);
  EXPECT_GT(welcome.session_id(), 0);
  EXPECT_EQ(welcome.timeout_ms(), 10'000);

  const v1::Reply created = stream.Do(CreateRequest(7, 1, "/a", "one"));
  EXPECT_EQ(created.tag(), 7);
  EXPECT_FALSE(created.has_error()) << created.error().message();
  EXPECT_EQ(created.write().path(), "/a");
  EXPECT_GT(created.zxid(), welcome.zxid());

  const v1::Reply read = stream.Do(GetDataRequest(8, "/a"));
  EXPECT_EQ(read.tag(), 8);
  EXPECT_EQ(read.data().data(), "one");
  EXPECT_EQ(read.data().stat().czxid(), created.zxid());

  const v1::Reply again = stream.Do(CreateRequest(9, 2, "/a", "two"));
  EXPECT_EQ(again.error().kind(), "NodeExists");
  EXPECT_EQ(again.error().zookeeper_code(), -110);
  EXPECT_EQ(again.error().path(), "/a");

  v1::Request close;
  close.set_tag(10);
  close.mutable_write()->set_request_id(3);
  close.mutable_write()->mutable_close_session();
  EXPECT_FALSE(stream.Do(close).has_error());
  const std::optional<v1::ServerMessage> last = stream.Next();
  ASSERT_TRUE(last && last->has_goodbye());
  EXPECT_FALSE(last->goodbye().has_error());
  EXPECT_TRUE(stream.End().status.ok());
}

TEST_F(SessionTest, AnswersInTheOrderOfTheRequests) {
  TestStream stream(member_.address());
  stream.Open();
  // Pipelined in a few frames, writes and reads mixed.
  constexpr int kRequests = 600;
  v1::ClientFrame frame;
  for (int i = 1; i <= kRequests; ++i) {
    *frame.add_requests() =
        i % 2 == 1 ? CreateRequest(i, (i + 1) / 2, absl::StrCat("/n", i), "x")
                   : GetDataRequest(i, absl::StrCat("/n", i - 1));
    if (frame.requests_size() == 50 || i == kRequests) {
      ASSERT_TRUE(stream.Send(frame));
      frame.Clear();
    }
  }
  for (int i = 1; i <= kRequests; ++i) {
    const std::optional<v1::ServerMessage> next = stream.Next();
    ASSERT_TRUE(next && next->has_reply()) << i;
    ASSERT_EQ(next->reply().tag(), i);
    ASSERT_FALSE(next->reply().has_error()) << next->reply().error().message();
    if (i % 2 == 0) {
      EXPECT_EQ(next->reply().data().data(), "x");
    }
  }
  EXPECT_LT(stream.frames(), kRequests / 2) << "answers share frames";
}

TEST_F(SessionTest, TellsOfWhatIsWatched) {
  TestStream watcher(member_.address());
  watcher.Open();
  v1::Request watch;
  watch.set_tag(1);
  watch.mutable_add_watch()->set_path("/w");
  watch.mutable_add_watch()->set_kind(v1::WATCH_KIND_PERSISTENT);
  EXPECT_FALSE(watcher.Do(watch).has_error());

  TestStream writer(member_.address());
  writer.Open();
  const v1::Reply created = writer.Do(CreateRequest(1, 1, "/w", "x"));
  const std::optional<v1::ServerMessage> event = watcher.Next();
  ASSERT_TRUE(event && event->has_event());
  EXPECT_EQ(event->event().type(), v1::EVENT_TYPE_CREATED);
  EXPECT_EQ(event->event().path(), "/w");
  EXPECT_EQ(event->event().zxid(), created.zxid());
  EXPECT_FALSE(event->event().gap());

  v1::Request remove;
  remove.set_tag(2);
  remove.mutable_remove_watch()->set_path("/w");
  EXPECT_FALSE(watcher.Do(remove).has_error());
  EXPECT_EQ(watcher.Do(remove).error().kind(), "NoWatcher");
}

TEST_F(SessionTest, KnowsWhoAClientIs) {
  // Created by whoever knows the password; only it may read.
  v1::Request request = CreateRequest(1, 1, "/secret", "x");
  v1::AclEntry* entry =
      request.mutable_write()->mutable_create()->mutable_acl()->add_entries();
  entry->set_permissions(31);
  entry->set_scheme("digest");
  entry->set_id("super:D/InIHSb7yEEbrWz8b9l71RjZJU=");
  // And one for whoever comes from this machine.
  v1::Request local = CreateRequest(2, 2, "/local", "y");
  entry = local.mutable_write()->mutable_create()->mutable_acl()->add_entries();
  entry->set_permissions(31);
  entry->set_scheme("ip");
  entry->set_id("127.0.0.1");

  TestStream stream(member_.address());
  stream.Open();
  EXPECT_FALSE(stream.Do(request).has_error());
  EXPECT_FALSE(stream.Do(local).has_error());
  EXPECT_EQ(stream.Do(GetDataRequest(3, "/secret")).error().kind(), "NoAuth");
  EXPECT_EQ(stream.Do(GetDataRequest(4, "/local")).data().data(), "y");
  v1::Request prove;
  prove.mutable_add_credential()->set_scheme("digest");
  prove.mutable_add_credential()->set_secret("super:test");
  EXPECT_FALSE(stream.Do(prove).has_error());
  EXPECT_EQ(stream.Do(GetDataRequest(5, "/secret")).data().data(), "x");

  TestStream shown(member_.address());
  v1::ClientFrame hello = TestStream::Hello();
  *hello.mutable_hello()->add_credentials() = prove.add_credential();
  ASSERT_TRUE(shown.Send(hello));
  ASSERT_TRUE(shown.Next()->has_welcome());
  EXPECT_EQ(shown.Do(GetDataRequest(1, "/secret")).data().data(), "x");
}

TEST_F(SessionTest, GoesOnAfterAReconnect) {
  v1::ClientFrame hello = TestStream::Hello();
  v1::Welcome first;
  {
    TestStream stream(member_.address());
    ASSERT_TRUE(stream.Send(hello));
    first = stream.Next()->welcome();
    EXPECT_FALSE(stream.Do(CreateRequest(1, 1, "/a", "x")).has_error());
    stream.Cancel();
    EXPECT_FALSE(stream.End().status.ok());
  }
  // The replica learns that the connection is gone.
  member_.Await([](replica::Replica& replica) {
    return replica.counters().connections == 0;
  });
  TestStream stream(member_.address());
  hello.mutable_hello()->set_session_id(first.session_id());
  hello.mutable_hello()->mutable_pin()->set_ensemble_id(first.ensemble_id());
  ASSERT_TRUE(stream.Send(hello));
  const std::optional<v1::ServerMessage> welcome = stream.Next();
  ASSERT_TRUE(welcome && welcome->has_welcome());
  EXPECT_EQ(welcome->welcome().session_id(), first.session_id());
  EXPECT_EQ(welcome->welcome().last_request_id(), 1);
  // Sent again, it is not done again: it has the answer that it had.
  const v1::Reply again = stream.Do(CreateRequest(2, 1, "/a", "x"));
  EXPECT_FALSE(again.has_error()) << again.error().message();
  EXPECT_EQ(again.write().path(), "/a");
}

TEST_F(SessionTest, RefusesAnotherEnsemblesClient) {
  TestStream stream(member_.address());
  v1::ClientFrame hello = TestStream::Hello();
  hello.mutable_hello()->mutable_pin()->set_ensemble_id("another ensemble");
  ASSERT_TRUE(stream.Send(hello));
  const std::optional<v1::ServerMessage> goodbye = stream.Next();
  ASSERT_TRUE(goodbye && goodbye->has_goodbye());
  EXPECT_EQ(goodbye->goodbye().error().kind(), "Pinned");
  EXPECT_EQ(goodbye->goodbye().error().rule(), 22u);
  const CallEnd end = stream.End();
  EXPECT_EQ(end.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(end.detail.kind(), "Pinned");
}

TEST_F(SessionTest, EndsWhenTheClientEndsItsSide) {
  TestStream stream(member_.address());
  stream.Open();
  stream.HalfClose();
  EXPECT_TRUE(stream.End().status.ok());
  member_.Await([](replica::Replica& replica) {
    return replica.counters().connections == 0;
  });
}

}  // namespace
}  // namespace quorate::rpc
