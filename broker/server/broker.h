// Broker: all parts of one running broker, put together.
//
//   gRPC -> Broker service  -> DataPlane
//        -> Control service -> ImageReceiver (fence) -> DataPlane
//        -> Control, Topics, Group services -> Membership (as controller)
//   Membership <-> the ensemble; -> images -> Control services of all brokers
//   DataPlane  -> leaders (fetch), -> ControllerClient (ISR)

#ifndef QUORATE_BROKER_SERVER_BROKER_H_
#define QUORATE_BROKER_SERVER_BROKER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "broker/server/format.h"
#include "broker/server/settings.h"
#include "coord/server/logger.h"

namespace quorate::broker {

class Broker {
 public:
  // `logger` must outlive it.
  static std::unique_ptr<Broker> Make(const Settings& settings,
                                      server::Logger& logger);
  // Stops at once, without handing over.
  virtual ~Broker() = default;

  // Opens the directory, recovers the logs, listens, and begins to ask the
  // ensemble. `on_stop` is called when it has stopped for good, on a thread of
  // its own; perhaps again. Call once.
  virtual Ended Start(std::function<void(const absl::Status&)> on_stop) = 0;

  // Orderly: hands its partitions over, for so long as a bound allows, leaves
  // the cluster, and makes durable what it has. After Start(), once.
  virtual void Shutdown() = 0;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_SERVER_BROKER_H_
