#include "broker/partition/producer_table.h"

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/error/broker_error.h"
#include "broker/record/record_batch.h"

namespace quorate::broker {
namespace {

absl::Status OutOfOrder(const BatchHeader& header, int32_t expected) {
  return BrokerError(
      ErrorKind::kOutOfOrderSequence,
      absl::StrCat("producer ", header.producer_id, " sends sequence ",
                   header.base_sequence, ", expected ", expected));
}

}  // namespace

absl::StatusOr<std::optional<ProducerTable::Held>> ProducerTable::Check(
    const BatchHeader& header) const {
  if (header.producer_id == 0) return std::nullopt;
  const auto found = producers_.find(header.producer_id);
  if (found == producers_.end() ||
      found->second.epoch < header.producer_epoch) {
    if (header.base_sequence != 0) return OutOfOrder(header, 0);
    return std::nullopt;
  }
  const Producer& producer = found->second;
  if (header.producer_epoch < producer.epoch) {
    return BrokerError(
        ErrorKind::kFencedProducer,
        absl::StrCat("producer ", header.producer_id, " has epoch ",
                     producer.epoch, " now; this batch is of ",
                     header.producer_epoch));
  }
  for (const Batch& batch : producer.batches) {
    if (batch.base_sequence == header.base_sequence &&
        batch.record_count == header.record_count) {
      return Held{batch.base_offset, batch.base_offset + batch.record_count};
    }
  }
  if (header.base_sequence != producer.next_sequence) {
    return OutOfOrder(header, producer.next_sequence);
  }
  return std::nullopt;
}

void ProducerTable::Add(const BatchHeader& header) {
  if (header.producer_id == 0) return;
  const auto [at, is_new] = producers_.try_emplace(header.producer_id);
  Producer& producer = at->second;
  if (!is_new) by_offset_.erase(producer.last_offset);
  if (producer.epoch != header.producer_epoch) producer.batches.clear();
  producer.epoch = header.producer_epoch;
  producer.next_sequence =
      static_cast<int32_t>((int64_t{header.last_sequence()} + 1) & 0x7fffffff);
  producer.last_offset = header.base_offset;
  producer.batches.push_back(
      {header.base_sequence, header.record_count, header.base_offset});
  if (producer.batches.size() > kBatches) producer.batches.pop_front();
  by_offset_[header.base_offset] = header.producer_id;
  if (producers_.size() > max_producers_) {
    producers_.erase(by_offset_.begin()->second);
    by_offset_.erase(by_offset_.begin());
  }
}

void ProducerTable::Clear() {
  producers_.clear();
  by_offset_.clear();
}

}  // namespace quorate::broker
