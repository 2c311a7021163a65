#include "broker/client/fetch_core.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/client/backoff.h"
#include "broker/client/cluster_view.h"
#include "broker/client/consumed_record.h"
#include "broker/client/offset_at.h"
#include "broker/client/topic_partition.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/record/record_batch.h"

namespace quorate::broker {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
// What fails so often in a row is told, and still tried.
constexpr int kToldFailures = 8;

}  // namespace

FetchCore::FetchCore(const FetchLimits& limits, uint64_t seed)
    : limits_(limits), random_(seed) {}

void FetchCore::Wake(int64_t at_ms) {
  next_tick_ms_ = std::min(next_tick_ms_, at_ms);
}

// --- Positions ---------------------------------------------------------------

void FetchCore::Reset(Partition& partition, OffsetReset reset,
                      const absl::Status& why) {
  partition.turn = ++last_turn_;
  partition.position.reset();
  partition.asked = false;
  partition.records.clear();
  partition.buffered_bytes = 0;
  partition.failures = 0;
  partition.retry_at_ms = 0;
  partition.error = absl::OkStatus();
  switch (reset) {
    case OffsetReset::kEarliest:
      partition.wanted = OffsetAt::kEarliest;
      break;
    case OffsetReset::kLatest:
      partition.wanted = OffsetAt::kLatest;
      break;
    case OffsetReset::kFail:
      partition.error = why;
  }
  Wake(0);
}

void FetchCore::Place(Partition& partition, int64_t offset) {
  Reset(partition, OffsetReset::kEarliest, absl::OkStatus());
  partition.position = offset;
  partition.next_fetch = offset;
}

void FetchCore::Assign(
    const std::map<TopicPartition, std::optional<int64_t>>& partitions) {
  partitions_.clear();
  for (const auto& [where, position] : partitions) {
    Partition& partition = partitions_[where];
    if (position.has_value()) {
      Place(partition, *position);
    } else {
      Reset(partition, limits_.reset,
            BrokerError(ErrorKind::kOffsetOutOfRange,
                        absl::StrCat(ToString(where),
                                     ": no offset is committed, and none was "
                                     "given to start from")));
    }
  }
}

bool FetchCore::Seek(const TopicPartition& where, int64_t offset) {
  const auto it = partitions_.find(where);
  if (it == partitions_.end()) return false;
  Place(it->second, offset);
  return true;
}

bool FetchCore::SeekTo(const TopicPartition& where, OffsetAt at) {
  const auto it = partitions_.find(where);
  if (it == partitions_.end()) return false;
  Reset(it->second,
        at == OffsetAt::kLatest ? OffsetReset::kLatest : OffsetReset::kEarliest,
        absl::OkStatus());
  return true;
}

void FetchCore::OnOffset(uint64_t turn, const absl::StatusOr<int64_t>& offset,
                         int64_t now_ms) {
  for (auto& [where, partition] : partitions_) {
    if (partition.turn != turn || !partition.asked) continue;
    partition.asked = false;
    if (offset.ok()) {
      Place(partition, *offset);
    } else {
      Fail(partition, offset.status(), now_ms);
    }
  }
  Wake(now_ms);
}

// --- Metadata ----------------------------------------------------------------

void FetchCore::OnImage(std::shared_ptr<const ClusterImage> image,
                        int64_t now_ms) {
  metadata_asked_ = false;
  metadata_wanted_ = false;
  metadata_error_ = absl::OkStatus();
  const bool old =
      image_ != nullptr && image_->version == image->version &&
      image_->controller.controller_epoch == image->controller.controller_epoch;
  metadata_failures_ = old ? metadata_failures_ + 1 : 0;
  metadata_at_ms_ =
      now_ms + BackoffMs(metadata_failures_ + 1, limits_.min_backoff_ms,
                         limits_.max_backoff_ms, random_);
  image_ = std::move(image);
  Wake(now_ms);
}

void FetchCore::OnMetadataFailed(const absl::Status& why, int64_t now_ms) {
  metadata_asked_ = false;
  ++metadata_failures_;
  metadata_at_ms_ =
      now_ms + BackoffMs(metadata_failures_, limits_.min_backoff_ms,
                         limits_.max_backoff_ms, random_);
  if (!IsWorthRetry(why)) metadata_error_ = why;
  Wake(now_ms);
}

