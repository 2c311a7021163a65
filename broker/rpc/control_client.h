// ControlClient: Control at other brokers: commands of a controller, and what a
// broker asks of its controller.
//
// Thread-safe. Callbacks come on threads of gRPC, once, also after this object
// has gone.

#ifndef QUORATE_BROKER_RPC_CONTROL_CLIENT_H_
#define QUORATE_BROKER_RPC_CONTROL_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "broker/controller/broker_link.h"
#include "broker/data/outside.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {

// A link over a connection of its own.
std::unique_ptr<BrokerLink> OpenGrpcBrokerLink(const std::string& address);

// To the controller of the newest image. NotReady: there is no image yet, or
// the controller does not stand in it.
class ControllerClient : public IsrClient {
 public:
  using Image = std::function<std::shared_ptr<const ClusterImage>()>;

  // `image`: the newest that broker `id` has; it may be nullptr.
  static std::unique_ptr<ControllerClient> Make(std::string ensemble_id,
                                                BrokerId id, Image image);

  // As IsrClient. Names this broker's life, and those of the ISR, by the image.
  // void AlterIsr(...)

  // How many partitions remain, see Control.Resign.
  virtual void Resign(std::function<void(absl::StatusOr<int32_t>)> done) = 0;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_RPC_CONTROL_CLIENT_H_
