// coordd with --unsafe-static-membership: its flag, its marks, its directory,
// and that it and a safe coordd refuse each other. The first argument is where
// coordd is.

#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/base/check.h"
#include "coord/server/coordd_process.h"
#include "gtest/gtest.h"
#include "httplib.h"
#include "proto/coord/v1/admin.grpc.pb.h"
#include "proto/coord/v1/admin.pb.h"
#include "proto/coord/v1/coord.grpc.pb.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::server {
namespace {

std::string program;  // where coordd is

constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr absl::Duration kPause = absl::Milliseconds(20);
constexpr char kFlag[] = "--unsafe-static-membership";

std::string AddressOf(int port) { return absl::StrCat("127.0.0.1:", port); }

class CoorddUnsafeTest : public testing::Test {
 protected:
  std::unique_ptr<CoorddProcess> Start(const std::vector<std::string>& more) {
    std::vector<std::string> flags = {"--dir",
                                      directory_,
                                      "--id=1",
                                      "--listen",
                                      AddressOf(port_),
                                      "--metrics",
                                      AddressOf(http_port_),
                                      "--segment-bytes=4194304"};
    flags.insert(flags.end(), more.begin(), more.end());
    return std::make_unique<CoorddProcess>(program, flags);
  }
  std::unique_ptr<CoorddProcess> StartUnsafe() {
    return Start({kFlag, absl::StrCat("1=", AddressOf(port_))});
  }
  std::unique_ptr<CoorddProcess> StartSafe() {
    return Start({"--founders", absl::StrCat("1=", AddressOf(port_))});
  }

  // The answer over HTTP once it has `text`, or the last one.
  std::string AwaitHttp(const std::string& path, const std::string& text) {
    const absl::Time until = absl::Now() + kPatience;
    std::string body;
    while (absl::Now() < until) {
      httplib::Client client("127.0.0.1", http_port_);
      if (const auto answer = client.Get(path)) body = answer->body;
      if (absl::StrContains(body, text)) break;
      absl::SleepFor(kPause);
    }
    return body;
  }

  static void End(CoorddProcess& coordd) {
    coordd.Kill(SIGTERM);
    EXPECT_EQ(coordd.Wait(), 0) << coordd.Stderr();
  }
  static void ExpectRefused(CoorddProcess& coordd, const std::string& advice) {
    EXPECT_EQ(coordd.Wait(), 3) << coordd.Stderr();
    EXPECT_TRUE(absl::StrContains(coordd.LastLine(), advice))
        << coordd.Stderr();
  }

  // Reads as a client that has met this ensemble.
  grpc::Status ReadAs(const std::string& pin) const {
    const auto stub = StubAt<coord::v1::Coord>(port_);
    coord::v1::CallRequest request;
    request.set_api_version(1);
    request.mutable_pin()->set_ensemble_id(pin);
    request.mutable_request()->mutable_read()->mutable_get_data()->set_path(
        "/");
    coord::v1::CallResponse response;
    grpc::ClientContext context;
    return stub->Call(&context, request, &response);
  }

  template <typename Service>
  static std::unique_ptr<typename Service::Stub> StubAt(int port) {
    return Service::NewStub(grpc::CreateChannel(
        AddressOf(port), grpc::InsecureChannelCredentials()));
  }

  const std::string directory_ = FreshDirectory();
  const int port_ = FreePort();
  const int http_port_ = FreePort();
};

TEST_F(CoorddUnsafeTest, ServesFromAnEmptyDiskAndIsMarked) {
  const auto coordd = StartUnsafe();
  EXPECT_EQ(AwaitHttp("/readyz", "serving; UNSAFE"),
            "serving; UNSAFE: static membership\n")
      << coordd->Stderr();
  EXPECT_TRUE(absl::StrContains(AwaitHttp("/metrics", "quorate_up 1\n"),
                                "\nquorate_unsafe_static_membership 1\n"));
  EXPECT_TRUE(absl::StrContains(coordd->Stderr(), " warning msg=\"UNSAFE: "))
      << coordd->Stderr();

  const auto admin = StubAt<coord::v1::Admin>(port_);
  coord::v1::StatusResponse status;
  coord::v1::MembersResponse members;
  coord::v1::DumpResponse dump;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(
        admin->Status(&context, coord::v1::StatusRequest(), &status).ok());
  }
  {
    grpc::ClientContext context;
    ASSERT_TRUE(
        admin->Members(&context, coord::v1::MembersRequest(), &members).ok());
  }
  {
    grpc::ClientContext context;
    ASSERT_TRUE(admin->Dump(&context, coord::v1::DumpRequest(), &dump).ok());
  }
  EXPECT_TRUE(status.unsafe());
  EXPECT_TRUE(members.unsafe());
  EXPECT_TRUE(dump.unsafe());
  EXPECT_EQ(status.role(), "leader");
  EXPECT_EQ(status.ensemble_id(), "UNSAFE-ENSEMBLE!");

