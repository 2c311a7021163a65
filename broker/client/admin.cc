#include "broker/client/admin.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/client/client_options.h"
#include "broker/client/clock.h"
#include "broker/client/cluster.h"
#include "broker/client/list_offset.h"
#include "broker/client/topic_partition.h"
#include "broker/error/broker_error.h"
#include "broker/error/error_wire.h"
#include "broker/image/cluster_image.h"
#include "broker/image/image_codec.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "proto/broker/v1/group.grpc.pb.h"
#include "proto/broker/v1/group.pb.h"
#include "proto/broker/v1/topics.grpc.pb.h"
#include "proto/broker/v1/topics.pb.h"

namespace quorate::broker {
namespace {

using ChannelPtr = std::shared_ptr<grpc::Channel>;

// Whether `found` is what `asked` for; zeros ask for nothing.
bool IsAsAsked(const TopicState& found, int32_t partitions,
               const TopicConfig& asked) {
  const auto fits = [](int64_t want, int64_t have) {
    return want == 0 || want == have;
  };
  return static_cast<int64_t>(found.partitions.size()) == partitions &&
         fits(asked.replication_factor, found.config.replication_factor) &&
         fits(asked.min_insync_replicas, found.config.min_insync_replicas) &&
         fits(asked.retention_bytes, found.config.retention_bytes) &&
         fits(asked.retention_ms, found.config.retention_ms) &&
         fits(asked.segment_bytes, found.config.segment_bytes) &&
         fits(asked.max_batch_bytes, found.config.max_batch_bytes);
}

MetadataView ViewOf(MetadataAnswer answer) {
  return {.ensemble_id = std::move(answer.ensemble_id),
          .broker_id = answer.broker_id,
          .unsafe = answer.unsafe,
          .image = std::move(answer.image)};
}

void AddOffsets(const std::map<TopicPartition, int64_t>& offsets,
                v1::CommitOffsetsRequest& request) {
  for (const auto& [partition, offset] : offsets) {
    v1::CommittedOffset& wire = *request.add_offsets();
    wire.set_topic(partition.topic);
    wire.set_partition(partition.partition);
    wire.set_offset(offset);
  }
}

GroupView GroupFromWire(const v1::DescribeGroupResponse& wire) {
  GroupView group = {.state = wire.state(), .generation = wire.generation()};
  for (const v1::GroupMember& member : wire.members()) {
    GroupMemberView view = {.member_id = member.member_id(),
                            .client_id = member.client_id()};
    for (const v1::GroupPartition& partition : member.partitions()) {
      view.partitions.push_back({partition.topic(), partition.partition()});
    }
    group.members.push_back(std::move(view));
  }
  for (const v1::CommittedOffset& offset : wire.offsets()) {
    group.offsets[{offset.topic(), offset.partition()}] = offset.offset();
  }
  return group;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Admin>> Admin::Create(ClientOptions options,
                                                     int64_t timeout_ms) {
  if (timeout_ms <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("a call needs some time, found ", timeout_ms, " ms"));
  }
  absl::StatusOr<std::shared_ptr<Cluster>> cluster =
      Cluster::Create(std::move(options));
  if (!cluster.ok()) return cluster.status();
  return std::unique_ptr<Admin>(new Admin(*std::move(cluster), timeout_ms));
}

Admin::Admin(std::shared_ptr<Cluster> cluster, int64_t timeout_ms)
    : cluster_(std::move(cluster)), timeout_ms_(timeout_ms) {}

Admin::~Admin() = default;

int64_t Admin::Deadline() const { return MonotonicMs() + timeout_ms_; }

// --- Topics ------------------------------------------------------------------

absl::StatusOr<TopicState> Admin::CreateTopic(const std::string& name,
                                              int32_t partitions,
                                              const TopicConfig& config) {
  const int64_t deadline = Deadline();
  v1::CreateTopicResponse response;
  bool repeated = false;
  const absl::Status status = cluster_->CallController(
      deadline,
      [&](const ChannelPtr& channel, grpc::ClientContext& context) {
        v1::CreateTopicRequest request;
        cluster_->FillHeader(*request.mutable_header());
        request.set_name(name);
        request.set_partitions(partitions);
        *request.mutable_config() = ToProto(config);
        return v1::Topics::NewStub(channel)->CreateTopic(&context, request,
                                                         &response);
      },
      &repeated);
  if (status.ok()) return FromProto(response.topic());
  if (!repeated || !Is(status, ErrorKind::kTopicExists)) return status;
  const auto image = cluster_->RefreshUntil(deadline);
  if (!image.ok()) return status;
  const auto it = (*image)->topics.find(name);
  if (it == (*image)->topics.end() ||
      !IsAsAsked(it->second, partitions, config)) {
    return status;
  }
  return it->second;
}

absl::Status Admin::DeleteTopic(const std::string& name) {
  bool repeated = false;
  const absl::Status status = cluster_->CallController(
      Deadline(),
      [&](const ChannelPtr& channel, grpc::ClientContext& context) {
        v1::DeleteTopicRequest request;
        v1::DeleteTopicResponse response;
        cluster_->FillHeader(*request.mutable_header());
        request.set_name(name);
        grpc::Status answer = v1::Topics::NewStub(channel)->DeleteTopic(
            &context, request, &response);
        // Elsewhere NoTopic may be worth a retry; here it is the answer.
        if (!Is(FromGrpc(answer), ErrorKind::kNoTopic)) return answer;
        return ToGrpc(absl::NotFoundError(answer.error_message()));
      },
      &repeated);
  if (!absl::IsNotFound(status)) return status;
  if (repeated) return absl::OkStatus();
  return BrokerError(ErrorKind::kNoTopic,
                     absl::StrCat("there is no topic ", name));
}

absl::StatusOr<int32_t> Admin::ElectPreferred() {
  v1::ElectPreferredResponse response;
  const absl::Status status = cluster_->CallController(
      Deadline(), [&](const ChannelPtr& channel, grpc::ClientContext& context) {
        v1::ElectPreferredRequest request;
        cluster_->FillHeader(*request.mutable_header());
        return v1::Topics::NewStub(channel)->ElectPreferred(&context, request,
                                                            &response);
      });
  if (!status.ok()) return status;
  return response.moved();
}

// --- Metadata ----------------------------------------------------------------

absl::StatusOr<MetadataView> Admin::Metadata() {
  absl::StatusOr<MetadataAnswer> answer = cluster_->AskAny(Deadline());
  if (!answer.ok()) return answer.status();
  return ViewOf(*std::move(answer));
}

absl::StatusOr<MetadataView> Admin::MetadataOf(const std::string& address) {
  absl::StatusOr<MetadataAnswer> answer = cluster_->AskOne(address, Deadline());
  if (!answer.ok()) return answer.status();
  return ViewOf(*std::move(answer));
}

// --- Groups ------------------------------------------------------------------

absl::StatusOr<std::vector<std::string>> Admin::ListGroups() {
  v1::ListGroupsResponse response;
  const absl::Status status = cluster_->CallController(
      Deadline(), [&](const ChannelPtr& channel, grpc::ClientContext& context) {
        v1::ListGroupsRequest request;
        cluster_->FillHeader(*request.mutable_header());
        return v1::Group::NewStub(channel)->ListGroups(&context, request,
                                                       &response);
      });
  if (!status.ok()) return status;
  return std::vector<std::string>(response.groups().begin(),
                                  response.groups().end());
}

absl::StatusOr<GroupView> Admin::DescribeGroup(const std::string& group) {
  v1::DescribeGroupResponse response;
  const absl::Status status = cluster_->CallController(
      Deadline(), [&](const ChannelPtr& channel, grpc::ClientContext& context) {
        v1::DescribeGroupRequest request;
        cluster_->FillHeader(*request.mutable_header());
        request.set_group(group);
        return v1::Group::NewStub(channel)->DescribeGroup(&context, request,
                                                          &response);
      });
  if (!status.ok()) return status;
  return GroupFromWire(response);
}

absl::Status Admin::CommitOffsets(
    const std::string& group, const std::map<TopicPartition, int64_t>& offsets,
    bool rewind) {
  return cluster_->CallController(
      Deadline(), [&](const ChannelPtr& channel, grpc::ClientContext& context) {
        v1::CommitOffsetsRequest request;
        v1::CommitOffsetsResponse response;
        cluster_->FillHeader(*request.mutable_header());
        request.set_group(group);
        request.set_generation(-1);
        request.set_rewind(rewind);
        AddOffsets(offsets, request);
        return v1::Group::NewStub(channel)->CommitOffsets(&context, request,
                                                          &response);
      });
}

absl::Status Admin::DeleteGroup(const std::string& group) {
  bool repeated = false;
  const absl::Status status = cluster_->CallController(
      Deadline(),
      [&](const ChannelPtr& channel, grpc::ClientContext& context) {
        v1::DeleteGroupRequest request;
        v1::DeleteGroupResponse response;
        cluster_->FillHeader(*request.mutable_header());
        request.set_group(group);
        return v1::Group::NewStub(channel)->DeleteGroup(&context, request,
                                                        &response);
      },
      &repeated);
  if (repeated && Is(status, ErrorKind::kNoGroup)) return absl::OkStatus();
  return status;
}

// --- Offsets -----------------------------------------------------------------

absl::StatusOr<int64_t> Admin::ListOffset(const TopicPartition& partition,
                                          OffsetAt at, int64_t timestamp_ms) {
  return broker::ListOffset(*cluster_, partition, at, timestamp_ms, Deadline());
}

}  // namespace quorate::broker
