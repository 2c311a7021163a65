#include "broker/rpc/control_service.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/controller/image_receiver.h"
#include "broker/controller/membership.h"
#include "broker/controller/planner.h"
#include "broker/error/broker_error.h"
#include "broker/error/error_wire.h"
#include "broker/image/cluster_image.h"
#include "broker/image/image_codec.h"
#include "broker/rpc/ensemble_pin.h"
#include "proto/broker/v1/control.grpc.pb.h"
#include "proto/broker/v1/control.pb.h"

namespace quorate::broker {
namespace {

class ControlService final : public v1::Control::CallbackService {
 public:
  ControlService(EnsemblePin pin, ImageReceiver& receiver,
                 Membership& membership,
                 std::function<void(const absl::Status&)> on_refused)
      : pin_(std::move(pin)),
        receiver_(receiver),
        membership_(membership),
        on_refused_(std::move(on_refused)) {}

  grpc::ServerUnaryReactor* ApplyImage(grpc::CallbackServerContext* context,
                                       const v1::ApplyImageRequest* request,
                                       v1::ApplyImageResponse*) override {
    grpc::ServerUnaryReactor* call = context->DefaultReactor();
    absl::StatusOr<ClusterImage> image = FromProto(request->image());
    if (!image.ok()) {
      call->Finish(ToGrpc(image.status()));
      return call;
    }
    receiver_.Receive(
        std::make_shared<const ClusterImage>(*std::move(image)),
        [call, on_refused = on_refused_](const absl::Status& status) {
          if (Is(status, ErrorKind::kStaleController) ||
              Is(status, ErrorKind::kWrongEnsemble)) {
            on_refused(status);
          }
          call->Finish(ToGrpc(status));
        });
    return call;
  }

  grpc::ServerUnaryReactor* AlterIsr(grpc::CallbackServerContext* context,
                                     const v1::AlterIsrRequest* request,
                                     v1::AlterIsrResponse* response) override {
    grpc::ServerUnaryReactor* call = context->DefaultReactor();
    if (absl::Status s = pin_.CheckBroker(request->ensemble_id()); !s.ok()) {
      call->Finish(ToGrpc(s));
      return call;
    }
    const int32_t partition = request->partition();
    membership_.AlterIsr(
        {.broker = request->broker_id(),
         .broker_epoch = request->broker_epoch(),
         .topic = request->topic(),
         .topic_id = request->topic_id(),
         .partition = partition,
         .leader_epoch = request->leader_epoch(),
         .version = request->version(),
         .isr = {request->isr().begin(), request->isr().end()},
         .isr_broker_epochs = {request->isr_broker_epochs().begin(),
                               request->isr_broker_epochs().end()}},
        [call, response,
         partition](const absl::StatusOr<PartitionState>& state) {
          if (state.ok()) {
            *response->mutable_partition() = ToProto(partition, *state);
          }
          call->Finish(ToGrpc(state.status()));
        });
    return call;
  }

  grpc::ServerUnaryReactor* Resign(grpc::CallbackServerContext* context,
                                   const v1::ResignRequest* request,
                                   v1::ResignResponse* response) override {
    grpc::ServerUnaryReactor* call = context->DefaultReactor();
    if (absl::Status s = pin_.CheckBroker(request->ensemble_id()); !s.ok()) {
      call->Finish(ToGrpc(s));
      return call;
    }
    membership_.Resign(request->broker_id(), request->broker_epoch(),
                       [call, response](const absl::StatusOr<int32_t>& left) {
                         if (left.ok()) response->set_remaining(*left);
                         call->Finish(ToGrpc(left.status()));
                       });
    return call;
  }

 private:
  const EnsemblePin pin_;
  ImageReceiver& receiver_;
  Membership& membership_;
  const std::function<void(const absl::Status&)> on_refused_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeControlService(
    EnsemblePin pin, ImageReceiver& receiver, Membership& membership,
    std::function<void(const absl::Status&)> on_refused) {
  return absl::make_unique<ControlService>(std::move(pin), receiver, membership,
                                           std::move(on_refused));
}

}  // namespace quorate::broker