  coord::v1::ChangeMembershipRequest change;
  change.set_change_id(7);
  change.add_remove(1);
  coord::v1::ChangeMembershipResponse refused;
  grpc::ClientContext context;
  ASSERT_TRUE(admin->ChangeMembership(&context, change, &refused).ok());
  EXPECT_EQ(refused.outcome(),
            coord::v1::ChangeMembershipResponse::OUTCOME_REFUSED);
  EXPECT_TRUE(absl::StrContains(refused.refusal().message(), "static"));
  End(*coordd);
}

TEST_F(CoorddUnsafeTest, ARestartBelievesTheNewList) {
  auto coordd = StartUnsafe();
  ASSERT_TRUE(coordd->WaitFor("msg=\"serving\"")) << coordd->Stderr();
  End(*coordd);
  // Two dead members more: no quorum, and nobody is asked for his view of it.
  coordd = Start({kFlag, absl::StrCat("1=", AddressOf(port_),
                                      ",2=127.0.0.1:1,3=127.0.0.1:2")});
  ASSERT_TRUE(coordd->WaitFor("believes=\"v1 {1 2 3}\"")) << coordd->Stderr();
  const std::string ready = AwaitHttp("/readyz", "no leader");
  EXPECT_TRUE(absl::StrContains(ready, "no leader known; UNSAFE")) << ready;
  End(*coordd);
  coordd = StartUnsafe();
  EXPECT_TRUE(coordd->WaitFor("msg=\"serving\"")) << coordd->Stderr();
  End(*coordd);
}

TEST_F(CoorddUnsafeTest, AnUnsafeDirectoryNeedsTheFlag) {
  auto coordd = StartUnsafe();
  ASSERT_TRUE(coordd->WaitFor("msg=\"serving\"")) << coordd->Stderr();
  End(*coordd);
  ExpectRefused(*Start({}), "start it with --unsafe-static-membership");
  ExpectRefused(*StartSafe(), "start it with --unsafe-static-membership");
}

TEST_F(CoorddUnsafeTest, ASafeDirectoryRefusesTheFlag) {
  auto coordd = StartSafe();
  ASSERT_TRUE(coordd->WaitFor("msg=\"serving\"")) << coordd->Stderr();
  EXPECT_EQ(AwaitHttp("/readyz", "serving"), "serving\n");
  EXPECT_TRUE(absl::StrContains(AwaitHttp("/metrics", "quorate_up 1\n"),
                                "\nquorate_unsafe_static_membership 0\n"));
  End(*coordd);
  ExpectRefused(*StartUnsafe(), "leave that flag out");
}

TEST_F(CoorddUnsafeTest, ASafeJoinerIsNotAdmitted) {
  const auto coordd = StartUnsafe();
  ASSERT_TRUE(coordd->WaitFor("msg=\"serving\"")) << coordd->Stderr();
  CoorddProcess joiner(program, {"--dir", FreshDirectory(), "--id=1000",
                                 "--listen", AddressOf(FreePort()), "--join",
                                 AddressOf(port_), "--segment-bytes=4194304"});
  // The unsafe one has refused it, and says so.
  EXPECT_TRUE(coordd->WaitFor("peer=1000")) << coordd->Stderr();
  EXPECT_FALSE(absl::StrContains(joiner.Stderr(), "msg=\"serving\""));
  End(joiner);
  End(*coordd);
}

TEST_F(CoorddUnsafeTest, ASafeMemberDoesNotHearIt) {
  const auto safe = StartSafe();
  ASSERT_TRUE(safe->WaitFor("msg=\"serving\"")) << safe->Stderr();
  const int port = FreePort();
  CoorddProcess unsafe(
      program,
      {"--dir", FreshDirectory(), "--id=2", "--listen", AddressOf(port), kFlag,
       absl::StrCat("1=", AddressOf(port_), ",2=", AddressOf(port)),
       "--segment-bytes=4194304"});
  EXPECT_TRUE(safe->WaitFor("peer=2")) << safe->Stderr();
  EXPECT_TRUE(absl::StrContains(safe->Stderr(), "rule=1 "));
  // Nor does it serve a client that has met an unsafe ensemble (rule 22).
  EXPECT_EQ(ReadAs("UNSAFE-ENSEMBLE!").error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(absl::StrContains(AwaitHttp("/metrics", "quorate_up 1\n"),
                                "\nquorate_leader_id 1\n"));
  EXPECT_FALSE(absl::StrContains(unsafe.Stderr(), "msg=\"serving\""));
  End(unsafe);
  End(*safe);
}

// A client that has met a safe ensemble is served by no unsafe one (rule 22).
TEST_F(CoorddUnsafeTest, PinnedClientsAreNotServed) {
  const auto coordd = StartUnsafe();
  ASSERT_TRUE(coordd->WaitFor("msg=\"serving\"")) << coordd->Stderr();
  EXPECT_TRUE(ReadAs("UNSAFE-ENSEMBLE!").ok());
  EXPECT_EQ(ReadAs("0123456789abcdef").error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  End(*coordd);
}

}  // namespace
}  // namespace quorate::server

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  QUORATE_CHECK(argc == 2);
  quorate::server::program = argv[1];
  return RUN_ALL_TESTS();
}
