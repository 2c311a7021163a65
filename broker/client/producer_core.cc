#include "broker/client/producer_core.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/client/backoff.h"
#include "broker/client/message_id.h"
#include "broker/client/partitioner.h"
#include "broker/client/topic_partition.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/record/record_batch.h"
#include "coord/base/check.h"

namespace quorate::broker {
namespace {

constexpr size_t kMaxTopicBytes = 200;
// What the bookkeeping of one message takes, roughly.
constexpr size_t kOverheadBytes = 200;

}  // namespace

ProducerCore::ProducerCore(const ProducerLimits& limits, std::string name,
                           bool dead_letters, uint64_t seed, int64_t now_ms)
    : limits_(limits),
      name_(std::move(name)),
      dead_letters_(dead_letters),
      random_(seed),
      breaker_(limits.breaker),
      identity_at_ms_(now_ms),
      metadata_at_ms_(now_ms),
      metadata_taken_ms_(now_ms),
      next_tick_ms_(now_ms) {
  QUORATE_CHECK(limits.max_in_flight >= 1 && limits.max_in_flight <= 5);
  QUORATE_CHECK(limits.delivery_timeout_ms > 0 && limits.min_backoff_ms > 0);
}

void ProducerCore::Wake(int64_t at_ms) {
  next_tick_ms_ = std::min(next_tick_ms_, at_ms);
}

absl::StatusOr<uint64_t> ProducerCore::Send(Message&& message, int64_t now_ms,
                                            int64_t wall_ms) {
  if (message.topic.empty() || message.topic.size() > kMaxTopicBytes) {
    return BrokerError(
        ErrorKind::kBadRequest,
        absl::StrCat("a topic's name has 1 to ", kMaxTopicBytes,
                     " bytes, this one has ", message.topic.size()));
  }
  Record& record = message.record;
  if (record.timestamp_ms == 0) record.timestamp_ms = wall_ms;
  if (MessageIdOf(record).empty()) {
    record.headers.push_back(
        {.name = kMessageIdHeader,
         .value = absl::StrCat(name_, "-", ++last_message_)});
  }
  const size_t bytes = EncodedSize(record) + kOverheadBytes;
  if (bytes > limits_.max_buffered_bytes) {
    return BrokerError(ErrorKind::kTooLarge,
                       absl::StrCat("the message takes ", bytes,
                                    " bytes, and all that wait may take ",
                                    limits_.max_buffered_bytes, " together"));
  }
  if (buffered_bytes_ + bytes > limits_.max_buffered_bytes) {
    return BrokerError(
        ErrorKind::kOverloaded,
        absl::StrCat("messages of ", buffered_bytes_,
                     " bytes wait for the brokers; the limit is ",
                     limits_.max_buffered_bytes));
  }
  const absl::Status admitted = breaker_.Admit(now_ms);
  if (!admitted.ok()) return admitted;
  const uint64_t ticket = ++last_ticket_;
  buffered_bytes_ += bytes;
  ++unsettled_;
  Pending pending = {.ticket = ticket,
                     .record = std::move(record),
                     .taken_ms = now_ms,
                     .taken_wall_ms = wall_ms,
                     .bytes = bytes,
                     .partition = message.partition};
  Topic& topic = topics_[message.topic];
  if (image_ == nullptr || image_->topics.count(message.topic) == 0 ||
      !topic.waiting.empty()) {
    if (topic.missing_ms < 0) topic.missing_ms = now_ms;
    metadata_wanted_ = true;
    topic.waiting.push_back(std::move(pending));
    Wake(now_ms);
  } else {
    Place(message.topic, topic, std::move(pending), now_ms, wall_ms);
  }
  return ticket;
}

int32_t ProducerCore::Choose(Topic& topic, const TopicState& state,
                             const Record& record) {
  if (record.key.has_value()) {
    return PartitionOfKey(*record.key,
                          static_cast<int32_t>(state.partitions.size()));
  }
  // One batch after the other goes to another partition.
  if (topic.sticky >= 0) {
    const auto it = topic.partitions.find(topic.sticky);
    if (it == topic.partitions.end() || it->second.batches.empty() ||
        !it->second.batches.back().IsOpen()) {
      topic.sticky = -1;
    }
  }
  if (topic.sticky < 0) {
    topic.sticky = NextPartition(state, topic.last_sticky);
    topic.last_sticky = topic.sticky;
  }
  return topic.sticky;
}

// REQUIRES: the image has the topic.
void ProducerCore::Place(const std::string& name, Topic& topic, Pending pending,
                         int64_t now_ms, int64_t wall_ms) {
  const TopicState& state = image_->topics.at(name);
  const auto count = static_cast<int32_t>(state.partitions.size());
  if (count == 0 || pending.partition.value_or(0) >= count ||
      pending.partition.value_or(0) < 0) {
    const int32_t wanted = pending.partition.value_or(0);
    GiveUpPending(
        {name, wanted}, std::move(pending), nullptr, -1,
        BrokerError(ErrorKind::kBadRequest,
                    absl::StrCat("topic ", name, " has ", count,
                                 " partitions, there is no ", wanted)),
        now_ms, wall_ms);
    return;
  }
  const size_t limit = std::min(
      kMaxBatchBytes, static_cast<size_t>(state.config.max_batch_bytes));
  const size_t size = EncodedSize(pending.record);
  if (kBatchHeaderBytes + size > limit) {
    GiveUpPending(
        {name, pending.partition.value_or(-1)}, std::move(pending), nullptr, -1,
        BrokerError(
            ErrorKind::kTooLarge,
            absl::StrCat("the message takes ", kBatchHeaderBytes + size,
                         " bytes, and topic ", name, " allows ", limit)),
        now_ms, wall_ms);
    return;
  }
  const int32_t number = pending.partition.has_value()
                             ? *pending.partition
                             : Choose(topic, state, pending.record);
  Partition& partition = topic.partitions[number];
  const size_t wanted = std::min(limits_.batch_bytes, limit);
  if (!partition.batches.empty()) {
    Batch& last = partition.batches.back();
    if (last.IsOpen() && last.bytes + size > wanted) last.full = true;
  }
  if (partition.batches.empty() || !partition.batches.back().IsOpen()) {
    partition.batches.push_back(
        {.bytes = kBatchHeaderBytes, .opened_ms = now_ms});
    Wake(flushing_ ? now_ms : now_ms + limits_.linger_ms);
  }
  Batch& batch = partition.batches.back();
  batch.bytes += size;
  batch.messages.push_back(std::move(pending));
  if (batch.bytes >= wanted) {
    batch.full = true;
    Wake(now_ms);
  }
}

void ProducerCore::PlaceWaiting(int64_t now_ms, int64_t wall_ms) {
  for (auto& [name, topic] : topics_) {
    if (image_->topics.count(name) == 0) {
      if (topic.missing_ms < 0) topic.missing_ms = now_ms;
      continue;
    }
    topic.missing_ms = -1;
    std::deque<Pending> waiting = std::move(topic.waiting);
    topic.waiting.clear();
    for (Pending& pending : waiting) {
      Place(name, topic, std::move(pending), now_ms, wall_ms);
    }
  }
}

void ProducerCore::OnImage(std::shared_ptr<const ClusterImage> image,
                           int64_t now_ms) {
  QUORATE_CHECK(image != nullptr);
  metadata_asked_ = false;
  metadata_wanted_ = false;
  metadata_taken_ms_ = now_ms;
  const std::shared_ptr<const ClusterImage> before = std::move(image_);
  image_ = std::move(image);
  // Where one has told nothing new, the next question is not so urgent.
  const bool old = before != nullptr && before->version == image_->version &&
                   before->controller.controller_epoch ==
                       image_->controller.controller_epoch;
  metadata_failures_ = old ? metadata_failures_ + 1 : 0;
  metadata_at_ms_ =
      now_ms + BackoffMs(metadata_failures_ + 1, limits_.min_backoff_ms,
                         limits_.max_backoff_ms, random_);
  for (auto& [name, topic] : topics_) {
    // As long as nobody has answered, nobody has missed it.
    if (before == nullptr && topic.missing_ms >= 0) topic.missing_ms = now_ms;
    for (auto& [number, partition] : topic.partitions) {
      const PartitionState* now = image_->Find(name, number);
      const PartitionState* then =
          before == nullptr ? nullptr : before->Find(name, number);
      if (now == nullptr || (then != nullptr && now->leader == then->leader &&
                             now->leader_epoch == then->leader_epoch)) {
        continue;
      }
      // Another leader: what the old one said is no reason to wait.
      for (Batch& batch : partition.batches) batch.retry_at_ms = now_ms;
    }
  }
  Wake(now_ms);
}

void ProducerCore::OnMetadataFailed(const absl::Status& why, int64_t now_ms,
                                    int64_t wall_ms) {
  metadata_asked_ = false;
  ++metadata_failures_;
  metadata_at_ms_ =
      now_ms + BackoffMs(metadata_failures_, limits_.min_backoff_ms,
                         limits_.max_backoff_ms, random_);
  if (!IsWorthRetry(why)) FailStuck(why, now_ms, wall_ms);
  Wake(now_ms);
}

void ProducerCore::OnProducerId(uint64_t id, int32_t epoch, int64_t now_ms) {
  identity_ = {.generation = identity_.generation + 1,
               .producer_id = id,
               .epoch = epoch};
  identity_asked_ = false;
  identity_wanted_ = false;
  identity_failures_ = 0;
  Wake(now_ms);
}

void ProducerCore::OnProducerIdFailed(const absl::Status& why, int64_t now_ms,
                                      int64_t wall_ms) {
  identity_asked_ = false;
  ++identity_failures_;
  identity_at_ms_ =
      now_ms + BackoffMs(identity_failures_, limits_.min_backoff_ms,
                         limits_.max_backoff_ms, random_);
  if (!IsWorthRetry(why)) FailStuck(why, now_ms, wall_ms);
  Wake(now_ms);
}

}  // namespace quorate::broker
