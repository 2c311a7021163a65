#include "broker/rpc/control_client.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "broker/controller/broker_link.h"
#include "broker/data/outside.h"
#include "broker/error/broker_error.h"
#include "broker/error/error_wire.h"
#include "broker/image/cluster_image.h"
#include "broker/image/image_codec.h"
#include "broker/rpc/callback_threads.h"
#include "proto/broker/v1/control.grpc.pb.h"
#include "proto/broker/v1/control.pb.h"

namespace quorate::broker {
namespace {

// A broker makes and removes files before it acknowledges an image.
constexpr auto kApplyDeadline = std::chrono::seconds(20);
constexpr auto kAskDeadline = std::chrono::seconds(5);
constexpr int kMaxBackoffMs = 1'000;
constexpr int kMinBackoffMs = 50;

std::shared_ptr<v1::Control::Stub> Connect(const std::string& address) {
  KeepCallbackThreads();
  grpc::ChannelArguments arguments;
  // What one has failed to reach is tried at once by the next.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kMinBackoffMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kMinBackoffMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxBackoffMs);
  return v1::Control::NewStub(grpc::CreateCustomChannel(
      address, grpc::InsecureChannelCredentials(), arguments));
}

// One call, alive until it is answered. The deadline that gRPC takes is a time
// of the monotonic clock inside, however it is given.
template <typename Request, typename Response>
struct Call {
  grpc::ClientContext context;
  Request request;
  Response response;
  std::shared_ptr<v1::Control::Stub> stub;
};

class GrpcBrokerLink final : public BrokerLink {
 public:
  explicit GrpcBrokerLink(const std::string& address)
      : stub_(Connect(address)) {}
  ~GrpcBrokerLink() override {
    if (auto call = last_.lock()) call->context.TryCancel();
  }

  void ApplyImage(const ClusterImage& image,
                  std::function<void(absl::Status)> done) override {
    auto call = std::make_shared<Apply>();
    last_ = call;
    call->stub = stub_;
    *call->request.mutable_image() = ToProto(image);
    call->context.set_deadline(std::chrono::system_clock::now() +
                               kApplyDeadline);
    stub_->async()->ApplyImage(
        &call->context, &call->request, &call->response,
        [call, done = std::move(done)](const grpc::Status& status) {
          done(FromGrpc(status));
        });
  }

 private:
  using Apply = Call<v1::ApplyImageRequest, v1::ApplyImageResponse>;

  const std::shared_ptr<v1::Control::Stub> stub_;
  std::weak_ptr<Apply> last_;
};

class ControllerClientImpl final : public ControllerClient {
 public:
  ControllerClientImpl(std::string ensemble_id, BrokerId id, Image image)
      : ensemble_id_(std::move(ensemble_id)),
        id_(id),
        image_(std::move(image)) {}

  void AlterIsr(
      const IsrChange& change,
      std::function<void(absl::StatusOr<PartitionState>)> done) override {
    const std::shared_ptr<const ClusterImage> image = image_();
    std::shared_ptr<v1::Control::Stub> stub = StubFor(image);
    if (stub == nullptr) return done(NotReady());
    auto call =
        std::make_shared<Call<v1::AlterIsrRequest, v1::AlterIsrResponse>>();
    call->stub = std::move(stub);
    v1::AlterIsrRequest& request = call->request;
    request.set_ensemble_id(ensemble_id_);
    request.set_broker_id(id_);
    request.set_broker_epoch(EpochOf(*image, id_));
    request.set_topic(change.topic);
    request.set_topic_id(change.topic_id);
    request.set_partition(change.partition);
    request.set_leader_epoch(change.leader_epoch);
    request.set_version(change.version);
    for (const BrokerId id : change.isr) request.add_isr(id);
    // Those that the leader has heard from, not those that are registered now.
    for (const uint64_t epoch : change.isr_broker_epochs) {
      request.add_isr_broker_epochs(epoch);
    }
    call->context.set_deadline(std::chrono::system_clock::now() + kAskDeadline);
    call->stub->async()->AlterIsr(
        &call->context, &call->request, &call->response,
        [call, done = std::move(done)](const grpc::Status& status) {
          if (!status.ok()) return done(FromGrpc(status));
          done(FromProto(call->response.partition()));
        });
  }

  void Resign(std::function<void(absl::StatusOr<int32_t>)> done) override {
    const std::shared_ptr<const ClusterImage> image = image_();
    std::shared_ptr<v1::Control::Stub> stub = StubFor(image);
    if (stub == nullptr) return done(NotReady());
    auto call = std::make_shared<Call<v1::ResignRequest, v1::ResignResponse>>();
    call->stub = std::move(stub);
    call->request.set_ensemble_id(ensemble_id_);
    call->request.set_broker_id(id_);
    call->request.set_broker_epoch(EpochOf(*image, id_));
    call->context.set_deadline(std::chrono::system_clock::now() + kAskDeadline);
    call->stub->async()->Resign(
        &call->context, &call->request, &call->response,
        [call, done = std::move(done)](const grpc::Status& status) {
          if (!status.ok()) return done(FromGrpc(status));
          done(call->response.remaining());
        });
  }

 private:
  static absl::Status NotReady() {
    return BrokerError(ErrorKind::kNotReady,
                       "this broker has not heard of a controller yet");
  }
  // 0: it does not stand in the image.
  static uint64_t EpochOf(const ClusterImage& image, BrokerId id) {
    const auto broker = image.brokers.find(id);
    return broker == image.brokers.end() ? 0 : broker->second.broker_epoch;
  }

  // nullptr: nobody is known.
  std::shared_ptr<v1::Control::Stub> StubFor(
      const std::shared_ptr<const ClusterImage>& image) {
    if (image == nullptr) return nullptr;
    const auto controller = image->brokers.find(image->controller.broker_id);
    if (controller == image->brokers.end()) return nullptr;
    absl::MutexLock lock(&mutex_);
    if (address_ != controller->second.address) {
      address_ = controller->second.address;
      stub_ = Connect(address_);
    }
    return stub_;
  }

  const std::string ensemble_id_;
  const BrokerId id_;
  const Image image_;
  absl::Mutex mutex_;
  std::string address_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<v1::Control::Stub> stub_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<BrokerLink> OpenGrpcBrokerLink(const std::string& address) {
  return absl::make_unique<GrpcBrokerLink>(address);
}

std::unique_ptr<ControllerClient> ControllerClient::Make(
    std::string ensemble_id, BrokerId id, Image image) {
  return absl::make_unique<ControllerClientImpl>(std::move(ensemble_id), id,
                                                 std::move(image));
}

}  // namespace quorate::broker
