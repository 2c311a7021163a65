// Requests and answers of the data plane on the wire, checked when they come
// from there.

#ifndef QUORATE_BROKER_RPC_DATA_CODEC_H_
#define QUORATE_BROKER_RPC_DATA_CODEC_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/data/requests.h"
#include "proto/broker/v1/broker.pb.h"

namespace quorate::broker {

// Most partitions that one request may name, so that its answer fits into a
// message.
inline constexpr int kMaxPartitionsOfRequest = 4'000;

// BadRequest: the name of a topic or a partition that cannot be.
absl::Status CheckPartition(const std::string& topic, int32_t partition);

// A batch that is refused (DamagedBatch, BadRequest) has its error in
// `refused`, by its place in the request, and is not in the query; `places`
// tells where those that are stood. Errors: of the whole request, BadRequest.
struct ProduceParts {
  ProduceQuery query = {};
  std::vector<int> places = {};
  std::vector<absl::Status> refused = {};  // by place; OK: in the query
};
// Moves the batches out of it.
absl::StatusOr<ProduceParts> FromProto(v1::ProduceRequest* request);
void ToProto(ProduceReply reply, const v1::ProduceRequest& request,
             const ProduceParts& parts, v1::ProduceResponse* response);

// BadRequest.
absl::StatusOr<FetchQuery> FromProto(const v1::FetchRequest& request);
void ToProto(const FetchQuery& query, v1::FetchRequest* request);
void ToProto(FetchReply reply, v1::FetchResponse* response);
// Moves the batches out of it. DataLoss: it is no answer to `query`.
absl::StatusOr<FetchReply> FromProto(const FetchQuery& query,
                                     v1::FetchResponse* response);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_RPC_DATA_CODEC_H_
