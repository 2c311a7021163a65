#include "broker/client/channels.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "broker/rpc/callback_threads.h"
#include "grpc/grpc.h"
#include "grpc/support/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace quorate::broker {
namespace {

// A cluster has fewer brokers; addresses that images name no more go.
constexpr size_t kMaxChannels = 1'000;

std::shared_ptr<grpc::Channel> NewChannel(const std::string& address) {
  KeepCallbackThreads();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // A proxy that is meant for the web is no way to a broker.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A broker that is back is found soon; gRPC itself would wait for minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace

std::shared_ptr<grpc::Channel> Channels::To(const std::string& address) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (channels_.size() >= kMaxChannels && channels_.count(address) == 0) {
    channels_.erase(channels_.begin());
  }
  std::shared_ptr<grpc::Channel>& channel = channels_[address];
  if (channel == nullptr) channel = NewChannel(address);
  return channel;
}

void SetTimeout(grpc::ClientContext& context, int64_t timeout_ms) {
  context.set_deadline(
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_millis(timeout_ms, GPR_TIMESPAN)));
}

}  // namespace quorate::broker
