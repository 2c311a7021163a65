#include "broker/client/list_offset.h"

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/cluster.h"
#include "broker/client/offset_at.h"
#include "broker/client/topic_partition.h"
#include "broker/error/broker_error.h"
#include "broker/error/error_wire.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "proto/broker/v1/broker.grpc.pb.h"
#include "proto/broker/v1/broker.pb.h"

namespace quorate::broker {
namespace {

v1::OffsetAt AtToWire(OffsetAt at) {
  switch (at) {
    case OffsetAt::kEarliest:
      return v1::OFFSET_EARLIEST;
    case OffsetAt::kLatest:
      return v1::OFFSET_LATEST;
    case OffsetAt::kTimestamp:
      break;
  }
  return v1::OFFSET_TIMESTAMP;
}

}  // namespace

absl::StatusOr<int64_t> ListOffset(Cluster& cluster,
                                   const TopicPartition& partition, OffsetAt at,
                                   int64_t timestamp_ms, int64_t deadline_ms) {
  int64_t offset = 0;
  const absl::Status status = cluster.CallLeader(
      partition.topic, partition.partition, deadline_ms,
      [&](const std::shared_ptr<grpc::Channel>& channel,
          grpc::ClientContext& context) {
        v1::ListOffsetsRequest request;
        v1::ListOffsetsResponse response;
        cluster.FillHeader(*request.mutable_header());
        v1::ListOffsetsPartition& wanted = *request.add_partitions();
        wanted.set_topic(partition.topic);
        wanted.set_partition(partition.partition);
        wanted.set_at(AtToWire(at));
        wanted.set_timestamp_ms(timestamp_ms);
        grpc::Status called = v1::Broker::NewStub(channel)->ListOffsets(
            &context, request, &response);
        if (!called.ok()) return called;
        if (response.results_size() != 1) {
          return ToGrpc(BrokerError(ErrorKind::kBadRequest,
                                    "asked for one offset, the broker has "
                                    "answered another number of them"));
        }
        const v1::ListOffsetsResult& result = response.results(0);
        if (result.has_error()) return ToGrpc(FromWire(result.error()));
        offset = result.offset();
        return called;
      });
  if (!status.ok()) return status;
  return offset;
}

}  // namespace quorate::broker
