#include "broker/client/group_member.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/clock.h"
#include "broker/client/cluster.h"
#include "broker/client/topic_partition.h"
#include "broker/error/broker_error.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "proto/broker/v1/group.grpc.pb.h"
#include "proto/broker/v1/group.pb.h"

namespace quorate::broker {
namespace {

using ChannelPtr = std::shared_ptr<grpc::Channel>;

// A session has time for so many heartbeats.
constexpr int64_t kBeatsPerSession = 4;
// After an attempt to join that has failed.
constexpr int64_t kPauseMs = 200;
// The coordinator's answer to a join comes so long after the time-out at most.
constexpr int64_t kJoinSlackMs = 5'000;

}  // namespace

absl::Status CommitOffsets(Cluster& cluster, const std::string& group,
                           const Membership& as, const Offsets& offsets,
                           bool rewind, int64_t deadline_ms) {
  if (offsets.empty()) return absl::OkStatus();
  return cluster.CallController(deadline_ms, [&](const ChannelPtr& channel,
                                                 grpc::ClientContext& context) {
    v1::CommitOffsetsRequest request;
    v1::CommitOffsetsResponse response;
    cluster.FillHeader(*request.mutable_header());
    request.set_group(group);
    request.set_member_id(as.member_id);
    request.set_generation(as.generation);
    request.set_rewind(rewind);
    for (const auto& [partition, offset] : offsets) {
      v1::CommittedOffset& wire = *request.add_offsets();
      wire.set_topic(partition.topic);
      wire.set_partition(partition.partition);
      wire.set_offset(offset);
    }
    return v1::Group::NewStub(channel)->CommitOffsets(&context, request,
                                                      &response);
  });
}

absl::StatusOr<Offsets> FetchOffsets(Cluster& cluster, const std::string& group,
                                     int64_t deadline_ms) {
  v1::FetchOffsetsResponse response;
  const absl::Status status = cluster.CallController(
      deadline_ms,
      [&](const ChannelPtr& channel, grpc::ClientContext& context) {
        v1::FetchOffsetsRequest request;
        cluster.FillHeader(*request.mutable_header());
        request.set_group(group);
        return v1::Group::NewStub(channel)->FetchOffsets(&context, request,
                                                         &response);
      });
  Offsets offsets;
  // A group that has never been has committed nothing.
  if (Is(status, ErrorKind::kNoGroup)) return offsets;
  if (!status.ok()) return status;
  for (const v1::CommittedOffset& offset : response.offsets()) {
    offsets[{offset.topic(), offset.partition()}] = offset.offset();
  }
  return offsets;
}

GroupMember::GroupMember(std::shared_ptr<Cluster> cluster, Options options,
                         std::function<void()> on_change)
    : cluster_(std::move(cluster)),
      options_(std::move(options)),
      on_change_(std::move(on_change)) {
  thread_ = std::thread([this] { Run(); });
}

GroupMember::~GroupMember() { Stop(); }

void GroupMember::Stop() {
  {
    Lock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
    // A join may wait for long; and when one call is ended, it may be just
    // about to begin another.
    while (!ended_) {
      lock.unlock();
      cluster_->Interrupt();
      lock.lock();
      wake_.wait_for(lock, std::chrono::milliseconds(20));
    }
  }
  if (thread_.joinable()) thread_.join();
}

GroupMember::State GroupMember::state() const {
  const Lock lock(mutex_);
  return state_;
}

absl::Status GroupMember::error() const {
  const Lock lock(mutex_);
  return error_;
}

Membership GroupMember::membership() const {
  const Lock lock(mutex_);
  return membership_;
}

std::optional<std::map<TopicPartition, std::optional<int64_t>>>
GroupMember::TakeAssignment() {
  const Lock lock(mutex_);
  return std::exchange(assignment_, std::nullopt);
}

void GroupMember::Rejoin() {
  const Lock lock(mutex_);
  SetState(State::kJoining);
  wake_.notify_all();
}

void GroupMember::Lose(const absl::Status& why) {
  const Lock lock(mutex_);
  if (state_ == State::kJoining) return;
  if (Is(why, ErrorKind::kUnknownMember)) membership_.member_id.clear();
  SetState(State::kLost);
}

void GroupMember::SetState(State state) { state_ = state; }

void GroupMember::Leave(int64_t deadline_ms) {
  Stop();
  std::string member_id;
  {
    const Lock lock(mutex_);
    member_id = membership_.member_id;
  }
  if (member_id.empty()) return;
  // Without an answer its session runs out.
  static_cast<void>(cluster_->CallController(
      deadline_ms,
      [&](const ChannelPtr& channel, grpc::ClientContext& context) {
        v1::LeaveRequest request;
        v1::LeaveResponse response;
        cluster_->FillHeader(*request.mutable_header());
        request.set_group(options_.group);
        request.set_member_id(member_id);
        return v1::Group::NewStub(channel)->Leave(&context, request, &response);
      }));
}

// --- The thread --------------------------------------------------------------

void GroupMember::Run() {
  Lock lock(mutex_);
  while (!stopping_) {
    const State before = state_;
    const absl::Status error_before = error_;
    int64_t pause_ms = options_.session_timeout_ms / kBeatsPerSession;
    if (state_ == State::kJoining) {
      Join(lock);
      if (state_ == State::kJoining) pause_ms = kPauseMs;
    } else if (state_ != State::kLost) {
      Beat(lock);
    }
    if (stopping_) break;
    if (state_ != before || error_ != error_before) {
      lock.unlock();
      on_change_();
      lock.lock();
    }
    const State now = state_;
    if (stopping_ || (before != State::kJoining && now == State::kJoining)) {
      continue;
    }
    wake_.wait_for(lock, std::chrono::milliseconds(pause_ms), [this, now] {
      return stopping_ || (state_ == State::kJoining && now != state_);
    });
  }
  ended_ = true;
  wake_.notify_all();
}

void GroupMember::Join(Lock& lock) {
  v1::JoinRequest request;
  v1::JoinResponse response;
  request.set_group(options_.group);
  request.set_member_id(membership_.member_id);
  for (const std::string& topic : options_.topics) request.add_topics(topic);
  request.set_session_timeout_ms(
      static_cast<uint32_t>(options_.session_timeout_ms));
  request.set_rebalance_timeout_ms(
      static_cast<uint32_t>(options_.rebalance_timeout_ms));
  assignment_.reset();
  lock.unlock();
  const int64_t timeout_ms = options_.rebalance_timeout_ms + kJoinSlackMs;
  absl::Status status = cluster_->CallController(
      MonotonicMs() + timeout_ms,
      [&](const ChannelPtr& channel, grpc::ClientContext& context) {
        cluster_->FillHeader(*request.mutable_header());
        return v1::Group::NewStub(channel)->Join(&context, request, &response);
      },
      nullptr, timeout_ms);
  absl::StatusOr<Offsets> offsets = Offsets();
  if (status.ok()) {
    offsets = FetchOffsets(*cluster_, options_.group,
                           MonotonicMs() + options_.session_timeout_ms);
    // Who does not know where to begin joins again.
    if (!offsets.ok()) status = offsets.status();
  }
  lock.lock();
  if (!response.member_id().empty()) {
    membership_.member_id = response.member_id();
    membership_.generation = response.generation();
  }
  if (!status.ok()) {
    if (Is(status, ErrorKind::kUnknownMember)) membership_.member_id.clear();
    if (!IsWorthRetry(status) && !Is(status, ErrorKind::kUnknownMember) &&
        !Is(status, ErrorKind::kRebalanceInProgress) &&
        !Is(status, ErrorKind::kFencedGeneration) &&
        !absl::IsCancelled(status)) {
      error_ = status;
    }
    return;
  }
  error_ = absl::OkStatus();
  assignment_.emplace();
  for (const v1::GroupPartition& wire : response.partitions()) {
    const TopicPartition partition = {wire.topic(), wire.partition()};
    const auto committed = offsets->find(partition);
    (*assignment_)[partition] = committed == offsets->end()
                                    ? std::nullopt
                                    : std::optional<int64_t>(committed->second);
  }
  SetState(State::kJoined);
}

void GroupMember::Beat(Lock& lock) {
  const Membership as = membership_;
  const int64_t sent_ms = MonotonicMs();
  lock.unlock();
  const absl::Status status = cluster_->CallController(
      sent_ms + options_.session_timeout_ms / 2,
      [&](const ChannelPtr& channel, grpc::ClientContext& context) {
        v1::HeartbeatRequest request;
        v1::HeartbeatResponse response;
        cluster_->FillHeader(*request.mutable_header());
        request.set_group(options_.group);
        request.set_member_id(as.member_id);
        request.set_generation(as.generation);
        return v1::Group::NewStub(channel)->Heartbeat(&context, request,
                                                      &response);
      });
  lock.lock();
  if (state_ != State::kJoined && state_ != State::kRevoking) return;
  if (as.generation != membership_.generation) return;
  if (status.ok()) {
  } else if (Is(status, ErrorKind::kRebalanceInProgress)) {
    SetState(State::kRevoking);
  } else if (Is(status, ErrorKind::kUnknownMember) ||
             Is(status, ErrorKind::kFencedGeneration)) {
    if (Is(status, ErrorKind::kUnknownMember)) membership_.member_id.clear();
    SetState(State::kLost);
  }
  // Without an answer: the coordinator may have moved. It decides whether this
  // is still a member; commits are refused if not.
}

}  // namespace quorate::broker
