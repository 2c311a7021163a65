// A running coordd, asked over gRPC and HTTP. The first argument is where
// coordd is.

#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
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
constexpr absl::Duration kPause = absl::Milliseconds(10);

// One member and how to reach it. Its process may come and go.
class TestMember {
 public:
  explicit TestMember(int id, std::string listen_host = "127.0.0.1")
      : id_(id),
        listen_host_(std::move(listen_host)),
        directory_(FreshDirectory()),
        port_(FreePort()),
        http_port_(FreePort()) {}

  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }
  std::string AsFounder() const { return absl::StrCat(id_, "=", address()); }

  void Start(const std::vector<std::string>& more) {
    std::vector<std::string> flags = {"--dir",
                                      directory_,
                                      "--id",
                                      absl::StrCat(id_),
                                      "--listen",
                                      absl::StrCat(listen_host_, ":", port_),
                                      "--advertise",
                                      address(),
                                      "--metrics",
                                      absl::StrCat("127.0.0.1:", http_port_),
                                      "--segment-bytes",
                                      "4194304"};
    flags.insert(flags.end(), more.begin(), more.end());
    process = std::make_unique<CoorddProcess>(program, flags);
    // A connection of its own: an old one may not know yet that it is broken.
    grpc::ChannelArguments own;
    own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel = grpc::CreateCustomChannel(
        address(), grpc::InsecureChannelCredentials(), own);
    coord_ = coord::v1::Coord::NewStub(channel);
    admin_ = coord::v1::Admin::NewStub(channel);
  }

  // The status code and the text; -1: no answer.
  std::pair<int, std::string> Http(const std::string& path) const {
    httplib::Client client("127.0.0.1", http_port_);
    const auto answer = client.Get(path);
    return answer ? std::pair(answer->status, answer->body)
                  : std::pair(-1, std::string());
  }
  bool WaitUntilReady() const {
    const absl::Time until = absl::Now() + kPatience;
    while (absl::Now() < until) {
      if (Http("/readyz").first == 200) return true;
      absl::SleepFor(kPause);
    }
    return false;
  }

  grpc::Status Create(const std::string& path, const std::string& data) const {
    coord::v1::CallRequest request;
    request.set_api_version(1);
    auto* create = request.mutable_request()->mutable_write()->mutable_create();
    create->set_path(path);
    create->set_data(data);
    coord::v1::CallResponse response;
    grpc::ClientContext context;
    Limit(context);
    return coord_->Call(&context, request, &response);
  }
  // The data, or the error's text.
  std::string Get(const std::string& path) const {
    coord::v1::CallRequest request;
    request.set_api_version(1);
    request.mutable_request()->mutable_read()->mutable_get_data()->set_path(
        path);
    coord::v1::CallResponse response;
    grpc::ClientContext context;
    Limit(context);
    const grpc::Status status = coord_->Call(&context, request, &response);
    return status.ok() ? response.reply().data().data()
                       : absl::StrCat("error: ", status.error_message());
  }
  coord::v1::StatusResponse Status() const {
    coord::v1::StatusResponse response;
    grpc::ClientContext context;
    Limit(context);
    const grpc::Status status =
        admin_->Status(&context, coord::v1::StatusRequest(), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  // Of a leader: removes a member. What went wrong; empty: nothing.
  std::string Remove(uint64_t id) const {
    coord::v1::ChangeMembershipRequest request;
    request.set_change_id(4711);
    request.add_remove(id);
    coord::v1::ChangeMembershipResponse response;
    grpc::ClientContext context;
    Limit(context);
    const grpc::Status status =
        admin_->ChangeMembership(&context, request, &response);
    if (!status.ok()) return status.error_message();
    return response.outcome() ==
                   coord::v1::ChangeMembershipResponse::OUTCOME_ACCEPTED
               ? ""
               : response.refusal().message();
  }

  std::unique_ptr<CoorddProcess> process;

 private:
  static void Limit(grpc::ClientContext& context) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    context.set_wait_for_ready(true);
  }

  const int id_;
  const std::string listen_host_;
  const std::string directory_;
  const int port_;
  const int http_port_;
  std::unique_ptr<coord::v1::Coord::Stub> coord_;
  std::unique_ptr<coord::v1::Admin::Stub> admin_;
};

class OneMemberTest : public testing::Test {
 protected:
  void SetUp() override {
    Start();
    ASSERT_TRUE(member_.WaitUntilReady()) << member_.process->Stderr();
  }
  void Start(const std::vector<std::string>& more = {}) {
    std::vector<std::string> flags = {"--founders", member_.AsFounder()};
    flags.insert(flags.end(), more.begin(), more.end());
    member_.Start(flags);
  }

