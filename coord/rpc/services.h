// The gRPC services of one member.

#ifndef QUORATE_COORD_RPC_SERVICES_H_
#define QUORATE_COORD_RPC_SERVICES_H_

#include <memory>

#include "coord/rpc/context.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace quorate::rpc {

// For clients, operators and peers. What they start holds `context` for as long
// as it lives.
std::shared_ptr<grpc::Service> MakeCoordService(
    std::shared_ptr<Context> context);
std::shared_ptr<grpc::Service> MakeAdminService(
    std::shared_ptr<Context> context);
std::shared_ptr<grpc::Service> MakePeerService(
    std::shared_ptr<Context> context);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_SERVICES_H_
