#include "coord/rpc/testing/call_end.h"

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "coord/base/check.h"
#include "coord/rpc/testing/test_client.h"
#include "proto/coord/v1/rpc_status.pb.h"

namespace quorate::rpc {

std::shared_ptr<grpc::Channel> MakeTestChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(),
                                   arguments);
}

CallEnd ToCallEnd(const grpc::Status& status) {
  CallEnd end;
  end.status = absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                            status.error_message());
  if (status.error_details().empty()) return end;
  coord::v1::RpcStatus details;
  QUORATE_CHECK(details.ParseFromString(status.error_details()));
  QUORATE_CHECK(details.details_size() > 0);
  QUORATE_CHECK(details.details(0).type_url() ==
                "type.googleapis.com/quorate.coord.v1.ErrorDetail");
  QUORATE_CHECK(end.detail.ParseFromString(details.details(0).value()));
  return end;
}

}  // namespace quorate::rpc
