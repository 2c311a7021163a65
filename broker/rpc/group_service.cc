#include "broker/rpc/group_service.h"

#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/error/broker_error.h"
#include "broker/error/error_wire.h"
#include "broker/group/group_coordinator.h"
#include "broker/group/group_state.h"
#include "broker/group/group_types.h"
#include "proto/broker/v1/group.grpc.pb.h"
#include "proto/broker/v1/group.pb.h"
#include "proto/broker/v1/types.pb.h"

namespace quorate::broker {
namespace {

using Start = std::function<uint64_t(GroupCoordinator::Done)>;

// The request that a call waits for, once it is known.
class Waiting {
 public:
  explicit Waiting(GroupCoordinator& coordinator) : coordinator_(coordinator) {}

  void Started(uint64_t request) {
    std::unique_lock<std::mutex> lock(mutex_);
    request_ = request;
    if (!cancelled_) return;
    lock.unlock();
    coordinator_.Cancel(request);
  }

  void Cancel() {
    std::unique_lock<std::mutex> lock(mutex_);
    cancelled_ = true;
    if (!request_) return;
    const uint64_t request = *request_;
    lock.unlock();
    coordinator_.Cancel(request);
  }

 private:
  GroupCoordinator& coordinator_;
  std::mutex mutex_;
  std::optional<uint64_t> request_;  // nothing: not known yet
  bool cancelled_ = false;
};

// A call that is answered later.
class Reactor final : public grpc::ServerUnaryReactor {
 public:
  explicit Reactor(std::shared_ptr<Waiting> waiting)
      : waiting_(std::move(waiting)) {}
  void OnCancel() override { waiting_->Cancel(); }
  void OnDone() override { delete this; }

 private:
  const std::shared_ptr<Waiting> waiting_;
};

void Put(const std::vector<GroupPartition>& partitions,
         google::protobuf::RepeatedPtrField<v1::GroupPartition>* out) {
  for (const GroupPartition& partition : partitions) {
    v1::GroupPartition* added = out->Add();
    added->set_topic(partition.topic);
    added->set_partition(partition.partition);
  }
}

void Put(const GroupOffsets& offsets,
         google::protobuf::RepeatedPtrField<v1::CommittedOffset>* out) {
  for (const auto& [topic, entry] : offsets) {
    for (const auto& [partition, offset] : entry.offsets) {
      v1::CommittedOffset* added = out->Add();
      added->set_topic(topic);
      added->set_partition(partition);
      added->set_offset(offset);
    }
  }
}

class GroupService final : public v1::Group::CallbackService {
 public:
  GroupService(GroupCoordinator& coordinator, GroupServiceOptions options)
      : coordinator_(coordinator), options_(std::move(options)) {}

  grpc::ServerUnaryReactor* Join(grpc::CallbackServerContext* context,
                                 const v1::JoinRequest* request,
                                 v1::JoinResponse* response) override {
    return Later(
        context, request->header(),
        [this, request](GroupCoordinator::Done done) {
          JoinArguments arguments = {
              .member_id = request->member_id(),
              .client_id = request->header().client_id(),
              .topics = {request->topics().begin(), request->topics().end()},
              .session_timeout_ms = request->session_timeout_ms(),
              .rebalance_timeout_ms = request->rebalance_timeout_ms()};
          return coordinator_.Join(request->group(), arguments,
                                   std::move(done));
        },
        [response](const GroupReply& reply) {
          response->set_member_id(reply.join.member_id);
          response->set_generation(reply.join.generation);
          Put(reply.join.partitions, response->mutable_partitions());
        });
  }

  grpc::ServerUnaryReactor* Heartbeat(
      grpc::CallbackServerContext* context, const v1::HeartbeatRequest* request,
      v1::HeartbeatResponse* /*response*/) override {
    return Now(context, request->header(), [&] {
      return coordinator_.Heartbeat(request->group(), request->member_id(),
                                    request->generation());
    });
  }

  grpc::ServerUnaryReactor* Leave(grpc::CallbackServerContext* context,
                                  const v1::LeaveRequest* request,
                                  v1::LeaveResponse* /*response*/) override {
    return Now(context, request->header(), [&] {
      return coordinator_.Leave(request->group(), request->member_id());
    });
  }

  grpc::ServerUnaryReactor* CommitOffsets(
      grpc::CallbackServerContext* context,
      const v1::CommitOffsetsRequest* request,
      v1::CommitOffsetsResponse* /*response*/) override {
    return Later(
        context, request->header(),
        [this, request](GroupCoordinator::Done done) {
          CommitArguments arguments = {.member_id = request->member_id(),
                                       .generation = request->generation(),
                                       .rewind = request->rewind()};
          for (const v1::CommittedOffset& offset : request->offsets()) {
            arguments.offsets.push_back({.topic = offset.topic(),
                                         .partition = offset.partition(),
                                         .offset = offset.offset()});
          }
          return coordinator_.Commit(request->group(), arguments,
                                     std::move(done));
        },
        [](const GroupReply&) {});
  }

