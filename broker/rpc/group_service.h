// GroupService: consumer groups over gRPC; translates and forwards.
//
// No call holds a thread: a join that waits is a reactor. Thread-safe.

#ifndef QUORATE_BROKER_RPC_GROUP_SERVICE_H_
#define QUORATE_BROKER_RPC_GROUP_SERVICE_H_

#include <functional>
#include <memory>
#include <string>

namespace grpc {
class Service;
}  // namespace grpc

namespace quorate::broker {

class GroupCoordinator;

struct GroupServiceOptions {
  // Of this broker, 16 bytes: requests for another are refused. Empty: any is
  // taken.
  std::function<std::string()> ensemble_id = {};
  // Whom to ask where this broker is not controller; empty: nobody is known.
  std::function<std::string()> controller_address = {};
};

// To be registered at a grpc::ServerBuilder; both must outlive the server.
// REQUIRES: both functions are given.
std::unique_ptr<grpc::Service> MakeGroupService(GroupCoordinator& coordinator,
                                                GroupServiceOptions options);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_RPC_GROUP_SERVICE_H_
