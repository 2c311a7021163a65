#include "broker/processor/run.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/consumed_record.h"
#include "broker/client/consumer.h"
#include "broker/client/offset_at.h"
#include "broker/client/topic_partition.h"
#include "broker/processor/processor.h"

namespace quorate::broker {
namespace {

constexpr int64_t kPollMs = 200;

class Runner {
 public:
  Runner(IdempotentProcessor& processor, RunOptions options)
      : processor_(processor), options_(std::move(options)) {
    options_.consumer.group = processor.group();
    options_.consumer.auto_commit = false;
    options_.consumer.on_assigned =
        [this](const std::vector<TopicPartition>& partitions) {
          OnAssigned(partitions);
        };
  }

  absl::Status Run() {
    absl::StatusOr<std::unique_ptr<Consumer>> created =
        Consumer::Create(options_.consumer);
    if (!created.ok()) return created.status();
    consumer_ = *std::move(created);
    absl::Status status;
    while (status.ok() && !options_.should_stop()) status = Step();
    // The hint; whether it is taken changes nothing.
    static_cast<void>(consumer_->Commit());
    static_cast<void>(consumer_->Close());
    return status;
  }

 private:
  // The database says where to begin. A partition that it does not know was not
  // processed at all, whatever was committed.
  void OnAssigned(const std::vector<TopicPartition>& partitions) {
    assigned_ = absl::OkStatus();
    for (const TopicPartition& partition : partitions) {
      const absl::StatusOr<uint64_t> id = consumer_->TopicId(partition.topic);
      if (!id.ok()) {
        assigned_ = id.status();
        return;
      }
      topic_ids_[partition.topic] = *id;
      const absl::StatusOr<std::optional<int64_t>> position =
          processor_.Position(*id, partition);
      if (!position.ok()) {
        assigned_ = position.status();
        return;
      }
      assigned_ = position->has_value()
                      ? consumer_->Seek(partition, **position)
                      : consumer_->SeekTo(partition, OffsetAt::kEarliest);
      if (!assigned_.ok()) return;
    }
  }

  absl::Status Step() {
    const absl::StatusOr<std::vector<ConsumedRecord>> records =
        consumer_->Poll(kPollMs);
    if (!assigned_.ok()) return assigned_;
    if (!records.ok()) return records.status();
    if (records->empty()) return absl::OkStatus();
    // Records of one topic at a time; those of a partition stay in order.
    std::map<std::string, std::vector<ConsumedRecord>> by_topic;
    for (const ConsumedRecord& record : *records) {
      by_topic[record.partition.topic].push_back(record);
    }
    for (auto& [topic, some] : by_topic) {
      const absl::Status status = ProcessAll(topic_ids_[topic], some);
      if (!status.ok() || options_.should_stop()) return status;
    }
    static_cast<void>(consumer_->Commit());
    return absl::OkStatus();
  }

  absl::Status ProcessAll(uint64_t topic_id,
                          const std::vector<ConsumedRecord>& records) {
    for (;;) {
      const int64_t failures = processor_.stats().failures;
      const absl::Status status = processor_.Process(topic_id, records);
      // Those that were processed are passed over when they come again.
      if (status.ok() || processor_.stats().failures == failures ||
          options_.should_stop()) {
        return status;
      }
      // Stays a member meanwhile: heartbeats have a thread of their own.
      std::this_thread::sleep_for(std::chrono::milliseconds(options_.retry_ms));
    }
  }

  IdempotentProcessor& processor_;
  RunOptions options_;
  std::unique_ptr<Consumer> consumer_;
  std::map<std::string, uint64_t> topic_ids_;
  absl::Status assigned_;
};

}  // namespace

absl::Status RunProcessor(IdempotentProcessor& processor, RunOptions options) {
  return Runner(processor, std::move(options)).Run();
}

}  // namespace quorate::broker