  TestMember member_{1};
};

TEST_F(OneMemberTest, WritesReadsAndEndsInOrder) {
  const grpc::Status created = member_.Create("/a", "hello");
  ASSERT_TRUE(created.ok()) << created.error_message();
  EXPECT_EQ(member_.Get("/a"), "hello");
  EXPECT_EQ(member_.Status().role(), "leader");

  member_.process->Kill(SIGTERM);
  EXPECT_EQ(member_.process->Wait(), 0) << member_.process->Stderr();
  EXPECT_TRUE(absl::StrContains(member_.process->LastLine(), "stopped"));

  // All of it is there again, and the flags that founded it do no harm.
  Start();
  ASSERT_TRUE(member_.WaitUntilReady()) << member_.process->Stderr();
  EXPECT_EQ(member_.Get("/a"), "hello");
  member_.process->Kill(SIGINT);
  EXPECT_EQ(member_.process->Wait(), 0) << member_.process->Stderr();
}

TEST_F(OneMemberTest, WhatWasAcknowledgedOutlivesAKill) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(member_.Create(absl::StrCat("/", i), absl::StrCat(i)).ok());
  }
  member_.process->Kill(SIGKILL);
  EXPECT_EQ(member_.process->Wait(), -SIGKILL);
  Start();
  ASSERT_TRUE(member_.WaitUntilReady()) << member_.process->Stderr();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(member_.Get(absl::StrCat("/", i)), absl::StrCat(i));
  }
}

