#include "broker/rpc/data_codec.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/data/requests.h"
#include "broker/error/broker_error.h"
#include "broker/error/error_wire.h"
#include "broker/image/cluster_image.h"
#include "broker/image/rules.h"
#include "broker/record/record_batch.h"
#include "proto/broker/v1/broker.pb.h"

namespace quorate::broker {
namespace {

constexpr uint32_t kMaxProduceWaitMs = 300'000;
constexpr uint32_t kMaxFetchWaitMs = 60'000;

absl::Status BadRequest(absl::string_view message) {
  return BrokerError(ErrorKind::kBadRequest, message);
}

absl::Status CheckCount(int count) {
  if (count <= kMaxPartitionsOfRequest) return absl::OkStatus();
  return BadRequest(absl::StrCat(count, " partitions in one request, at most ",
                                 kMaxPartitionsOfRequest));
}

// Remembers what was named.
absl::Status CheckOnce(std::set<PartitionId>& seen, const PartitionId& of) {
  if (seen.insert(of).second) return absl::OkStatus();
  return BadRequest(absl::StrCat("partition ", of.partition, " of topic ",
                                 of.topic, " is named twice"));
}

absl::Status CheckBatch(const v1::PartitionBatch& part) {
  absl::Status good = CheckPartition(part.topic(), part.partition());
  if (!good.ok()) return good;
  if (part.batch().size() > kMaxBatchBytes) {
    return BrokerError(ErrorKind::kTooLarge,
                       absl::StrCat("a batch of ", part.batch().size(),
                                    " bytes, at most ", kMaxBatchBytes));
  }
  const absl::StatusOr<BatchHeader> header = VerifyBatch(part.batch());
  if (header.ok()) return absl::OkStatus();
  return BrokerError(ErrorKind::kDamagedBatch, header.status().message());
}

}  // namespace

absl::Status CheckPartition(const std::string& topic, int32_t partition) {
  absl::Status named = CheckTopicName(topic);
  if (!named.ok()) return named;
  if (partition >= 0) return absl::OkStatus();
  return BadRequest(absl::StrCat("a partition from 0 on, found ", partition));
}

absl::StatusOr<ProduceParts> FromProto(v1::ProduceRequest* request) {
  absl::Status counted = CheckCount(request->batches_size());
  if (!counted.ok()) return counted;
  if (request->acks() != v1::ACKS_ALL && request->acks() != v1::ACKS_LEADER) {
    return BadRequest(absl::StrCat("acks ", request->acks(), " are unknown"));
  }
  if (request->timeout_ms() > kMaxProduceWaitMs) {
    return BadRequest(absl::StrCat("a time-out of ", request->timeout_ms(),
                                   " ms, at most ", kMaxProduceWaitMs));
  }
  ProduceParts parts;
  parts.query.acks =
      request->acks() == v1::ACKS_ALL ? Acks::kAll : Acks::kLeader;
  parts.query.timeout_ms = request->timeout_ms();
  std::set<PartitionId> seen;
  for (int i = 0; i < request->batches_size(); ++i) {
    v1::PartitionBatch& part = *request->mutable_batches(i);
    const PartitionId of{part.topic(), part.partition()};
    absl::Status once = CheckOnce(seen, of);
    if (!once.ok()) return once;
    parts.refused.push_back(CheckBatch(part));
    if (!parts.refused.back().ok()) continue;
    parts.places.push_back(i);
    parts.query.batches.push_back({of, std::move(*part.mutable_batch())});
  }
  return parts;
}

void ToProto(ProduceReply reply, const v1::ProduceRequest& request,
             const ProduceParts& parts, v1::ProduceResponse* response) {
  for (int i = 0; i < request.batches_size(); ++i) {
    v1::ProduceResult& result = *response->add_results();
    result.set_topic(request.batches(i).topic());
    result.set_partition(request.batches(i).partition());
    result.set_base_offset(-1);
    const absl::Status& refused = parts.refused[static_cast<size_t>(i)];
    if (!refused.ok()) *result.mutable_error() = ToWire(refused);
  }
  for (size_t i = 0; i < reply.results.size(); ++i) {
    const BatchReply& one = reply.results[i];
    v1::ProduceResult& result = *response->mutable_results(parts.places[i]);
    if (one.status.ok()) {
      result.set_base_offset(one.base_offset);
      result.set_duplicate(one.is_duplicate);
    } else {
      *result.mutable_error() = ToWire(one.status);
    }
  }
}

absl::StatusOr<FetchQuery> FromProto(const v1::FetchRequest& request) {
  absl::Status counted = CheckCount(request.partitions_size());
  if (!counted.ok()) return counted;
  if (request.replica_id() < kNoBroker) {
    return BadRequest(absl::StrCat("replica id ", request.replica_id()));
  }
  if (request.max_wait_ms() > kMaxFetchWaitMs) {
    return BadRequest(absl::StrCat("a wait of ", request.max_wait_ms(),
                                   " ms, at most ", kMaxFetchWaitMs));
  }
  FetchQuery query;
  query.replica_id = request.replica_id();
  query.broker_epoch = request.broker_epoch();
  query.max_wait_ms = request.max_wait_ms();
  query.max_bytes = request.max_bytes();
  std::set<PartitionId> seen;
  for (const v1::FetchPartition& part : request.partitions()) {
    const PartitionId of{part.topic(), part.partition()};
    absl::Status good = CheckPartition(part.topic(), part.partition());
    if (good.ok()) good = CheckOnce(seen, of);
    if (good.ok() && part.offset() < 0) {
      good = BadRequest(absl::StrCat("an offset of ", part.offset()));
    }
    if (!good.ok()) return good;
    query.partitions.push_back(
        {of, part.offset(), part.leader_epoch(), part.last_fetched_epoch()});
  }
  return query;
}

void ToProto(const FetchQuery& query, v1::FetchRequest* request) {
  request->set_replica_id(query.replica_id);
  request->set_broker_epoch(query.broker_epoch);
  request->set_max_wait_ms(static_cast<uint32_t>(query.max_wait_ms));
  request->set_max_bytes(static_cast<uint32_t>(query.max_bytes));
  for (const PartitionQuery& asked : query.partitions) {
    v1::FetchPartition& part = *request->add_partitions();
    part.set_topic(asked.of.topic);
    part.set_partition(asked.of.partition);
    part.set_offset(asked.offset);
    part.set_leader_epoch(asked.leader_epoch);
    part.set_last_fetched_epoch(asked.last_fetched_epoch);
  }
}

void ToProto(FetchReply reply, v1::FetchResponse* response) {
  for (PartitionReply& one : reply.results) {
    v1::FetchResult& result = *response->add_results();
    result.set_topic(one.of.topic);
    result.set_partition(one.of.partition);
    result.set_leader_epoch(one.leader_epoch);
    result.set_high_watermark(one.high_watermark);
    result.set_log_start_offset(one.log_start_offset);
    *result.mutable_batches() = std::move(one.batches);
    if (one.divergence) {
      result.mutable_divergence()->set_epoch(one.divergence->epoch);
      result.mutable_divergence()->set_end_offset(one.divergence->end_offset);
    }
    if (!one.status.ok()) *result.mutable_error() = ToWire(one.status);
  }
}

absl::StatusOr<FetchReply> FromProto(const FetchQuery& query,
                                     v1::FetchResponse* response) {
  FetchReply reply;
  for (v1::FetchResult& result : *response->mutable_results()) {
    PartitionReply one;
    one.of = {result.topic(), result.partition()};
    const size_t at = reply.results.size();
    if (at >= query.partitions.size() || query.partitions[at].of != one.of) {
      return absl::DataLossError("results of other partitions than asked for");
    }
    if (result.has_error()) one.status = FromWire(result.error());
    one.leader_epoch = result.leader_epoch();
    one.high_watermark = std::max<int64_t>(result.high_watermark(), 0);
    one.log_start_offset = std::max<int64_t>(result.log_start_offset(), 0);
    one.batches = std::move(*result.mutable_batches());
    if (result.has_divergence()) {
      one.divergence = {result.divergence().epoch(),
                        std::max<int64_t>(result.divergence().end_offset(), 0)};
    }
    reply.results.push_back(std::move(one));
  }
  if (reply.results.size() != query.partitions.size()) {
    return absl::DataLossError(
        absl::StrCat(reply.results.size(), " results for ",
                     query.partitions.size(), " partitions"));
  }
  return reply;
}

}  // namespace quorate::broker
