// Topics: creating and deleting topics, for clients.

#ifndef QUORATE_BROKER_RPC_TOPICS_SERVICE_H_
#define QUORATE_BROKER_RPC_TOPICS_SERVICE_H_

#include <memory>

#include "broker/controller/membership.h"
#include "broker/rpc/ensemble_pin.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace quorate::broker {

// `membership` must outlive it.
std::unique_ptr<grpc::Service> MakeTopicsService(EnsemblePin pin,
                                                 Membership& membership);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_RPC_TOPICS_SERVICE_H_
