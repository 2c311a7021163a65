// Control: what brokers and their controller say to each other.

#ifndef QUORATE_BROKER_RPC_CONTROL_SERVICE_H_
#define QUORATE_BROKER_RPC_CONTROL_SERVICE_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "broker/controller/image_receiver.h"
#include "broker/controller/membership.h"
#include "broker/rpc/ensemble_pin.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace quorate::broker {

// `receiver` and `membership` must outlive it. `on_refused` is told of each
// command that was refused because of who gave it; on any thread.
std::unique_ptr<grpc::Service> MakeControlService(
    EnsemblePin pin, ImageReceiver& receiver, Membership& membership,
    std::function<void(const absl::Status&)> on_refused);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_RPC_CONTROL_SERVICE_H_
