#include "coord/client/channel.h"

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "coord/client/error_detail.h"
#include "grpc/grpc.h"
#include "grpcpp/channel.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "grpcpp/support/status.h"

namespace quorate::client {
namespace {

// The longest answer: the names of all children of a znode.
constexpr int kMaxReceivedBytes = 256 << 20;

}  // namespace

std::shared_ptr<grpc::Channel> NewChannel(const std::string& endpoint) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // A proxy that is meant for the web is no way to an ensemble.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kMaxReceivedBytes);
  arguments.SetMaxSendMessageSize(-1);
  return grpc::CreateCustomChannel(endpoint, grpc::InsecureChannelCredentials(),
                                   arguments);
}

absl::Status FromGrpc(const grpc::Status& status) {
  return StatusOfCall(static_cast<int32_t>(status.error_code()),
                      status.error_message(), status.error_details());
}

}  // namespace quorate::client
