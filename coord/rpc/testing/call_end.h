// Channels of tests, and how calls on them end.

#ifndef QUORATE_COORD_RPC_TESTING_CALL_END_H_
#define QUORATE_COORD_RPC_TESTING_CALL_END_H_

#include <grpcpp/channel.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <string>

#include "coord/rpc/testing/test_client.h"

namespace quorate::rpc {

// With a connection of its own.
std::shared_ptr<grpc::Channel> MakeTestChannel(const std::string& address);

CallEnd ToCallEnd(const grpc::Status& status);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_TESTING_CALL_END_H_
