// Consumer groups of a FakeCluster: a member that comes or goes begins a
// rebalance, which ends when all others have joined again.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/client/testing/fake_cluster.h"
#include "broker/client/testing/fake_node.h"
#include "broker/client/topic_partition.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "grpcpp/support/status.h"
#include "proto/broker/v1/group.pb.h"

namespace quorate::broker {

// All have joined: in turns, in the order of their names.
void FakeCluster::Node::Assign(FakeCluster::Group& group) {
  ++group.generation;
  group.rebalancing = false;
  std::vector<Member*> members;
  std::vector<TopicPartition> partitions;
  for (auto& [id, member] : group.members) {
    member.assigned.clear();
    members.push_back(&member);
  }
  for (const auto& [name, topic] : cluster_.image_.topics) {
    for (size_t p = 0; p < topic.partitions.size(); ++p) {
      partitions.push_back({name, static_cast<int32_t>(p)});
    }
  }
  size_t next = 0;
  for (const TopicPartition& partition : partitions) {
    for (size_t tried = 0; tried < members.size(); ++tried) {
      Member& member = *members[next++ % members.size()];
      bool wants = false;
      for (const std::string& topic : member.topics) {
        wants = wants || topic == partition.topic;
      }
      if (!wants) continue;
      member.assigned.push_back(partition);
      break;
    }
  }
}

absl::StatusOr<FakeCluster::Group*> FakeCluster::Node::MemberOf(
    const std::string& name, const std::string& member, int32_t generation) {
  FakeCluster::Group& group = cluster_.groups_[name];
  if (group.members.count(member) == 0) {
    return BrokerError(ErrorKind::kUnknownMember, "you are no member");
  }
  if (generation != group.generation) {
    return BrokerError(ErrorKind::kFencedGeneration, "that was before");
  }
  return &group;
}

grpc::Status FakeCluster::Node::Join(Context* context,
                                     const v1::JoinRequest* request,
                                     v1::JoinResponse* response) {
  return ServeAsController(Method::kJoin, request->header(), [&](Lock& lock) {
    FakeCluster::Group& group = cluster_.groups_[request->group()];
    std::string id = request->member_id();
    if (id.empty()) {
      id = absl::StrCat("member-", group.next_member++);
    } else if (group.members.count(id) == 0) {
      return BrokerError(ErrorKind::kUnknownMember, "you are no member");
    }
    Member& member = group.members[id];
    member.topics = {request->topics().begin(), request->topics().end()};
    member.joined = true;
    group.rebalancing = true;
    const int32_t before = group.generation;
    const auto all = [&group] {
      for (const auto& [name, other] : group.members) {
        if (!other.joined) return false;
      }
      return true;
    };
    while (group.generation == before && !all() && !cluster_.stopping_ &&
           !context->IsCancelled()) {
      cluster_.changed_.wait_for(lock, std::chrono::milliseconds(10));
    }
    if (group.generation == before) {
      Assign(group);
      for (auto& [name, other] : group.members) other.joined = false;
      cluster_.changed_.notify_all();
    }
    response->set_member_id(id);
    response->set_generation(group.generation);
    for (const TopicPartition& partition : group.members[id].assigned) {
      v1::GroupPartition& wire = *response->add_partitions();
      wire.set_topic(partition.topic);
      wire.set_partition(partition.partition);
    }
    return absl::OkStatus();
  });
}

grpc::Status FakeCluster::Node::Heartbeat(Context*,
                                          const v1::HeartbeatRequest* request,
                                          v1::HeartbeatResponse*) {
  return ServeAsController(
      Method::kHeartbeat, request->header(), [&](Lock&) -> absl::Status {
        const auto group = MemberOf(request->group(), request->member_id(),
                                    request->generation());
        if (!group.ok()) return group.status();
        if ((*group)->rebalancing) {
          return BrokerError(ErrorKind::kRebalanceInProgress, "join again");
        }
        return absl::OkStatus();
      });
}

grpc::Status FakeCluster::Node::Leave(Context*, const v1::LeaveRequest* request,
                                      v1::LeaveResponse*) {
  return ServeAsController(Method::kLeave, request->header(), [&](Lock&) {
    FakeCluster::Group& group = cluster_.groups_[request->group()];
    if (group.members.erase(request->member_id()) == 0) {
      return BrokerError(ErrorKind::kUnknownMember, "you are no member");
    }
    group.rebalancing = !group.members.empty();
    return absl::OkStatus();
  });
}

grpc::Status FakeCluster::Node::CommitOffsets(
    Context*, const v1::CommitOffsetsRequest* request,
    v1::CommitOffsetsResponse*) {
  return ServeAsController(
      Method::kCommitOffsets, request->header(), [&](Lock&) -> absl::Status {
        FakeCluster::Group& group = cluster_.groups_[request->group()];
        if (request->generation() < 0) {
          if (!group.members.empty()) {
            return BrokerError(ErrorKind::kGroupNotEmpty, "it has members");
          }
        } else {
          const auto member = MemberOf(request->group(), request->member_id(),
                                       request->generation());
          if (!member.ok()) return member.status();
        }
        for (const v1::CommittedOffset& offset : request->offsets()) {
          int64_t& committed =
              group.offsets[{offset.topic(), offset.partition()}];
          committed = request->rewind() ? offset.offset()
                                        : std::max(committed, offset.offset());
        }
        return absl::OkStatus();
      });
}

grpc::Status FakeCluster::Node::FetchOffsets(
    Context*, const v1::FetchOffsetsRequest* request,
    v1::FetchOffsetsResponse* response) {
  return ServeAsController(
      Method::kFetchOffsets, request->header(), [&](Lock&) {
        for (const auto& [partition, offset] :
             cluster_.groups_[request->group()].offsets) {
          v1::CommittedOffset& wire = *response->add_offsets();
          wire.set_topic(partition.topic);
          wire.set_partition(partition.partition);
          wire.set_offset(offset);
        }
        return absl::OkStatus();
      });
}

grpc::Status FakeCluster::Node::DescribeGroup(
    Context*, const v1::DescribeGroupRequest* request,
    v1::DescribeGroupResponse* response) {
  return ServeAsController(
      Method::kDescribeGroup, request->header(), [&](Lock&) -> absl::Status {
        if (cluster_.groups_.count(request->group()) == 0) {
          return BrokerError(ErrorKind::kNoGroup, "it has never been");
        }
        const FakeCluster::Group& group = cluster_.groups_[request->group()];
        response->set_state(group.members.empty() ? "empty"
                            : group.rebalancing   ? "rebalancing"
                                                  : "stable");
        response->set_generation(group.generation);
        for (const auto& [id, member] : group.members) {
          v1::GroupMember& wire = *response->add_members();
          wire.set_member_id(id);
          for (const TopicPartition& partition : member.assigned) {
            v1::GroupPartition& part = *wire.add_partitions();
            part.set_topic(partition.topic);
            part.set_partition(partition.partition);
          }
        }
        for (const auto& [partition, offset] : group.offsets) {
          v1::CommittedOffset& wire = *response->add_offsets();
          wire.set_topic(partition.topic);
          wire.set_partition(partition.partition);
          wire.set_offset(offset);
        }
        return absl::OkStatus();
      });
}

grpc::Status FakeCluster::Node::DeleteGroup(
    Context*, const v1::DeleteGroupRequest* request, v1::DeleteGroupResponse*) {
  return ServeAsController(Method::kDeleteGroup, request->header(), [&](Lock&) {
    const auto it = cluster_.groups_.find(request->group());
    if (it == cluster_.groups_.end()) {
      return BrokerError(ErrorKind::kNoGroup, "it has never been");
    }
    if (!it->second.members.empty()) {
      return BrokerError(ErrorKind::kGroupNotEmpty, "it has members");
    }
    cluster_.groups_.erase(it);
    return absl::OkStatus();
  });
}

grpc::Status FakeCluster::Node::ListGroups(Context*,
                                           const v1::ListGroupsRequest* request,
                                           v1::ListGroupsResponse* response) {
  return ServeAsController(Method::kListGroups, request->header(), [&](Lock&) {
    for (const auto& [name, group] : cluster_.groups_) {
      response->add_groups(name);
    }
    return absl::OkStatus();
  });
}

}  // namespace quorate::broker
