#include "broker/client/consumer.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/client/clock.h"
#include "broker/client/cluster.h"
#include "broker/client/consumer_driver.h"
#include "broker/client/list_offset.h"
#include "broker/client/offset_at.h"
#include "broker/client/topic_partition.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {
namespace {

// What asks a broker, and no call of the user names a time for.
constexpr int64_t kAskMs = 10'000;

absl::Status Check(const ConsumerOptions& options) {
  const auto timeout = [](const char* what, int64_t ms) {
    if (ms >= 1'000 && ms <= 300'000) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("the ", what, " time-out is 1000 to 300000 ms, not ", ms));
  };
  absl::Status status = timeout("session", options.session_timeout_ms);
  if (status.ok()) {
    status = timeout("rebalance", options.rebalance_timeout_ms);
  }
  if (!status.ok()) return status;
  if (!options.topics.empty() && options.group.empty()) {
    return absl::InvalidArgumentError(
        "a consumer of topics needs a group; without one, Assign() partitions");
  }
  if (options.max_records == 0 || options.fetch.max_bytes == 0) {
    return absl::InvalidArgumentError("a poll may give at least one record");
  }
  if (options.fetch.wait_ms < 0 || options.fetch.wait_ms > 60'000) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a fetch waits for 0 to 60000 ms, not ", options.fetch.wait_ms));
  }
  return absl::OkStatus();
}

absl::Status NotAssigned(const TopicPartition& partition) {
  return absl::NotFoundError(
      absl::StrCat(ToString(partition), " is not assigned to this consumer"));
}

absl::StatusOr<TopicState> FindTopic(Cluster& cluster,
                                     const std::string& topic) {
  const auto image = cluster.RefreshUntil(MonotonicMs() + kAskMs);
  if (!image.ok()) return image.status();
  const auto it = (*image)->topics.find(topic);
  if (it != (*image)->topics.end()) return it->second;
  return BrokerError(ErrorKind::kNoTopic,
                     absl::StrCat("there is no topic ", topic));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Consumer>> Consumer::Create(
    ConsumerOptions options) {
  const absl::Status valid = Check(options);
  if (!valid.ok()) return valid;
  absl::StatusOr<std::shared_ptr<Cluster>> cluster =
      Cluster::Create(options.client);
  if (!cluster.ok()) return cluster.status();
  return std::unique_ptr<Consumer>(
      new Consumer(std::make_unique<ConsumerDriver>(std::move(options),
                                                    *std::move(cluster))));
}

Consumer::Consumer(std::unique_ptr<ConsumerDriver> driver)
    : driver_(std::move(driver)) {}

Consumer::~Consumer() { static_cast<void>(driver_->Close()); }

absl::StatusOr<std::vector<ConsumedRecord>> Consumer::Poll(int64_t timeout_ms) {
  return driver_->Poll(timeout_ms);
}

void Consumer::Wake() { driver_->Wake(); }

absl::Status Consumer::Assign(
    const std::map<TopicPartition, std::optional<int64_t>>& partitions) {
  return driver_->Assign(partitions);
}

std::vector<TopicPartition> Consumer::Assignment() const {
  return driver_->Assignment();
}

absl::Status Consumer::Seek(const TopicPartition& partition, int64_t offset) {
  if (offset < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("offsets begin at 0, found ", offset));
  }
  return driver_->Seek(partition, offset) ? absl::OkStatus()
                                          : NotAssigned(partition);
}

absl::Status Consumer::SeekTo(const TopicPartition& partition, OffsetAt at) {
  return driver_->SeekTo(partition, at) ? absl::OkStatus()
                                        : NotAssigned(partition);
}

std::map<TopicPartition, int64_t> Consumer::Positions() const {
  return driver_->Positions();
}

std::map<TopicPartition, int64_t> Consumer::HighWatermarks() const {
  return driver_->HighWatermarks();
}

absl::Status Consumer::Commit() { return driver_->Commit(Positions()); }

absl::Status Consumer::Commit(
    const std::map<TopicPartition, int64_t>& offsets) {
  return driver_->Commit(offsets);
}

absl::StatusOr<std::map<TopicPartition, int64_t>> Consumer::Committed() {
  return driver_->Committed();
}

absl::StatusOr<int64_t> Consumer::Offset(const TopicPartition& partition,
                                         OffsetAt at) {
  return ListOffset(driver_->cluster(), partition, at, 0,
                    MonotonicMs() + kAskMs);
}

absl::StatusOr<int32_t> Consumer::PartitionCount(const std::string& topic) {
  const absl::StatusOr<TopicState> state = FindTopic(driver_->cluster(), topic);
  if (!state.ok()) return state.status();
  return static_cast<int32_t>(state->partitions.size());
}

absl::StatusOr<uint64_t> Consumer::TopicId(const std::string& topic) {
  const absl::StatusOr<TopicState> state = FindTopic(driver_->cluster(), topic);
  if (!state.ok()) return state.status();
  return state->topic_id;
}

absl::Status Consumer::Close() { return driver_->Close(); }

}  // namespace quorate::broker
