// ProducerCore: what is due: batches to be sent, and those that are too late.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/client/cluster_view.h"
#include "broker/client/producer_core.h"
#include "broker/client/topic_partition.h"
#include "broker/error/broker_error.h"
#include "broker/record/record_batch.h"
#include "coord/base/check.h"
#include "coord/client/error.h"

namespace quorate::broker {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
// The answer to a call whose time was over with the batch's comes by then.
constexpr int64_t kGraceMs = 500;
// Of one call: far below what a message may have, as a batch alone may be
// large.
constexpr size_t kMaxCallBytes = 4 << 20;

absl::Status TooLate(int64_t timeout_ms, int32_t attempts, bool under_way,
                     const absl::Status& last) {
  const std::string message = absl::StrCat(
      "not acknowledged within ", timeout_ms, " ms, after ", attempts,
      " attempts",
      last.ok() ? "" : "; the last error: ", std::string(last.message()),
      under_way ? "; the answer to the last attempt is still missing" : "");
  if (last.ok()) return BrokerError(ErrorKind::kRequestTimedOut, message);
  // Its kind says most about the cause.
  const auto info = client::ErrorInfoOf(last);
  if (!info) return absl::Status(last.code(), message);
  return client::MakeError(last.code(), message, *info);
}

}  // namespace

int64_t ProducerCore::DeadlineOf(const Batch& batch) const {
  QUORATE_CHECK(!batch.messages.empty());
  return batch.messages.front().taken_ms + limits_.delivery_timeout_ms;
}

ProducerOutput ProducerCore::TakeOutput(int64_t now_ms, int64_t wall_ms) {
  next_tick_ms_ = kNever;
  if (image_ != nullptr) PlaceWaiting(now_ms, wall_ms);
  for (auto it = topics_.begin(); it != topics_.end();) {
    auto& [name, topic] = *it;
    ExpireWaiting(name, topic, now_ms, wall_ms);
    bool idle = topic.waiting.empty();
    for (auto& [number, partition] : topic.partitions) {
      const TopicPartition where = {name, number};
      Expire(where, partition, now_ms, wall_ms);
      DropSettled(partition);
      if (!partition.batches.empty()) {
        FindDue(where, topic, partition, now_ms, wall_ms);
        DropSettled(partition);
      }
      idle = idle && partition.batches.empty();
    }
    // Names of topics that are none must not pile up.
    if (idle && topic.missing_ms >= 0) {
      if (!topic.partitions.empty()) {
        first_generation_ = identity_.generation + 1;
      }
      it = topics_.erase(it);
    } else {
      ++it;
    }
  }
  if (now_ms >= metadata_taken_ms_ + limits_.metadata_max_age_ms) {
    metadata_wanted_ = true;
  }
  if (metadata_wanted_) {
    AskForMetadata(now_ms);
  } else if (!metadata_asked_) {
    Wake(metadata_taken_ms_ + limits_.metadata_max_age_ms);
  }
  if (identity_wanted_) AskForIdentity(now_ms);
  return std::exchange(output_, {});
}

void ProducerCore::AskForMetadata(int64_t now_ms) {
  if (metadata_asked_) return;
  if (now_ms < metadata_at_ms_) return Wake(metadata_at_ms_);
  metadata_asked_ = true;
  output_.refresh_metadata = true;
}

void ProducerCore::AskForIdentity(int64_t now_ms) {
  if (identity_asked_) return;
  if (now_ms < identity_at_ms_) return Wake(identity_at_ms_);
  identity_asked_ = true;
  output_.init_producer = true;
}

void ProducerCore::ExpireWaiting(const std::string& name, Topic& topic,
                                 int64_t now_ms, int64_t wall_ms) {
  // Only brokers that answer can tell that there is no such topic.
  const bool unknown = image_ != nullptr && topic.missing_ms >= 0 &&
                       now_ms >= topic.missing_ms + limits_.unknown_topic_ms &&
                       metadata_taken_ms_ > topic.missing_ms;
  while (!topic.waiting.empty()) {
    const int64_t deadline_ms =
        topic.waiting.front().taken_ms + limits_.delivery_timeout_ms;
    if (!unknown && now_ms < deadline_ms) {
      Wake(deadline_ms);
      break;
    }
    Pending pending = std::move(topic.waiting.front());
    topic.waiting.pop_front();
    const absl::Status why =
        image_ == nullptr
            ? BrokerError(
                  ErrorKind::kNotReady,
                  absl::StrCat("no broker has shown the cluster within ",
                               limits_.delivery_timeout_ms, " ms"))
            : BrokerError(ErrorKind::kNoTopic,
                          absl::StrCat("there is no topic ", name));
    const TopicPartition where = {name, pending.partition.value_or(-1)};
    GiveUpPending(where, std::move(pending), nullptr, -1, why, now_ms, wall_ms);
  }
  if (topic.waiting.empty()) return;
  metadata_wanted_ = true;
  if (topic.missing_ms >= 0 &&
      now_ms < topic.missing_ms + limits_.unknown_topic_ms) {
    Wake(topic.missing_ms + limits_.unknown_topic_ms);
  }
}

