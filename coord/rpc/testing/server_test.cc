// The server itself: its port, its standard services, its end.

#include "coord/rpc/server.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/rpc/server_options.h"
#include "coord/rpc/testing/test_client.h"
#include "coord/rpc/testing/test_member.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::rpc {
namespace {

namespace v1 = coord::v1;

// Answers nothing, drops all works, has no snapshots.
class NoHost : public ReplicaHost, public SnapshotSource {
 public:
  void Post(std::function<void(replica::Replica&)>) override {}
  absl::StatusOr<Bytes> ReadSnapshot(consensus::Zxid, uint64_t,
                                     uint64_t) override {
    return absl::NotFoundError("there are none");
  }
};

absl::StatusOr<std::unique_ptr<Server>> StartAt(const std::string& address,
                                                NoHost& host) {
  ServerOptions options;
  options.listen_address = address;
  return Server::Start(options, host, host);
}

// Of grpc.health.v1: field 1 is the service asked for, and the status.
std::string HealthRequest(const std::string& service) {
  std::string bytes;
  if (service.empty()) return bytes;
  return absl::StrCat("\x0a", std::string(1, static_cast<char>(service.size())),
                      service);
}
constexpr char kServing[] = "\x08\x01";
constexpr char kNotServing[] = "\x08\x02";

std::optional<std::string> Health(const std::string& address,
                                  const std::string& service) {
  TestStream check(address, "/grpc.health.v1.Health/Check");
  check.SendBytes(HealthRequest(service));
  check.HalfClose();
  return check.NextBytes();
}

TEST(ServerTest, AnswersWhetherItServes) {
  NoHost host;
  const auto server = StartAt("127.0.0.1:0", host);
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string address = absl::StrCat("127.0.0.1:", (*server)->port());
  const std::string coord = "quorate.coord.v1.Coord";
  EXPECT_EQ(Health(address, ""), kNotServing);
  EXPECT_EQ(Health(address, coord), kNotServing);
  (*server)->SetServing(true);
  EXPECT_EQ(Health(address, ""), kServing);
  EXPECT_EQ(Health(address, coord), kServing);
  (*server)->SetServing(false);
  EXPECT_EQ(Health(address, coord), kNotServing);
  EXPECT_EQ(Health(address, "unknown"), std::nullopt);
}

TEST(ServerTest, DescribesItself) {
  NoHost host;
  const auto server = StartAt("127.0.0.1:0", host);
  ASSERT_TRUE(server.ok()) << server.status();
  TestStream reflection(
      absl::StrCat("127.0.0.1:", (*server)->port()),
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
  ASSERT_TRUE(
      reflection.SendBytes(std::string("\x3a\x00", 2)));  // all services
  const std::optional<std::string> services = reflection.NextBytes();
  ASSERT_TRUE(services);
  for (const char* name : {"quorate.coord.v1.Coord", "quorate.coord.v1.Admin",
                           "quorate.coord.v1.Peer", "grpc.health.v1.Health"}) {
    EXPECT_NE(services->find(name), std::string::npos) << name;
  }
  reflection.HalfClose();
  EXPECT_TRUE(reflection.End().status.ok());
}

TEST(ServerTest, SaysWhyItCannotListen) {
  NoHost host;
  const auto first = StartAt("127.0.0.1:0", host);
  ASSERT_TRUE(first.ok()) << first.status();
  const std::string address = absl::StrCat("127.0.0.1:", (*first)->port());
  const auto second = StartAt(address, host);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(second.status().message().find(address), std::string::npos);
  EXPECT_NE(second.status().message().find("another program"),
            std::string::npos)
      << second.status();

  const auto nowhere = StartAt("192.0.2.1:7", host);
  EXPECT_EQ(nowhere.status().code(), absl::StatusCode::kUnavailable);
  const auto nonsense = StartAt("x", host);
  EXPECT_EQ(nonsense.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ServerTest, TheEndReachesEveryStream) {
  TestMember member(1);
  member.Found({{1, member.address()}});
  member.AwaitServing();
  TestStream open(member.address());
  open.Open();
  TestStream silent(member.address());  // has not even said hello
  TestStream watch(member.address(), "/grpc.health.v1.Health/Watch");
  watch.SendBytes("");
  watch.HalfClose();
  ASSERT_TRUE(watch.NextBytes());

  member.server().Shutdown();
  const std::optional<v1::ServerMessage> last = open.Next();
  ASSERT_TRUE(last && last->has_goodbye());
  EXPECT_EQ(last->goodbye().error().kind(), "Stopped");
  EXPECT_EQ(open.End().status.code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(silent.End().status.ok());
  EXPECT_FALSE(watch.End().status.ok());
  EXPECT_EQ(member.server().stats().sessions_open, 0u);
  member.server().Shutdown();  // does nothing
}

TEST(ServerTest, EndsWhileTheReplicaHangs) {
  TestMember member(1);
  member.Found({{1, member.address()}});
  member.AwaitServing();
  std::vector<std::unique_ptr<TestStream>> streams;
  for (int i = 0; i < 20; ++i) {
    streams.push_back(std::make_unique<TestStream>(member.address()));
    streams.back()->Open();
  }
  member.Pause();
  CallEnd ended;
  std::thread caller([&] {
    v1::CallRequest request;
    request.set_api_version(1);
    *request.mutable_request() = GetDataRequest(0, "/");
    v1::CallResponse response;
    ended = Call(member.address(), request, &response);
  });
  while (member.server().stats().calls == 0) std::this_thread::yield();
  for (int i = 0; i < 20; ++i) {
    v1::ClientFrame frame;
    *frame.add_requests() = CreateRequest(1, 1, absl::StrCat("/n", i), "x");
    ASSERT_TRUE(streams[static_cast<size_t>(i)]->Send(frame));
  }
  member.server().Shutdown();
  caller.join();
  EXPECT_EQ(ended.detail.kind(), "Stopped");
  for (const auto& stream : streams) {
    EXPECT_EQ(stream->End().detail.kind(), "Stopped");
  }
  // What was posted before finds no connection any more.
  member.Resume();
  member.AwaitServing();
}

}  // namespace
}  // namespace quorate::rpc
