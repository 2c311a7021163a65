// Server: the port on which a broker serves everybody.

#ifndef QUORATE_BROKER_RPC_SERVER_H_
#define QUORATE_BROKER_RPC_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace quorate::broker {

class Server {
 public:
  // Unavailable: the address cannot be listened on; the message says why.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      const std::string& listen_address,
      std::vector<std::unique_ptr<grpc::Service>> services);
  // As Shutdown().
  virtual ~Server() = default;

  virtual int port() const = 0;
  // Refuses new calls; returns when all are finished. Whoever holds calls
  // answers them first.
  virtual void Shutdown() = 0;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_RPC_SERVER_H_