TEST_F(OneMemberTest, SnapshotsAreTakenAndLoadedAgain) {
  member_.process->Kill(SIGTERM);
  EXPECT_EQ(member_.process->Wait(), 0);
  const std::vector<std::string> small = {"--snapshot-log-bytes", "65536",
                                          "--retained-log-bytes", "0"};
  Start(small);
  const std::string data(10'000, 'x');
  for (int i = 0; i < 20; ++i) {
    const grpc::Status status = member_.Create(absl::StrCat("/", i), data);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  EXPECT_TRUE(member_.process->WaitFor("msg=\"snapshot taken\""))
      << member_.process->Stderr();
  member_.process->Kill(SIGKILL);
  EXPECT_EQ(member_.process->Wait(), -SIGKILL);
  Start(small);
  ASSERT_TRUE(member_.WaitUntilReady()) << member_.process->Stderr();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(member_.Get(absl::StrCat("/", i)), data) << i;
  }
}

TEST_F(OneMemberTest, TellsOfItselfOverHttp) {
  ASSERT_TRUE(member_.Create("/a", "hello").ok());
  EXPECT_EQ(member_.Http("/livez").first, 200);
  EXPECT_EQ(member_.Http("/none").first, 404);
  const auto [code, text] = member_.Http("/metrics");
  EXPECT_EQ(code, 200);
  for (const char* line :
       {"\nquorate_up 1\n", "\nquorate_role{role=\"leader\"} 1\n",
        "\nquorate_serving 1\n", "\nquorate_writes_total 1\n",
        "\nquorate_members{kind=\"voter\"} 1\n"}) {
    EXPECT_TRUE(absl::StrContains(text, line)) << line << text;
  }
  EXPECT_FALSE(absl::StrContains(text, "quorate_fsync_seconds_count 0\n"));
  for (const std::string stage : {"queue", "turn", "apply", "log", "quorum"}) {
    const std::string count =
        absl::StrCat("quorate_stage_seconds_count{stage=\"", stage, "\"} ");
    EXPECT_TRUE(absl::StrContains(text, count)) << text;
    EXPECT_FALSE(absl::StrContains(text, count + "0\n")) << text;
  }
  EXPECT_FALSE(absl::StrContains(text, "process_resident_memory_bytes 0\n"));
}

TEST_F(OneMemberTest, APauseIsNoHarm) {
  ASSERT_TRUE(member_.Create("/a", "before").ok());
  member_.process->Kill(SIGSTOP);
  // Longer than an election time-out.
  absl::SleepFor(absl::Milliseconds(1500));
  member_.process->Kill(SIGCONT);
  EXPECT_TRUE(member_.WaitUntilReady());
  EXPECT_TRUE(member_.Create("/b", "after").ok());
  EXPECT_EQ(member_.Get("/a"), "before");
}

class ThreeMembersTest : public testing::Test {
 protected:
  void SetUp() override {
    for (auto& member : members_) Start(*member);
    for (auto& member : members_) {
      ASSERT_TRUE(member->WaitUntilReady()) << AllStderr();
    }
  }
  std::string AllStderr() const {
    std::string all;
    for (const auto& member : members_) {
      absl::StrAppend(&all, member->process->Stderr(), "\n");
    }
    return all;
  }
  void Start(TestMember& member) {
    member.Start({"--founders", absl::StrCat(members_[0]->AsFounder(), ",",
                                             members_[1]->AsFounder(), ",",
                                             members_[2]->AsFounder())});
  }
  // nullptr: nobody leads.
  TestMember* Leader() {
    for (auto& member : members_) {
      if (member->Status().role() == "leader") return member.get();
    }
    return nullptr;
  }

  std::unique_ptr<TestMember> members_[3] = {
      std::make_unique<TestMember>(1),
      std::make_unique<TestMember>(2, "0.0.0.0"),
      std::make_unique<TestMember>(3)};
};

TEST_F(ThreeMembersTest, EachServesTheSameState) {
  const std::string ensemble = members_[0]->Status().ensemble_id();
  EXPECT_EQ(ensemble.size(), 16u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(members_[i]->Status().ensemble_id(), ensemble);
    const grpc::Status status =
        members_[i]->Create(absl::StrCat("/", i), absl::StrCat(i));
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  for (auto& member : members_) {
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(member->Get(absl::StrCat("/", i)), absl::StrCat(i));
    }
  }
}

TEST_F(ThreeMembersTest, ALeaderThatEndsHandsOver) {
  TestMember* leader = Leader();
  ASSERT_NE(leader, nullptr);
  ASSERT_TRUE(leader->Create("/a", "1").ok());
  leader->process->Kill(SIGTERM);
  EXPECT_EQ(leader->process->Wait(), 0) << leader->process->Stderr();
  EXPECT_TRUE(absl::StrContains(leader->process->Stderr(),
                                "msg=\"handing leadership over\""))
      << leader->process->Stderr();
  for (auto& member : members_) {
    if (member.get() == leader) continue;
    ASSERT_TRUE(member->WaitUntilReady()) << AllStderr();
    EXPECT_EQ(member->Get("/a"), "1");
  }
  // It comes back, and catches up.
  Start(*leader);
  ASSERT_TRUE(leader->WaitUntilReady()) << AllStderr();
  EXPECT_EQ(leader->Get("/a"), "1");
}

TEST_F(ThreeMembersTest, AJoinerIsAdmittedAndStopsWhenItIsRemoved) {
  TestMember* leader = Leader();
  ASSERT_NE(leader, nullptr);
  ASSERT_TRUE(leader->Create("/a", "1").ok());
  TestMember joiner(4);
  joiner.Start({"--join", absl::StrCat(members_[0]->address(), ",",
                                       members_[1]->address())});
  ASSERT_TRUE(joiner.WaitUntilReady()) << joiner.process->Stderr();
  EXPECT_EQ(joiner.Status().role(), "learner");
  EXPECT_EQ(joiner.Get("/a"), "1");
  EXPECT_EQ(joiner.Status().ensemble_id(), leader->Status().ensemble_id());

  const std::string outcome = leader->Remove(4);
  EXPECT_EQ(outcome, "");
  EXPECT_EQ(joiner.process->Wait(), 5) << joiner.process->Stderr();
  EXPECT_TRUE(absl::StartsWith(joiner.process->LastLine(),
                               "coordd: stopped for good: "))
      << joiner.process->Stderr();
  EXPECT_TRUE(absl::StrContains(joiner.process->LastLine(), "removed"))
      << joiner.process->LastLine();
}

TEST_F(ThreeMembersTest, WithoutAQuorumNobodyIsReady) {
  TestMember& last = *members_[0];
  members_[1]->process->Kill(SIGKILL);
  members_[2]->process->Kill(SIGKILL);
  const absl::Time until = absl::Now() + kPatience;
  std::pair<int, std::string> answer = last.Http("/readyz");
  while (answer.first != 503 && absl::Now() < until) {
    absl::SleepFor(kPause);
    answer = last.Http("/readyz");
  }
  EXPECT_EQ(answer.first, 503);
  EXPECT_TRUE(absl::StrContains(answer.second, "no leader")) << answer.second;
  EXPECT_EQ(last.Http("/livez").first, 200);
  last.process->Kill(SIGTERM);
  EXPECT_EQ(last.process->Wait(), 0) << last.process->Stderr();
}

}  // namespace
}  // namespace quorate::server

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  QUORATE_CHECK(argc == 2);
  quorate::server::program = argv[1];
  return RUN_ALL_TESTS();
}
