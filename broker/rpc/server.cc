#include "broker/rpc/server.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/grpc.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/statusor.h"
#include "coord/rpc/listen_error.h"

namespace quorate::broker {
namespace {

constexpr int kMaxMessageBytes = 16 << 20;
// One connection's calls at once.
constexpr int kMaxStreams = 1'000;
constexpr size_t kMaxMemoryBytes = size_t{1} << 30;
constexpr auto kShutdownGrace = std::chrono::milliseconds(300);

void AddLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreams);
  // Else an occupied port would be shared in silence.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // A client that vanished without a word is noticed.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 500);
  grpc::ResourceQuota quota("quorate-broker");
  quota.Resize(kMaxMemoryBytes);
  builder.SetResourceQuota(quota);
}

class ServerImpl final : public Server {
 public:
  explicit ServerImpl(std::vector<std::unique_ptr<grpc::Service>> services)
      : services_(std::move(services)) {}
  ~ServerImpl() override { Shutdown(); }

  bool Listen(const std::string& address) {
    // Else everybody who sends bytes that are no text fills our log.
    google::protobuf::SetLogHandler(nullptr);
    grpc::ServerBuilder builder;
    AddLimits(builder);
    builder.AddListeningPort(address, grpc::InsecureServerCredentials(),
                             &port_);
    for (const std::unique_ptr<grpc::Service>& service : services_) {
      builder.RegisterService(service.get());
    }
    server_ = builder.BuildAndStart();
    return server_ != nullptr && port_ != 0;
  }

  int port() const override { return port_; }

  void Shutdown() override {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now() + kShutdownGrace);
    server_.reset();
  }

 private:
  const std::vector<std::unique_ptr<grpc::Service>> services_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    const std::string& listen_address,
    std::vector<std::unique_ptr<grpc::Service>> services) {
  auto server = absl::make_unique<ServerImpl>(std::move(services));
  if (!server->Listen(listen_address)) return rpc::ListenError(listen_address);
  return server;
}

}  // namespace quorate::broker
