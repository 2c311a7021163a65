#include "coord/rpc/server.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/call_once.h"
#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "coord/replica/error.h"
#include "coord/rpc/context.h"
#include "coord/rpc/listen_error.h"
#include "coord/rpc/peer_transport.h"
#include "coord/rpc/services.h"

namespace quorate::rpc {
namespace {

constexpr char kCoordService[] = "quorate.coord.v1.Coord";
// One connection's streams. A client opens one or two; a proxy could gather
// many.
constexpr int kMaxStreams = 1'000;
// How long clients have to read the last of their streams in a shutdown.
constexpr auto kShutdownGrace = std::chrono::milliseconds(300);

void AddLimits(const ServerOptions& options, grpc::ServerBuilder& builder) {
  const size_t max_int = std::numeric_limits<int>::max();
  builder.SetMaxReceiveMessageSize(
      static_cast<int>(std::min(options.max_message_bytes, max_int)));
  builder.SetMaxSendMessageSize(-1);  // bounded by what the tree holds
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreams);
  // Else an occupied port would be shared in silence.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // A client that vanished without a word is noticed, and one that asks for
  // signs of life too often is sent away.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 500);
  grpc::ResourceQuota quota("quorate");
  quota.Resize(size_t{1} << 30);
  builder.SetResourceQuota(quota);
}

void EnablePlugins() {
  static absl::once_flag once;
  absl::call_once(once, [] {
    // Else everybody who sends bytes that are no text fills our log.
    google::protobuf::SetLogHandler(nullptr);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

class ServerImpl final : public Server {
 public:
  explicit ServerImpl(std::shared_ptr<Context> context)
      : context_(std::move(context)),
        services_({MakeCoordService(context_), MakeAdminService(context_),
                   MakePeerService(context_)}),
        peers_(PeerTransport::Make(context_)) {}

  ~ServerImpl() override { Shutdown(); }

  absl::Status Listen() {
    EnablePlugins();
    grpc::ServerBuilder builder;
    AddLimits(context_->options, builder);
    for (const std::shared_ptr<grpc::Service>& service : services_) {
      builder.RegisterService(service.get());
    }
    builder.AddListeningPort(context_->options.listen_address,
                             grpc::InsecureServerCredentials(), &port_);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      server_.reset();
      return ListenError(context_->options.listen_address);
    }
    SetServing(false);
    return absl::OkStatus();
  }

  int port() const override { return port_; }
  DeliverySink& deliveries() override { return context_->deliveries; }
  PeerSink& peers() override { return *peers_; }

  void SetServing(bool serving) override {
    grpc::HealthCheckServiceInterface* health =
        server_->GetHealthCheckService();
    health->SetServingStatus("", serving);
    health->SetServingStatus(kCoordService, serving);
  }

  ServerStats stats() const override {
    const Counts& counts = context_->counts;
    return {.frames_in = counts.frames_in,
            .frames_out = counts.frames_out,
            .sessions_open = counts.sessions_open,
            .calls = counts.calls,
            .malformed = counts.malformed,
            .peer_batches_in = counts.peer_batches_in,
            .peer_batches_out = counts.peer_batches_out,
            .peer_dropped = counts.peer_dropped};
  }

  void Shutdown() override {
    absl::MutexLock lock(&shutdown_mutex_);
    if (shut_down_) return;
    shut_down_ = true;
    context_->deliveries.Close(
        replica::Error(replica::ErrorKind::kStopped,
                       "this member is shutting down; use another"));
    // Streams that are still there after the grace are cut off.
    if (server_ != nullptr) {
      server_->Shutdown(std::chrono::system_clock::now() + kShutdownGrace);
      server_->Wait();
    }
    peers_->Shutdown();
    context_->timer.Stop();
    context_->disk.Stop();
    context_->workers.Stop();
  }

 private:
  const std::shared_ptr<Context> context_;
  const std::vector<std::shared_ptr<grpc::Service>> services_;
  const std::shared_ptr<PeerTransport> peers_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;  // before the services in going
  absl::Mutex shutdown_mutex_;
  bool shut_down_ ABSL_GUARDED_BY(shutdown_mutex_) = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    const ServerOptions& options, ReplicaHost& host,
    SnapshotSource& snapshots) {
  auto context = std::make_shared<Context>(options, host, snapshots);
  auto server = std::make_unique<ServerImpl>(std::move(context));
  const absl::Status listens = server->Listen();
  if (!listens.ok()) return listens;
  return server;
}

}  // namespace quorate::rpc