// --- Fetching ----------------------------------------------------------------

void FetchCore::Fail(Partition& partition, const absl::Status& why,
                     int64_t now_ms) {
  ++partition.failures;
  partition.retry_at_ms =
      now_ms + BackoffMs(partition.failures, limits_.min_backoff_ms,
                         limits_.max_backoff_ms, random_);
  if (!IsWorthRetry(why) ||
      (Is(why, ErrorKind::kNoTopic) && partition.failures >= kToldFailures)) {
    partition.error = why;
  }
  if (IsStaleMetadata(why)) metadata_wanted_ = true;
  Wake(partition.retry_at_ms);
}

FetchOutput FetchCore::TakeOutput(int64_t now_ms) {
  next_tick_ms_ = kNever;
  FetchOutput output;
  std::set<std::string> busy;  // one call at a time to each broker
  std::set<TopicPartition> under_way;
  for (const auto& [id, call] : calls_) {
    busy.insert(call.address);
    under_way.insert(call.partitions.begin(), call.partitions.end());
  }
  std::map<std::string, FetchCall> calls;
  for (auto& [where, partition] : partitions_) {
    if (Is(partition.error, ErrorKind::kOffsetOutOfRange)) continue;
    if (partition.asked || under_way.count(where) != 0) continue;
    if (now_ms < partition.retry_at_ms) {
      Wake(partition.retry_at_ms);
      continue;
    }
    if (!partition.position.has_value()) {
      partition.asked = true;
      output.questions.push_back(
          {.turn = partition.turn, .partition = where, .at = partition.wanted});
      continue;
    }
    if (partition.buffered_bytes >= limits_.max_buffered_bytes) continue;
    const absl::StatusOr<std::string> leader =
        image_ == nullptr
            ? BrokerError(ErrorKind::kNotReady, "no broker has answered yet")
            : LeaderAddress(*image_, where.topic, where.partition);
    if (!leader.ok()) {
      Fail(partition, leader.status(), now_ms);
      continue;
    }
    if (busy.count(*leader) != 0) continue;
    FetchCall& call = calls[*leader];
    call.address = *leader;
    call.partitions.push_back(
        {.partition = where, .offset = partition.next_fetch});
  }
  for (auto& [address, call] : calls) {
    call.id = ++last_call_;
    CallState& state = calls_[call.id];
    state.address = address;
    for (const FetchCall::Wanted& wanted : call.partitions) {
      state.partitions.push_back(wanted.partition);
      state.turns.push_back(partitions_.at(wanted.partition).turn);
    }
    output.calls.push_back(std::move(call));
  }
  if (metadata_wanted_ && !metadata_asked_) {
    if (now_ms >= metadata_at_ms_) {
      metadata_asked_ = true;
      output.refresh_metadata = true;
    } else {
      Wake(metadata_at_ms_);
    }
  }
  return output;
}

void FetchCore::OnFetched(uint64_t id, const absl::Status& status,
                          std::vector<FetchAnswer> answers, int64_t now_ms) {
  const auto it = calls_.find(id);
  if (it == calls_.end()) return;
  const CallState call = std::move(it->second);
  calls_.erase(it);
  absl::Status of_all = status;
  if (of_all.ok() && answers.size() != call.partitions.size()) {
    of_all = absl::UnavailableError(
        absl::StrCat("the broker answered for ", answers.size(),
                     " partitions, it was asked for ", call.partitions.size()));
  }
  for (size_t i = 0; i < call.partitions.size(); ++i) {
    const auto partition = partitions_.find(call.partitions[i]);
    if (partition == partitions_.end() ||
        partition->second.turn != call.turns[i]) {
      continue;  // revoked, or sought elsewhere
    }
    if (of_all.ok()) {
      OnAnswer(partition->first, partition->second, answers[i], now_ms);
    } else {
      Fail(partition->second, of_all, now_ms);
    }
  }
  Wake(now_ms);
}

