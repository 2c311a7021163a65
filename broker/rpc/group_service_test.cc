// The service over a real connection, its coordinator in a real ensemble.

#include "broker/rpc/group_service.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/controller/leadership.h"
#include "broker/error/broker_error.h"
#include "broker/error/error_wire.h"
#include "broker/group/group_coordinator.h"
#include "broker/image/cluster_image.h"
#include "broker/image/znodes.h"
#include "broker/rpc/server.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "gtest/gtest.h"
#include "proto/broker/v1/group.grpc.pb.h"
#include "proto/broker/v1/group.pb.h"
#include "tests/client/ensemble.h"

namespace quorate::broker {
namespace {

const std::string kEnsemble(16, 'e');

class GroupServiceTest : public ::testing::Test {
 protected:
  GroupServiceTest() {
    std::vector<std::unique_ptr<grpc::Service>> services;
    services.push_back(MakeGroupService(
        coordinator,
        {.ensemble_id = [] { return kEnsemble; },
         .controller_address = [] { return std::string("other:1"); }}));
    server = *Server::Start("127.0.0.1:0", std::move(services));
    stub = v1::Group::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", server->port()),
                            grpc::InsecureChannelCredentials()));
  }

  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (v1::Group::Stub::*method)(
                        grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response,
                    int64_t timeout_ms = 60'000) {
    while (true) {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() +
                           std::chrono::milliseconds(timeout_ms));
      const absl::Status status =
          FromGrpc((*stub.*method)(&context, request, response));
      if (!Is(status, ErrorKind::kNotReady)) return status;
      std::this_thread::yield();
    }
  }

  static v1::JoinRequest JoinOf(const std::string& member_id) {
    v1::JoinRequest request;
    request.set_group("g");
    request.set_member_id(member_id);
    request.add_topics("t");
    request.set_session_timeout_ms(60'000);
    request.set_rebalance_timeout_ms(60'000);
    return request;
  }

  GroupCoordinator coordinator;
  std::unique_ptr<Server> server;
  std::unique_ptr<v1::Group::Stub> stub;
};

TEST_F(GroupServiceTest, SendsToTheController) {
  v1::JoinResponse joined;
  const absl::Status status = Call(&v1::Group::Stub::Join, JoinOf(""), &joined);
  ASSERT_TRUE(Is(status, ErrorKind::kNotController)) << status;
  EXPECT_EQ(client::ErrorInfoOf(status)->leader_address, "other:1");
  v1::JoinRequest stray = JoinOf("");
  stray.mutable_header()->set_ensemble_id(std::string(16, 'x'));
  EXPECT_TRUE(Is(Call(&v1::Group::Stub::Join, stray, &joined),
                 ErrorKind::kWrongEnsemble));
  v1::ListGroupsRequest list;
  list.mutable_header()->set_client_id(std::string(201, 'c'));
  v1::ListGroupsResponse groups;
  EXPECT_TRUE(Is(Call(&v1::Group::Stub::ListGroups, list, &groups),
                 ErrorKind::kBadRequest));
}

TEST_F(GroupServiceTest, ServesAMember) {
  Ensemble ensemble(1);
  const std::unique_ptr<client::Session> session = ensemble.Open();
  for (const std::string path :
       {kRootPath, kControllerEpochPath, kGroupsPath}) {
    ASSERT_TRUE(session->Write(client::Create{.path = path}).ok());
  }
  auto image = std::make_shared<ClusterImage>();
  image->topics["t"] = {.topic_id = 7,
                        .partitions = std::vector<PartitionState>(2)};
  coordinator.Began({.token = {.controller_epoch = 1, .broker_id = 1}},
                    *session, image);

  v1::JoinResponse joined;
  ASSERT_TRUE(Call(&v1::Group::Stub::Join, JoinOf(""), &joined).ok());
  EXPECT_EQ(joined.generation(), 1);
  EXPECT_EQ(joined.partitions_size(), 2);

  v1::CommitOffsetsRequest commit;
  commit.set_group("g");
  commit.set_member_id(joined.member_id());
  commit.set_generation(1);
  v1::CommittedOffset* offset = commit.add_offsets();
  offset->set_topic("t");
  offset->set_partition(1);
  offset->set_offset(42);
  v1::CommitOffsetsResponse committed;
  EXPECT_TRUE(Call(&v1::Group::Stub::CommitOffsets, commit, &committed).ok());
  v1::FetchOffsetsRequest fetch;
  fetch.set_group("g");
  v1::FetchOffsetsResponse fetched;
  ASSERT_TRUE(Call(&v1::Group::Stub::FetchOffsets, fetch, &fetched).ok());
  ASSERT_EQ(fetched.offsets_size(), 1);
  EXPECT_EQ(fetched.offsets(0).offset(), 42);

  // Another one asks to join, and hangs up before it is answered.
  v1::JoinResponse never;
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      Call(&v1::Group::Stub::Join, JoinOf(""), &never, 200)));
  v1::DescribeGroupRequest describe;
  describe.set_group("g");
  v1::DescribeGroupResponse description;
  do {
    ASSERT_TRUE(
        Call(&v1::Group::Stub::DescribeGroup, describe, &description).ok());
  } while (description.members_size() != 1);
  EXPECT_EQ(description.members(0).member_id(), joined.member_id());
  EXPECT_EQ(description.state(), "rebalancing");

  // One that waits is answered when the reign ends.
  std::thread end([this] {
    v1::JoinResponse waiting;
    const absl::Status status =
        Call(&v1::Group::Stub::Join, JoinOf(""), &waiting);
    EXPECT_TRUE(Is(status, ErrorKind::kNotController)) << status;
  });
  do {
    ASSERT_TRUE(
        Call(&v1::Group::Stub::DescribeGroup, describe, &description).ok());
  } while (description.members_size() != 2);
  coordinator.Ended();
  end.join();
  server->Shutdown();
}

}  // namespace
}  // namespace quorate::broker
