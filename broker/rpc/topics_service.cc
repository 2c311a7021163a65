#include "broker/rpc/topics_service.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/controller/membership.h"
#include "broker/controller/planner.h"
#include "broker/controller/reign.h"
#include "broker/error/broker_error.h"
#include "broker/error/error_wire.h"
#include "broker/image/cluster_image.h"
#include "broker/image/image_codec.h"
#include "broker/image/rules.h"
#include "broker/rpc/ensemble_pin.h"
#include "proto/broker/v1/topics.grpc.pb.h"
#include "proto/broker/v1/topics.pb.h"

namespace quorate::broker {
namespace {

absl::Status CheckCreate(const v1::CreateTopicRequest& request) {
  if (absl::Status s = CheckTopicName(request.name()); !s.ok()) return s;
  if (request.partitions() < 1 ||
      request.partitions() > kMaxPartitionsOfTopic) {
    return BrokerError(
        ErrorKind::kBadRequest,
        absl::StrCat("partitions: expected 1 to ", kMaxPartitionsOfTopic,
                     "; found ", request.partitions()));
  }
  // As far as it is given; the controller checks the whole.
  return CheckConfig(
      WithDefaults(FromProto(request.config()), kMaxReplicationFactor));
}

class TopicsService final : public v1::Topics::CallbackService {
 public:
  TopicsService(EnsemblePin pin, Membership& membership)
      : pin_(std::move(pin)), membership_(membership) {}

  grpc::ServerUnaryReactor* CreateTopic(
      grpc::CallbackServerContext* context,
      const v1::CreateTopicRequest* request,
      v1::CreateTopicResponse* response) override {
    grpc::ServerUnaryReactor* call = context->DefaultReactor();
    absl::Status status = pin_.Check(request->header());
    if (status.ok()) status = CheckCreate(*request);
    if (!status.ok()) {
      call->Finish(ToGrpc(status));
      return call;
    }
    membership_.CreateTopic(
        {request->name(), request->partitions(), FromProto(request->config())},
        [call, response,
         name = request->name()](const absl::StatusOr<TopicState>& topic) {
          if (topic.ok()) *response->mutable_topic() = ToProto(name, *topic);
          call->Finish(ToGrpc(topic.status()));
        });
    return call;
  }

  grpc::ServerUnaryReactor* DeleteTopic(grpc::CallbackServerContext* context,
                                        const v1::DeleteTopicRequest* request,
                                        v1::DeleteTopicResponse*) override {
    grpc::ServerUnaryReactor* call = context->DefaultReactor();
    absl::Status status = pin_.Check(request->header());
    if (status.ok()) status = CheckTopicName(request->name());
    if (!status.ok()) {
      call->Finish(ToGrpc(status));
      return call;
    }
    membership_.DeleteTopic(request->name(),
                            [call](const absl::StatusOr<bool>& done) {
                              call->Finish(ToGrpc(done.status()));
                            });
    return call;
  }

  grpc::ServerUnaryReactor* ElectPreferred(
      grpc::CallbackServerContext* context,
      const v1::ElectPreferredRequest* request,
      v1::ElectPreferredResponse* response) override {
    grpc::ServerUnaryReactor* call = context->DefaultReactor();
    if (absl::Status s = pin_.Check(request->header()); !s.ok()) {
      call->Finish(ToGrpc(s));
      return call;
    }
    membership_.ElectPreferred(
        [call, response](const absl::StatusOr<int32_t>& moved) {
          if (moved.ok()) response->set_moved(*moved);
          call->Finish(ToGrpc(moved.status()));
        });
    return call;
  }

 private:
  const EnsemblePin pin_;
  Membership& membership_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeTopicsService(EnsemblePin pin,
                                                 Membership& membership) {
  return absl::make_unique<TopicsService>(std::move(pin), membership);
}

}  // namespace quorate::broker
