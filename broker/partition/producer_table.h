// ProducerTable: what a partition knows of the idempotent producers that have
// written to it. Made from the log alone, so every replica has the same.
//
// Bounded: of each producer the last five batches; when there are too many
// producers, the one that has not written for longest is forgotten. One that is
// not known must begin at sequence 0. Not thread-safe.

#ifndef QUORATE_BROKER_PARTITION_PRODUCER_TABLE_H_
#define QUORATE_BROKER_PARTITION_PRODUCER_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "absl/status/statusor.h"
#include "broker/record/record_batch.h"

namespace quorate::broker {

class ProducerTable {
 public:
  static constexpr size_t kBatches = 5;

  explicit ProducerTable(size_t max_producers = 10'000)
      : max_producers_(max_producers) {}

  struct Held {
    int64_t base_offset = 0;
    int64_t end_offset = 0;

    bool operator==(const Held&) const = default;
  };
  // Whether a leader may append the batch. Where it is already; nothing: it is
  // new. Errors: OutOfOrderSequence, FencedProducer.
  absl::StatusOr<std::optional<Held>> Check(const BatchHeader& header) const;
  // It was appended. Takes it as it is.
  void Add(const BatchHeader& header);
  void Clear();

  size_t size() const { return producers_.size(); }

 private:
  struct Batch {
    int32_t base_sequence = 0;
    int32_t record_count = 0;
    int64_t base_offset = 0;
  };
  struct Producer {
    int32_t epoch = 0;
    int32_t next_sequence = 0;
    int64_t last_offset = 0;
    std::deque<Batch> batches = {};  // the newest last
  };

  const size_t max_producers_;
  std::map<uint64_t, Producer> producers_;
  std::map<int64_t, uint64_t> by_offset_;  // last_offset to producer id
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_PARTITION_PRODUCER_TABLE_H_
