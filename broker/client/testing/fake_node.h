// The gRPC services of one broker of a FakeCluster.

#ifndef QUORATE_BROKER_CLIENT_TESTING_FAKE_NODE_H_
#define QUORATE_BROKER_CLIENT_TESTING_FAKE_NODE_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/testing/fake_cluster.h"
#include "broker/image/cluster_image.h"
#include "grpcpp/server.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"
#include "proto/broker/v1/broker.grpc.pb.h"
#include "proto/broker/v1/group.grpc.pb.h"
#include "proto/broker/v1/topics.grpc.pb.h"

namespace quorate::broker {

class FakeCluster::Node : public v1::Broker::Service,
                          public v1::Topics::Service,
                          public v1::Group::Service {
 public:
  Node(FakeCluster& cluster, BrokerId id);
  ~Node() override;

  int port() const { return port_; }

  using Context = grpc::ServerContext;
  grpc::Status Metadata(Context* context, const v1::MetadataRequest* request,
                        v1::MetadataResponse* response) override;
  grpc::Status InitProducer(Context* context,
                            const v1::InitProducerRequest* request,
                            v1::InitProducerResponse* response) override;
  grpc::Status Produce(Context* context, const v1::ProduceRequest* request,
                       v1::ProduceResponse* response) override;
  grpc::Status Fetch(Context* context, const v1::FetchRequest* request,
                     v1::FetchResponse* response) override;
  grpc::Status ListOffsets(Context* context,
                           const v1::ListOffsetsRequest* request,
                           v1::ListOffsetsResponse* response) override;

  grpc::Status CreateTopic(Context* context,
                           const v1::CreateTopicRequest* request,
                           v1::CreateTopicResponse* response) override;
  grpc::Status DeleteTopic(Context* context,
                           const v1::DeleteTopicRequest* request,
                           v1::DeleteTopicResponse* response) override;
  grpc::Status ElectPreferred(Context* context,
                              const v1::ElectPreferredRequest* request,
                              v1::ElectPreferredResponse* response) override;

  grpc::Status Join(Context* context, const v1::JoinRequest* request,
                    v1::JoinResponse* response) override;
  grpc::Status Heartbeat(Context* context, const v1::HeartbeatRequest* request,
                         v1::HeartbeatResponse* response) override;
  grpc::Status Leave(Context* context, const v1::LeaveRequest* request,
                     v1::LeaveResponse* response) override;
  grpc::Status CommitOffsets(Context* context,
                             const v1::CommitOffsetsRequest* request,
                             v1::CommitOffsetsResponse* response) override;
  grpc::Status FetchOffsets(Context* context,
                            const v1::FetchOffsetsRequest* request,
                            v1::FetchOffsetsResponse* response) override;
  grpc::Status DescribeGroup(Context* context,
                             const v1::DescribeGroupRequest* request,
                             v1::DescribeGroupResponse* response) override;
  grpc::Status ListGroups(Context* context,
                          const v1::ListGroupsRequest* request,
                          v1::ListGroupsResponse* response) override;
  grpc::Status DeleteGroup(Context* context,
                           const v1::DeleteGroupRequest* request,
                           v1::DeleteGroupResponse* response) override;

 private:
  using Lock = std::unique_lock<std::mutex>;

  // Checks header and faults, then runs `body` under the cluster's mutex.
  grpc::Status Serve(Method method, const v1::RequestHeader& header,
                     const std::function<absl::Status(Lock& lock)>& body);
  grpc::Status ServeAsController(
      Method method, const v1::RequestHeader& header,
      const std::function<absl::Status(Lock& lock)>& body);
  absl::StatusOr<Partition*> Led(const std::string& topic, int32_t partition);
  absl::StatusOr<v1::ProduceResult> Append(const v1::PartitionBatch& batch);
  bool FillFetch(const v1::FetchRequest& request, v1::FetchResponse& response);
  void Assign(FakeCluster::Group& group);
  absl::StatusOr<FakeCluster::Group*> MemberOf(const std::string& name,
                                               const std::string& member,
                                               int32_t generation);

  FakeCluster& cluster_;
  const BrokerId id_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_TESTING_FAKE_NODE_H_
