#include "broker/client/consumer_driver.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/call_status.h"
#include "broker/client/channels.h"
#include "broker/client/clock.h"
#include "broker/client/cluster.h"
#include "broker/client/consumer.h"
#include "broker/client/fetch_core.h"
#include "broker/client/group_member.h"
#include "broker/client/list_offset.h"
#include "broker/client/topic_partition.h"
#include "broker/error/broker_error.h"
#include "broker/error/error_wire.h"
#include "broker/image/cluster_image.h"
#include "coord/base/check.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "proto/broker/v1/broker.grpc.pb.h"
#include "proto/broker/v1/broker.pb.h"

namespace quorate::broker {
namespace {

// A call ends so long after the leader was to answer.
constexpr int64_t kAnswerMs = 5'000;

uint64_t RandomBits() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

std::vector<FetchAnswer> AnswersOf(v1::FetchResponse& response) {
  std::vector<FetchAnswer> answers;
  for (v1::FetchResult& result : *response.mutable_results()) {
    answers.push_back({.status = result.has_error() ? FromWire(result.error())
                                                    : absl::OkStatus(),
                       .high_watermark = result.high_watermark(),
                       .log_start_offset = result.log_start_offset(),
                       .batches = std::move(*result.mutable_batches())});
  }
  return answers;
}

}  // namespace

struct ConsumerDriver::Call {
  uint64_t id = 0;
  grpc::ClientContext context;
  std::unique_ptr<v1::Broker::Stub> stub;
  v1::FetchRequest request;
  v1::FetchResponse response;
};

ConsumerDriver::ConsumerDriver(ConsumerOptions options,
                               std::shared_ptr<Cluster> cluster)
    : options_(std::move(options)),
      cluster_(std::move(cluster)),
      core_(options_.fetch, RandomBits()) {
  asker_ = std::thread([this] { Ask(); });
  if (!options_.topics.empty()) {
    member_ = std::make_unique<GroupMember>(
        cluster_,
        GroupMember::Options{
            .group = options_.group,
            .topics = options_.topics,
            .session_timeout_ms = options_.session_timeout_ms,
            .rebalance_timeout_ms = options_.rebalance_timeout_ms},
        [this] {
          const Lock lock(mutex_);
          changed_.notify_all();
        });
  }
}

ConsumerDriver::~ConsumerDriver() { QUORATE_CHECK(closed_); }

// --- Reading -----------------------------------------------------------------

absl::StatusOr<std::vector<ConsumedRecord>> ConsumerDriver::Poll(
    int64_t timeout_ms) {
  const int64_t deadline_ms = MonotonicMs() + timeout_ms;
  if (closed_) return absl::FailedPreconditionError("the consumer is closed");
  AutoCommit();
  for (;;) {
    FollowGroup();
    Lock lock(mutex_);
    Pump(lock);
    // Not while the group wants its partitions back.
    const bool may_read =
        member_ == nullptr || member_->state() == GroupMember::State::kJoined;
    if (may_read) {
      std::vector<ConsumedRecord> records =
          core_.TakeRecords(options_.max_records);
      if (!records.empty()) {
        Pump(lock);
        return records;
      }
    }
    absl::Status error = core_.error();
    if (error.ok() && member_ != nullptr) error = member_->error();
    if (!error.ok()) return error;
    const int64_t now_ms = MonotonicMs();
    if (now_ms >= deadline_ms || std::exchange(woken_, false)) {
      return std::vector<ConsumedRecord>();
    }
    if (member_ != nullptr && !assigned_ &&
        member_->state() == GroupMember::State::kJoined) {
      continue;
    }
    const int64_t until_ms = std::min(deadline_ms, core_.NextTick());
    if (until_ms > now_ms) {
      changed_.wait_for(lock, std::chrono::milliseconds(until_ms - now_ms));
    }
  }
}

void ConsumerDriver::Wake() {
  const Lock lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

void ConsumerDriver::Pump(Lock& lock) {
  if (stopping_) return;
  FetchOutput output = core_.TakeOutput(MonotonicMs());
  for (OffsetQuestion& question : output.questions) {
    questions_.push_back(std::move(question));
  }
  if (output.refresh_metadata) refresh_ = true;
  if (refresh_ || !questions_.empty()) ask_.notify_one();
  if (output.calls.empty()) return;
  lock.unlock();
  for (const FetchCall& call : output.calls) StartCall(call);
  lock.lock();
}

void ConsumerDriver::StartCall(const FetchCall& order) {
  auto owned = std::make_unique<Call>();
  Call* call = owned.get();
  call->id = order.id;
  SetTimeout(call->context, options_.fetch.wait_ms + kAnswerMs);
  cluster_->FillHeader(*call->request.mutable_header());
  call->request.set_replica_id(-1);
  call->request.set_max_wait_ms(static_cast<uint32_t>(options_.fetch.wait_ms));
  call->request.set_max_bytes(options_.fetch.max_bytes);
  for (const FetchCall::Wanted& wanted : order.partitions) {
    v1::FetchPartition& wire = *call->request.add_partitions();
    wire.set_topic(wanted.partition.topic);
    wire.set_partition(wanted.partition.partition);
    wire.set_offset(wanted.offset);
    wire.set_leader_epoch(-1);
    wire.set_last_fetched_epoch(-1);
  }
  call->stub = v1::Broker::NewStub(cluster_->ChannelTo(order.address));
  {
    const Lock lock(mutex_);
    calls_.emplace(call->id, std::move(owned));
    if (stopping_) call->context.TryCancel();
  }
  call->stub->async()->Fetch(&call->context, &call->request, &call->response,
                             [this, call](const grpc::Status& status) {
                               OnAnswered(call, CallStatus(status));
                             });
}

void ConsumerDriver::OnAnswered(Call* call, const absl::Status& status) {
  std::vector<FetchAnswer> answers = AnswersOf(call->response);
  std::unique_ptr<Call> owned;
  Lock lock(mutex_);
  core_.OnFetched(call->id, status, std::move(answers), MonotonicMs());
  // The next fetch, even if the user is busy with what there is.
  Pump(lock);
  const auto it = calls_.find(call->id);
  owned = std::move(it->second);
  calls_.erase(it);
  changed_.notify_all();
}

void ConsumerDriver::Ask() {
  Lock lock(mutex_);
  for (;;) {
    ask_.wait(lock,
              [this] { return stopping_ || refresh_ || !questions_.empty(); });
    if (stopping_) return;
    const int64_t timeout_ms = options_.client.call_timeout_ms;
    if (std::exchange(refresh_, false)) {
      lock.unlock();
      absl::StatusOr<std::shared_ptr<const ClusterImage>> image =
          cluster_->Refresh(MonotonicMs() + timeout_ms);
      lock.lock();
      if (image.ok()) {
        core_.OnImage(*std::move(image), MonotonicMs());
      } else {
        core_.OnMetadataFailed(image.status(), MonotonicMs());
      }
    } else {
      const OffsetQuestion question = std::move(questions_.front());
      questions_.pop_front();
      lock.unlock();
      const absl::StatusOr<int64_t> offset =
          ListOffset(*cluster_, question.partition, question.at, 0,
                     MonotonicMs() + timeout_ms);
      lock.lock();
      core_.OnOffset(question.turn, offset, MonotonicMs());
    }
    Pump(lock);
    changed_.notify_all();
  }
}

// --- Positions ---------------------------------------------------------------

absl::Status ConsumerDriver::Assign(
    const std::map<TopicPartition, std::optional<int64_t>>& partitions) {
  if (member_ != nullptr) {
    return absl::FailedPreconditionError(
        "the group assigns the partitions of a consumer that has topics");
  }
  std::map<TopicPartition, std::optional<int64_t>> all = partitions;
  if (!options_.group.empty()) {
    const absl::StatusOr<Offsets> committed = Committed();
    if (!committed.ok()) return committed.status();
    committed_ = *committed;
    for (auto& [where, position] : all) {
      const auto it = committed->find(where);
      if (!position.has_value() && it != committed->end()) {
        position = it->second;
      }
    }
  }
  Lock lock(mutex_);
  core_.Assign(all);
  Pump(lock);
  return absl::OkStatus();
}

std::vector<TopicPartition> ConsumerDriver::Assignment() const {
  const Lock lock(mutex_);
  return core_.Assignment();
}

bool ConsumerDriver::Seek(const TopicPartition& partition, int64_t offset) {
  const Lock lock(mutex_);
  rewound_.insert(partition);
  return core_.Seek(partition, offset);
}

bool ConsumerDriver::SeekTo(const TopicPartition& partition, OffsetAt at) {
  const Lock lock(mutex_);
  rewound_.insert(partition);
  return core_.SeekTo(partition, at);
}

Offsets ConsumerDriver::Positions() const {
  const Lock lock(mutex_);
  return core_.Positions();
}

Offsets ConsumerDriver::HighWatermarks() const {
  const Lock lock(mutex_);
  return core_.HighWatermarks();
}

// --- The group ---------------------------------------------------------------

void ConsumerDriver::FollowGroup() {
  if (member_ == nullptr) return;
  const GroupMember::State state = member_->state();
  if (state == GroupMember::State::kRevoking ||
      state == GroupMember::State::kLost) {
    const bool lost = state == GroupMember::State::kLost;
    if (assigned_ && options_.on_revoked) {
      options_.on_revoked(Assignment(), lost);
    }
    if (assigned_ && !lost && options_.auto_commit) {
      // If it fails, records since the last commit come again.
      static_cast<void>(Commit(Positions()));
    }
    assigned_ = false;
    {
      const Lock lock(mutex_);
      core_.Assign({});
    }
    member_->Rejoin();
    return;
  }
  if (state != GroupMember::State::kJoined) return;
  const auto assignment = member_->TakeAssignment();
  if (!assignment.has_value()) return;
  committed_.clear();
  for (const auto& [where, offset] : *assignment) {
    if (offset.has_value()) committed_[where] = *offset;
  }
  {
    Lock lock(mutex_);
    rewound_.clear();
    core_.Assign(*assignment);
  }
  assigned_ = true;
  if (options_.on_assigned) options_.on_assigned(Assignment());
}

absl::Status ConsumerDriver::Commit(const Offsets& offsets) {
  if (options_.group.empty()) {
    return absl::FailedPreconditionError(
        "there is no group whose offsets could be committed");
  }
  Offsets forward;
  Offsets back;
  {
    const Lock lock(mutex_);
    for (const auto& [where, offset] : offsets) {
      const auto it = committed_.find(where);
      if (it != committed_.end() && it->second == offset) continue;
      const bool rewind = it != committed_.end() && offset < it->second &&
                          rewound_.count(where) != 0;
      (rewind ? back : forward)[where] = offset;
    }
  }
  const Membership as =
      member_ == nullptr ? Membership() : member_->membership();
  const int64_t deadline_ms = MonotonicMs() + options_.session_timeout_ms;
  for (const bool rewind : {false, true}) {
    const Offsets& some = rewind ? back : forward;
    const absl::Status status =
        CommitOffsets(*cluster_, options_.group, as, some, rewind, deadline_ms);
    if (Is(status, ErrorKind::kFencedGeneration) ||
        Is(status, ErrorKind::kUnknownMember)) {
      if (member_ != nullptr) member_->Lose(status);
    }
    if (!status.ok()) return status;
    for (const auto& [where, offset] : some) committed_[where] = offset;
  }
  committed_ms_ = MonotonicMs();
  return absl::OkStatus();
}

void ConsumerDriver::AutoCommit() {
  if (!options_.auto_commit || options_.group.empty()) return;
  if (member_ != nullptr && !assigned_) return;
  if (MonotonicMs() < committed_ms_ + options_.auto_commit_ms) return;
  // If it fails, the next one has all that this one had.
  static_cast<void>(Commit(Positions()));
  committed_ms_ = MonotonicMs();
}

absl::StatusOr<Offsets> ConsumerDriver::Committed() {
  if (options_.group.empty()) {
    return absl::FailedPreconditionError("there is no group");
  }
  return FetchOffsets(*cluster_, options_.group,
                      MonotonicMs() + options_.session_timeout_ms);
}

absl::Status ConsumerDriver::Close() {
  if (closed_) return absl::OkStatus();
  closed_ = true;
  absl::Status status;
  const bool reads = member_ == nullptr || assigned_;
  if (reads && options_.auto_commit && !options_.group.empty()) {
    status = Commit(Positions());
  }
  if (member_ != nullptr) {
    member_->Leave(MonotonicMs() + 2'000);
    member_ = nullptr;
  }
  {
    const Lock lock(mutex_);
    stopping_ = true;
    ask_.notify_all();
    for (auto& [id, call] : calls_) call->context.TryCancel();
  }
  cluster_->Cancel();
  asker_.join();
  Lock lock(mutex_);
  changed_.wait(lock, [this] { return calls_.empty(); });
  return status;
}

}  // namespace quorate::broker