void ProducerCore::Expire(const TopicPartition& where, Partition& partition,
                          int64_t now_ms, int64_t wall_ms) {
  for (Batch& batch : partition.batches) {
    if (batch.settled) continue;
    const bool under_way = batch.call != 0;
    const int64_t deadline_ms = DeadlineOf(batch) + (under_way ? kGraceMs : 0);
    if (now_ms < deadline_ms) {
      Wake(deadline_ms);
      // Those behind it have more time, unless they wait for no answer.
      if (!under_way) break;
      continue;
    }
    GiveUp(where, partition, batch,
           TooLate(limits_.delivery_timeout_ms, batch.attempts, under_way,
                   batch.last_error),
           now_ms, wall_ms);
  }
}

bool ProducerCore::IsClosed(const Batch& batch, int64_t now_ms) {
  if (batch.full || flushing_ || batch.failures > 0) return true;
  const int64_t at_ms = batch.opened_ms + limits_.linger_ms;
  if (now_ms >= at_ms) return true;
  Wake(at_ms);
  return false;
}

// Gives the batch its place in the partition's sequence. False: there is no
// identity for it yet.
bool ProducerCore::GiveIdentity(Partition& partition, Batch& batch) {
  if (partition.identity.generation == 0 || partition.spoiled) {
    if (identity_.generation == partition.identity.generation ||
        identity_.generation < first_generation_) {
      identity_wanted_ = true;
      return false;
    }
    partition.identity = identity_;
    partition.next_sequence = 0;
    partition.spoiled = false;
  }
  batch.identity = partition.identity;
  batch.base_sequence = partition.next_sequence;
  std::vector<Record> records;
  records.reserve(batch.messages.size());
  for (const Pending& pending : batch.messages) {
    records.push_back(pending.record);
  }
  absl::StatusOr<std::string> encoded =
      EncodeBatch({.producer_id = batch.identity.producer_id,
                   .producer_epoch = batch.identity.epoch,
                   .base_sequence = batch.base_sequence},
                  records);
  // Place() has looked at every size.
  QUORATE_CHECK(encoded.ok());
  batch.encoded = std::make_shared<const std::string>(*std::move(encoded));
  partition.next_sequence =
      static_cast<int32_t>((static_cast<int64_t>(batch.base_sequence) +
                            static_cast<int64_t>(records.size())) &
                           0x7fffffff);
  return true;
}

void ProducerCore::FindDue(const TopicPartition& where, Topic& topic,
                           Partition& partition, int64_t now_ms,
                           int64_t wall_ms) {
  const int window = partition.careful ? 1 : limits_.max_in_flight;
  int used = 0;
  // One before it goes by an identity that is used no more: it may yet have to
  // be sent anew, before all that come after it.
  bool old_before = false;
  for (Batch& batch : partition.batches) {
    if (used >= window) break;
    ++used;
    if (batch.settled) continue;
    const bool is_old =
        batch.identity.generation != 0 &&
        (partition.spoiled ||
         batch.identity.generation != partition.identity.generation);
    if (batch.identity.generation == 0 && old_before) break;
    old_before = old_before || is_old;
    if (batch.call != 0) continue;
    if (now_ms < batch.retry_at_ms) {
      Wake(batch.retry_at_ms);
      break;
    }
    if (batch.identity.generation == 0 && !IsClosed(batch, now_ms)) break;
    absl::StatusOr<std::string> address =
        image_ == nullptr
            ? BrokerError(ErrorKind::kNotReady, "no broker has answered yet")
            : LeaderAddress(*image_, where.topic, where.partition);
    if (!address.ok()) {
      const bool gone = topic.missing_ms >= 0 &&
                        now_ms >= topic.missing_ms + limits_.unknown_topic_ms;
      if (!IsWorthRetry(address.status()) ||
          (gone && Is(address.status(), ErrorKind::kNoTopic))) {
        GiveUp(where, partition, batch, address.status(), now_ms, wall_ms);
        continue;
      }
      Fail(batch, partition, address.status(), now_ms);
      break;
    }
    if (batch.identity.generation == 0 && !GiveIdentity(partition, batch)) {
      break;
    }
    Dispatch(where, *address, batch, now_ms);
  }
}

void ProducerCore::Dispatch(const TopicPartition& where,
                            const std::string& address, Batch& batch,
                            int64_t now_ms) {
  const int64_t timeout_ms =
      std::min(limits_.request_timeout_ms, DeadlineOf(batch) - now_ms);
  // Into a call that is being made, unless the partition is in it already.
  ProduceCall* call = nullptr;
  for (ProduceCall& other : output_.calls) {
    if (other.address != address) continue;
    size_t bytes = batch.encoded->size();
    bool there = false;
    for (const ProduceCall::Batch& in : other.batches) {
      bytes += in.bytes->size();
      there = there || in.partition == where;
    }
    if (there || bytes > kMaxCallBytes) continue;
    call = &other;
    break;
  }
  if (call == nullptr) {
    output_.calls.push_back({.id = ++last_call_, .address = address});
    call = &output_.calls.back();
  }
  call->timeout_ms = std::max(call->timeout_ms, timeout_ms);
  call->batches.push_back({.partition = where, .bytes = batch.encoded});
  calls_[call->id].push_back(where);
  batch.call = call->id;
  ++batch.attempts;
  Wake(DeadlineOf(batch) + kGraceMs);
}

}  // namespace quorate::broker
