#include "broker/rpc/data_service.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/data/data_plane.h"
#include "broker/data/outside.h"
#include "broker/data/requests.h"
#include "broker/error/broker_error.h"
#include "broker/error/error_wire.h"
#include "broker/image/cluster_image.h"
#include "broker/image/image_codec.h"
#include "broker/rpc/data_codec.h"
#include "broker/rpc/ensemble_pin.h"
#include "proto/broker/v1/broker.grpc.pb.h"
#include "proto/broker/v1/broker.pb.h"

namespace quorate::broker {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

// Answers to fetches that have not been sent yet; beyond it fetches are
// refused.
constexpr int64_t kMaxUnsentBytes = 256 << 20;

ServerUnaryReactor* Finish(CallbackServerContext* context,
                           const absl::Status& status) {
  ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpc(status));
  return reactor;
}

OffsetKind KindOf(v1::OffsetAt at) {
  return at == v1::OFFSET_EARLIEST ? OffsetKind::kEarliest
         : at == v1::OFFSET_LATEST ? OffsetKind::kLatest
                                   : OffsetKind::kTimestamp;
}

// Counts the bytes of an answer until it is sent.
class FetchReactor final : public ServerUnaryReactor {
 public:
  explicit FetchReactor(std::atomic<int64_t>& unsent) : unsent_(unsent) {}

  void Answer(FetchReply reply, v1::FetchResponse* response) {
    for (const PartitionReply& one : reply.results) {
      bytes_ += static_cast<int64_t>(one.batches.size());
    }
    unsent_.fetch_add(bytes_);
    ToProto(std::move(reply), response);
    ServerUnaryReactor::Finish(grpc::Status::OK);
  }
  void OnDone() override {
    unsent_.fetch_sub(bytes_);
    delete this;
  }

 private:
  std::atomic<int64_t>& unsent_;
  int64_t bytes_ = 0;
};

class DataService final : public v1::Broker::CallbackService {
 public:
  DataService(EnsemblePin pin, BrokerId id, DataPlane& data,
              ProducerIds& producer_ids)
      : pin_(std::move(pin)),
        id_(id),
        data_(data),
        producer_ids_(producer_ids) {}

  ServerUnaryReactor* Metadata(CallbackServerContext* context,
                               const v1::MetadataRequest* request,
                               v1::MetadataResponse* response) override {
    const absl::Status checked = pin_.Check(request->header());
    if (!checked.ok()) return Finish(context, checked);
    const std::shared_ptr<const ClusterImage> image = data_.image();
    if (image == nullptr) {
      return Finish(context,
                    BrokerError(ErrorKind::kNotReady,
                                "no controller has told this broker yet"));
    }
    response->set_ensemble_id(pin_.is_unsafe
                                  ? image->controller.token.ensemble_id
                                  : pin_.ensemble_id);
    response->set_broker_id(id_);
    response->set_unsafe(pin_.is_unsafe);
    *response->mutable_image() = ToProto(*image);
    return Finish(context, absl::OkStatus());
  }

  ServerUnaryReactor* InitProducer(
      CallbackServerContext* context, const v1::InitProducerRequest* request,
      v1::InitProducerResponse* response) override {
    const absl::Status checked = pin_.Check(request->header());
    if (!checked.ok()) return Finish(context, checked);
    ServerUnaryReactor* reactor = context->DefaultReactor();
    producer_ids_.Next([reactor, response](const absl::StatusOr<uint64_t>& id) {
      if (id.ok()) response->set_producer_id(*id);
      reactor->Finish(ToGrpc(id.status()));
    });
    return reactor;
  }

  ServerUnaryReactor* Produce(CallbackServerContext* context,
                              const v1::ProduceRequest* request,
                              v1::ProduceResponse* response) override {
    const absl::Status checked = pin_.Check(request->header());
    if (!checked.ok()) return Finish(context, checked);
    // Nobody else reads it: the batches go into the log without a copy.
    absl::StatusOr<ProduceParts> made =
        FromProto(const_cast<v1::ProduceRequest*>(request));
    if (!made.ok()) return Finish(context, made.status());
    ServerUnaryReactor* reactor = context->DefaultReactor();
    auto parts = std::make_shared<ProduceParts>(*std::move(made));
    ProduceQuery query = std::move(parts->query);
    data_.Produce(std::move(query),
                  [reactor, request, response, parts](ProduceReply reply) {
                    ToProto(std::move(reply), *request, *parts, response);
                    reactor->Finish(grpc::Status::OK);
                  });
    return reactor;
  }

  ServerUnaryReactor* Fetch(CallbackServerContext* context,
                            const v1::FetchRequest* request,
                            v1::FetchResponse* response) override {
    const absl::Status checked = pin_.Check(request->header());
    if (!checked.ok()) return Finish(context, checked);
    absl::StatusOr<FetchQuery> query = FromProto(*request);
    if (!query.ok()) return Finish(context, query.status());
    if (unsent_bytes_.load() > kMaxUnsentBytes) {
      return Finish(context, BrokerError(ErrorKind::kOverloaded,
                                         "too many answers wait to be sent"));
    }
    auto* reactor = new FetchReactor(unsent_bytes_);
    data_.Fetch(*std::move(query), [reactor, response](FetchReply reply) {
      reactor->Answer(std::move(reply), response);
    });
    return reactor;
  }

  ServerUnaryReactor* ListOffsets(CallbackServerContext* context,
                                  const v1::ListOffsetsRequest* request,
                                  v1::ListOffsetsResponse* response) override {
    absl::Status checked = pin_.Check(request->header());
    if (checked.ok() && request->partitions_size() > kMaxPartitionsOfRequest) {
      checked = BrokerError(ErrorKind::kBadRequest,
                            absl::StrCat(request->partitions_size(),
                                         " partitions in one request, at most ",
                                         kMaxPartitionsOfRequest));
    }
    if (!checked.ok()) return Finish(context, checked);
    for (const v1::ListOffsetsPartition& part : request->partitions()) {
      v1::ListOffsetsResult& result = *response->add_results();
      result.set_topic(part.topic());
      result.set_partition(part.partition());
      result.set_offset(-1);
      const absl::StatusOr<int64_t> offset = OffsetOf(part);
      if (offset.ok()) {
        result.set_offset(*offset);
      } else {
        *result.mutable_error() = ToWire(offset.status());
      }
    }
    return Finish(context, absl::OkStatus());
  }

 private:
  absl::StatusOr<int64_t> OffsetOf(const v1::ListOffsetsPartition& part) {
    absl::Status good = CheckPartition(part.topic(), part.partition());
    if (!good.ok()) return good;
    if (!v1::OffsetAt_IsValid(part.at())) {
      return BrokerError(ErrorKind::kBadRequest,
                         absl::StrCat("offset at ", part.at(), " is unknown"));
    }
    return data_.ListOffset({part.topic(), part.partition()}, KindOf(part.at()),
                            part.timestamp_ms());
  }

  const EnsemblePin pin_;
  const BrokerId id_;
  DataPlane& data_;
  ProducerIds& producer_ids_;
  std::atomic<int64_t> unsent_bytes_{0};
};

}  // namespace

std::unique_ptr<grpc::Service> MakeDataService(EnsemblePin pin, BrokerId id,
                                               DataPlane& data,
                                               ProducerIds& producer_ids) {
  return std::make_unique<DataService>(std::move(pin), id, data, producer_ids);
}

}  // namespace quorate::broker
