#include "broker/rpc/fetch_client.h"

#include <grpc/grpc.h>
#include <grpc/support/time.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/status.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/data/outside.h"
#include "broker/data/requests.h"
#include "broker/error/error_wire.h"
#include "broker/rpc/callback_threads.h"
#include "broker/rpc/data_codec.h"
#include "proto/broker/v1/broker.grpc.pb.h"
#include "proto/broker/v1/broker.pb.h"

namespace quorate::broker {
namespace {

// A cluster has fewer leaders; addresses that images name no more go.
constexpr size_t kMaxStubs = 256;
constexpr int kMaxMessageBytes = 16 << 20;
constexpr int kMinBackoffMs = 50;
constexpr int kMaxBackoffMs = 1'000;

using Stub = std::shared_ptr<v1::Broker::Stub>;

Stub Connect(const std::string& address) {
  KeepCallbackThreads();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A leader that is back is found soon; gRPC itself would wait for minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kMinBackoffMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kMaxBackoffMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxBackoffMs);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  return v1::Broker::NewStub(grpc::CreateCustomChannel(
      address, grpc::InsecureChannelCredentials(), arguments));
}

// One call, alive until it is answered.
struct Call {
  grpc::ClientContext context;
  v1::FetchRequest request;
  v1::FetchResponse response;
  Stub stub;
};

class GrpcFetchClient final : public FetchClient {
 public:
  explicit GrpcFetchClient(std::string ensemble_id)
      : ensemble_id_(std::move(ensemble_id)) {}

  std::function<void()> Fetch(
      const std::string& address, const FetchQuery& query, int64_t timeout_ms,
      std::function<void(absl::StatusOr<FetchReply>)> done) override {
    auto call = std::make_shared<Call>();
    call->stub = StubFor(address);
    call->request.mutable_header()->set_ensemble_id(ensemble_id_);
    ToProto(query, &call->request);
    call->context.set_deadline(
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                     gpr_time_from_millis(timeout_ms, GPR_TIMESPAN)));
    call->stub->async()->Fetch(
        &call->context, &call->request, &call->response,
        [call, query, done = std::move(done)](const grpc::Status& status) {
          if (status.ok()) {
            done(FromProto(query, &call->response));
          } else {
            done(FromGrpc(status));
          }
        });
    return [call = std::weak_ptr<Call>(call)] {
      if (const auto alive = call.lock()) alive->context.TryCancel();
    };
  }

 private:
  Stub StubFor(const std::string& address) {
    const std::scoped_lock lock(mutex_);
    const auto found = stubs_.find(address);
    if (found != stubs_.end()) return found->second;
    if (stubs_.size() >= kMaxStubs) stubs_.erase(stubs_.begin());
    return stubs_[address] = Connect(address);
  }

  const std::string ensemble_id_;
  std::mutex mutex_;
  std::map<std::string, Stub> stubs_;  // guarded by mutex_
};

}  // namespace

std::unique_ptr<FetchClient> MakeFetchClient(std::string ensemble_id) {
  return std::make_unique<GrpcFetchClient>(std::move(ensemble_id));
}

}  // namespace quorate::broker