void FetchCore::OnAnswer(const TopicPartition& where, Partition& partition,
                         const FetchAnswer& answer, int64_t now_ms) {
  if (Is(answer.status, ErrorKind::kOffsetOutOfRange)) {
    // What was taken from the log before is still good.
    if (!partition.records.empty()) return;
    Reset(partition, limits_.out_of_range,
          BrokerError(ErrorKind::kOffsetOutOfRange,
                      absl::StrCat(ToString(where), " has no offset ",
                                   partition.next_fetch, "; its log begins at ",
                                   answer.log_start_offset)));
    return;
  }
  absl::Status status = answer.status;
  if (status.ok()) status = TakeBatches(where, partition, answer.batches);
  if (!status.ok()) return Fail(partition, status, now_ms);
  partition.failures = 0;
  partition.error = absl::OkStatus();
  partition.high_watermark = answer.high_watermark;
}

absl::Status FetchCore::TakeBatches(const TopicPartition& where,
                                    Partition& partition,
                                    absl::string_view bytes) {
  while (!bytes.empty()) {
    const absl::StatusOr<BatchHeader> header = ReadBatchHeader(bytes);
    absl::StatusOr<std::vector<Record>> records =
        header.ok() ? DecodeBatch(bytes.substr(0, header->size_bytes))
                    : header.status();
    if (!records.ok()) {
      return BrokerError(
          ErrorKind::kDamagedBatch,
          absl::StrCat(
              "a batch of ", ToString(where), " at ", partition.next_fetch,
              " has come damaged: ", std::string(records.status().message())));
    }
    bytes.remove_prefix(header->size_bytes);
    for (size_t i = 0; i < records->size(); ++i) {
      const int64_t offset = header->base_offset + static_cast<int64_t>(i);
      if (offset < partition.next_fetch) continue;
      ConsumedRecord record = {.partition = where,
                               .offset = offset,
                               .record = std::move((*records)[i])};
      if (header->producer_id != 0) {
        record.producer_id = header->producer_id;
        record.sequence = static_cast<int32_t>(
            (int64_t{header->base_sequence} + static_cast<int64_t>(i)) &
            0x7fffffff);
      }
      partition.buffered_bytes += EncodedSize(record.record);
      partition.records.push_back(std::move(record));
    }
    partition.next_fetch =
        std::max(partition.next_fetch, header->next_offset());
  }
  return absl::OkStatus();
}

// --- What comes out ----------------------------------------------------------

std::vector<ConsumedRecord> FetchCore::TakeRecords(size_t max_records) {
  std::vector<ConsumedRecord> taken;
  // After the one that was served last.
  auto it = partitions_.upper_bound(last_taken_);
  for (size_t i = 0; i < partitions_.size() && taken.size() < max_records;
       ++i, ++it) {
    if (it == partitions_.end()) it = partitions_.begin();
    Partition& partition = it->second;
    while (!partition.records.empty() && taken.size() < max_records) {
      ConsumedRecord& record = partition.records.front();
      partition.position = record.offset + 1;
      partition.buffered_bytes -= EncodedSize(record.record);
      taken.push_back(std::move(record));
      partition.records.pop_front();
      last_taken_ = it->first;
    }
  }
  if (!taken.empty()) Wake(0);
  return taken;
}

bool FetchCore::HasRecords() const {
  for (const auto& [where, partition] : partitions_) {
    if (!partition.records.empty()) return true;
  }
  return false;
}

absl::Status FetchCore::error() const {
  for (const auto& [where, partition] : partitions_) {
    if (!partition.error.ok()) return partition.error;
  }
  return partitions_.empty() ? absl::OkStatus() : metadata_error_;
}

std::map<TopicPartition, int64_t> FetchCore::Positions() const {
  std::map<TopicPartition, int64_t> positions;
  for (const auto& [where, partition] : partitions_) {
    if (partition.position.has_value()) positions[where] = *partition.position;
  }
  return positions;
}

std::map<TopicPartition, int64_t> FetchCore::HighWatermarks() const {
  std::map<TopicPartition, int64_t> watermarks;
  for (const auto& [where, partition] : partitions_) {
    if (partition.high_watermark.has_value()) {
      watermarks[where] = *partition.high_watermark;
    }
  }
  return watermarks;
}

std::vector<TopicPartition> FetchCore::Assignment() const {
  std::vector<TopicPartition> all;
  for (const auto& [where, partition] : partitions_) all.push_back(where);
  return all;
}

}  // namespace quorate::broker