  grpc::ServerUnaryReactor* FetchOffsets(
      grpc::CallbackServerContext* context,
      const v1::FetchOffsetsRequest* request,
      v1::FetchOffsetsResponse* response) override {
    return Later(
        context, request->header(),
        [this, request](GroupCoordinator::Done done) {
          return coordinator_.FetchOffsets(request->group(), std::move(done));
        },
        [response](const GroupReply& reply) {
          Put(reply.offsets, response->mutable_offsets());
        });
  }

  grpc::ServerUnaryReactor* DescribeGroup(
      grpc::CallbackServerContext* context,
      const v1::DescribeGroupRequest* request,
      v1::DescribeGroupResponse* response) override {
    return Now(context, request->header(), [&] {
      const absl::StatusOr<GroupDescription> group =
          coordinator_.Describe(request->group());
      if (!group.ok()) return group.status();
      response->set_state(group->state);
      response->set_generation(group->generation);
      for (const MemberDescription& member : group->members) {
        v1::GroupMember* added = response->add_members();
        added->set_member_id(member.member_id);
        added->set_client_id(member.client_id);
        Put(member.partitions, added->mutable_partitions());
      }
      Put(group->offsets, response->mutable_offsets());
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* ListGroups(
      grpc::CallbackServerContext* context,
      const v1::ListGroupsRequest* request,
      v1::ListGroupsResponse* response) override {
    return Now(context, request->header(), [&] {
      const absl::StatusOr<std::vector<std::string>> groups =
          coordinator_.List();
      if (!groups.ok()) return groups.status();
      for (const std::string& group : *groups) response->add_groups(group);
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* DeleteGroup(
      grpc::CallbackServerContext* context,
      const v1::DeleteGroupRequest* request,
      v1::DeleteGroupResponse* /*response*/) override {
    return Later(
        context, request->header(),
        [this, request](GroupCoordinator::Done done) {
          return coordinator_.Delete(request->group(), std::move(done));
        },
        [](const GroupReply&) {});
  }

 private:
  absl::Status CheckHeader(const v1::RequestHeader& header) const {
    const std::string ours = options_.ensemble_id();
    if (!ours.empty() && !header.ensemble_id().empty() &&
        header.ensemble_id() != ours) {
      return BrokerError(ErrorKind::kWrongEnsemble,
                         "this broker belongs to another ensemble than the "
                         "one you have pinned");
    }
    if (header.client_id().size() > kMaxClientIdBytes) {
      return BrokerError(
          ErrorKind::kBadRequest,
          absl::StrCat("a client id has at most ", kMaxClientIdBytes,
                       " bytes; found ", header.client_id().size()));
    }
    return absl::OkStatus();
  }

  grpc::Status ToClient(const absl::Status& status) const {
    if (!Is(status, ErrorKind::kNotController)) return ToGrpc(status);
    return ToGrpc(BrokerError(ErrorKind::kNotController, status.message(),
                              options_.controller_address()));
  }

  template <typename Ask>
  grpc::ServerUnaryReactor* Now(grpc::CallbackServerContext* context,
                                const v1::RequestHeader& header, Ask ask) {
    absl::Status status = CheckHeader(header);
    if (status.ok()) status = ask();
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(ToClient(status));
    return reactor;
  }

  template <typename Fill>
  grpc::ServerUnaryReactor* Later(grpc::CallbackServerContext* context,
                                  const v1::RequestHeader& header,
                                  const Start& start, Fill fill) {
    const absl::Status status = CheckHeader(header);
    if (!status.ok()) {
      grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
      reactor->Finish(ToClient(status));
      return reactor;
    }
    // The reactor may be gone as soon as it is finished.
    const auto waiting = std::make_shared<Waiting>(coordinator_);
    auto* reactor = new Reactor(waiting);
    waiting->Started(start([this, reactor, fill](const GroupReply& reply) {
      if (reply.status.ok()) fill(reply);
      reactor->Finish(ToClient(reply.status));
    }));
    return reactor;
  }

  GroupCoordinator& coordinator_;
  const GroupServiceOptions options_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeGroupService(GroupCoordinator& coordinator,
                                                GroupServiceOptions options) {
  return std::make_unique<GroupService>(coordinator, std::move(options));
}

}  // namespace quorate::broker
