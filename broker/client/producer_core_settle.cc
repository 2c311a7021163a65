// ProducerCore: what comes back, and how messages end.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "broker/client/backoff.h"
#include "broker/client/delivery.h"
#include "broker/client/message_id.h"
#include "broker/client/producer_core.h"
#include "broker/client/topic_partition.h"
#include "broker/error/broker_error.h"
#include "broker/record/record_batch.h"
#include "coord/client/error.h"

namespace quorate::broker {
namespace {

std::string KindOf(const absl::Status& status) {
  const auto info = client::ErrorInfoOf(status);
  if (info && !info->kind.empty()) return info->kind;
  return absl::IsDeadlineExceeded(status) || absl::IsUnavailable(status)
             ? "Unreachable"
             : absl::StatusCodeToString(status.code());
}

}  // namespace

void ProducerCore::OnProduced(uint64_t call, const absl::Status& status,
                              const std::vector<ProduceAnswer>& answers,
                              int64_t now_ms, int64_t wall_ms) {
  const auto it = calls_.find(call);
  if (it == calls_.end()) return;
  const std::vector<TopicPartition> places = std::move(it->second);
  calls_.erase(it);
  absl::Status of_all = status;
  if (of_all.ok() && answers.size() != places.size()) {
    of_all = absl::UnavailableError(
        absl::StrCat("the broker answered to ", answers.size(),
                     " batches, it was asked for ", places.size()));
  }
  for (size_t i = 0; i < places.size(); ++i) {
    const auto topic = topics_.find(places[i].topic);
    if (topic == topics_.end()) continue;
    const auto partition = topic->second.partitions.find(places[i].partition);
    if (partition == topic->second.partitions.end()) continue;
    std::deque<Batch>& batches = partition->second.batches;
    for (size_t b = 0; b < batches.size(); ++b) {
      if (batches[b].call != call) continue;
      OnAnswer(places[i], partition->second, b,
               of_all.ok() ? answers[i] : ProduceAnswer{.status = of_all},
               now_ms, wall_ms);
      break;
    }
    DropSettled(partition->second);
  }
  Wake(now_ms);
}

void ProducerCore::OnAnswer(const TopicPartition& where, Partition& partition,
                            size_t index, const ProduceAnswer& answer,
                            int64_t now_ms, int64_t wall_ms) {
  Batch& batch = partition.batches[index];
  batch.call = 0;
  if (answer.status.ok()) {
    partition.careful = false;
    Acknowledge(where, batch, answer, now_ms);
  } else if (Is(answer.status, ErrorKind::kOutOfOrderSequence) ||
             Is(answer.status, ErrorKind::kFencedProducer)) {
    OnOutOfOrder(partition, index, answer.status, now_ms);
  } else if (IsWorthRetry(answer.status)) {
    Fail(batch, partition, answer.status, now_ms);
  } else {
    GiveUp(where, partition, batch, answer.status, now_ms, wall_ms);
  }
}

void ProducerCore::Fail(Batch& batch, Partition& partition,
                        const absl::Status& why, int64_t now_ms) {
  ++batch.failures;
  batch.last_error = why;
  partition.careful = true;
  batch.retry_at_ms = now_ms + BackoffMs(batch.failures, limits_.min_backoff_ms,
                                         limits_.max_backoff_ms, random_);
  if (IsStaleMetadata(why)) metadata_wanted_ = true;
  Wake(batch.retry_at_ms);
}

void ProducerCore::OnOutOfOrder(Partition& partition, size_t index,
                                const absl::Status& why, int64_t now_ms) {
  Batch& batch = partition.batches[index];
  partition.careful = true;
  for (size_t i = 0; i < index; ++i) {
    const Batch& before = partition.batches[i];
    if (before.settled ||
        before.identity.generation != batch.identity.generation) {
      continue;
    }
    // It has overtaken one that is not settled: it comes after it again.
    batch.retry_at_ms = now_ms;
    return;
  }
  // There is a gap before it, so it was not taken, and never will be.
  ++batch.failures;
  batch.last_error = why;
  batch.retry_at_ms = now_ms;
  if (partition.identity.generation == batch.identity.generation) {
    partition.spoiled = true;
  }
  batch.identity = {};
  batch.encoded = nullptr;
}

void ProducerCore::Acknowledge(const TopicPartition& where, Batch& batch,
                               const ProduceAnswer& answer, int64_t now_ms) {
  batch.settled = true;
  int64_t offset = answer.base_offset;
  for (Pending& pending : batch.messages) {
    breaker_.OnDelivered(now_ms);
    Tell(pending.ticket, pending.bytes,
         {.outcome = DeliveryOutcome::kAcknowledged,
          .cause = absl::OkStatus(),
          .message_id = MessageIdOf(pending.record),
          .topic = where.topic,
          .partition = where.partition,
          .offset = offset++,
          .duplicate = answer.duplicate,
          .attempts = batch.attempts,
          .failures = batch.failures,
          .elapsed_ms = now_ms - pending.taken_ms});
  }
  batch.messages.clear();
  batch.encoded = nullptr;
}

void ProducerCore::GiveUp(const TopicPartition& where, Partition& partition,
                          Batch& batch, const absl::Status& why, int64_t now_ms,
                          int64_t wall_ms) {
  batch.settled = true;
  batch.call = 0;
  if (batch.identity.generation != 0 &&
      batch.identity.generation == partition.identity.generation) {
    partition.spoiled = true;
    partition.careful = true;
  }
  int32_t sequence = batch.identity.generation == 0 ? -1 : batch.base_sequence;
  for (Pending& pending : batch.messages) {
    GiveUpPending(where, std::move(pending), &batch, sequence, why, now_ms,
                  wall_ms);
    if (sequence >= 0) sequence = (sequence + 1) & 0x7fffffff;
  }
  batch.messages.clear();
  batch.encoded = nullptr;
  Wake(now_ms);
}

void ProducerCore::GiveUpPending(const TopicPartition& where, Pending pending,
                                 const Batch* batch, int32_t sequence,
                                 const absl::Status& why, int64_t now_ms,
                                 int64_t wall_ms) {
  breaker_.OnDeadLetter(now_ms);
  Delivery delivery = {.outcome = DeliveryOutcome::kFailed,
                       .cause = why,
                       .message_id = MessageIdOf(pending.record),
                       .topic = where.topic,
                       .partition = where.partition,
                       .elapsed_ms = now_ms - pending.taken_ms};
  DeadLetter letter = {.message_id = delivery.message_id,
                       .topic = where.topic,
                       .partition = where.partition,
                       .record = std::move(pending.record),
                       .cause = KindOf(why),
                       .message = std::string(why.message()),
                       .first_ms = pending.taken_wall_ms,
                       .last_ms = wall_ms,
                       .sequence = sequence};
  if (batch != nullptr) {
    delivery.attempts = letter.attempts = batch->attempts;
    delivery.failures = batch->failures;
    letter.producer_id = batch->identity.producer_id;
    letter.producer_epoch = batch->identity.epoch;
  }
  if (!dead_letters_) {
    Tell(pending.ticket, pending.bytes, std::move(delivery));
    return;
  }
  buried_[pending.ticket] = {.bytes = pending.bytes,
                             .delivery = std::move(delivery)};
  output_.burials.push_back(
      {.ticket = pending.ticket, .letter = std::move(letter)});
  Wake(now_ms);
}

void ProducerCore::OnBuried(const std::vector<uint64_t>& tickets,
                            const absl::Status& status, int64_t now_ms) {
  for (const uint64_t ticket : tickets) {
    const auto it = buried_.find(ticket);
    if (it == buried_.end()) continue;
    Buried buried = std::move(it->second);
    buried_.erase(it);
    if (status.ok()) {
      buried.delivery.outcome = DeliveryOutcome::kDeadLettered;
    } else {
      buried.delivery.cause = absl::Status(
          status.code(),
          absl::StrCat("neither delivered (", KindOf(buried.delivery.cause),
                       ": ", std::string(buried.delivery.cause.message()),
                       ") nor kept as a dead letter (",
                       std::string(status.message()), ")"));
    }
    Tell(ticket, buried.bytes, std::move(buried.delivery));
  }
  Wake(now_ms);
}

void ProducerCore::FailStuck(const absl::Status& why, int64_t now_ms,
                             int64_t wall_ms) {
  for (auto& [name, topic] : topics_) {
    while (!topic.waiting.empty()) {
      Pending pending = std::move(topic.waiting.front());
      topic.waiting.pop_front();
      const TopicPartition where = {name, pending.partition.value_or(-1)};
      GiveUpPending(where, std::move(pending), nullptr, -1, why, now_ms,
                    wall_ms);
    }
    for (auto& [number, partition] : topic.partitions) {
      for (Batch& batch : partition.batches) {
        const bool stuck = batch.failures > 0 || batch.identity.generation == 0;
        if (batch.settled || batch.call != 0 || !stuck) continue;
        GiveUp({name, number}, partition, batch, why, now_ms, wall_ms);
      }
      DropSettled(partition);
    }
  }
}

void ProducerCore::GiveUpAll(const absl::Status& why, int64_t now_ms,
                             int64_t wall_ms) {
  FailStuck(why, now_ms, wall_ms);
  for (auto& [name, topic] : topics_) {
    for (auto& [number, partition] : topic.partitions) {
      for (Batch& batch : partition.batches) {
        if (batch.settled) continue;
        GiveUp({name, number}, partition, batch, why, now_ms, wall_ms);
      }
      DropSettled(partition);
    }
  }
}

void ProducerCore::Tell(uint64_t ticket, size_t bytes, Delivery delivery) {
  --unsettled_;
  buffered_bytes_ -= bytes;
  output_.deliveries.push_back(
      {.ticket = ticket, .delivery = std::move(delivery)});
}

void ProducerCore::DropSettled(Partition& partition) {
  while (!partition.batches.empty() && partition.batches.front().settled) {
    partition.batches.pop_front();
  }
  if (partition.batches.empty()) partition.careful = false;
}

}  // namespace quorate::broker
