// Ports of the loopback device for a local cluster.

#ifndef QUORATE_TOOLS_QUORATE_CLUSTER_PORT_H_
#define QUORATE_TOOLS_QUORATE_CLUSTER_PORT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace quorate::tools {

// A port that nobody else can listen on as long as this lives. Movable.
class HeldPort {
 public:
  HeldPort() = default;
  HeldPort(HeldPort&& other) noexcept;
  HeldPort& operator=(HeldPort&& other) noexcept;
  ~HeldPort() { Release(); }

  uint16_t port() const { return port_; }
  // Lets go, so that who it was held for can listen. Somebody else may be
  // quicker: that one then finds it taken.
  void Release();

  // Some port that is free. It is none of those that the system gives to
  // outgoing connections, so that a member that was stopped finds it free
  // again. Local: there is none.
  static absl::StatusOr<HeldPort> AnyFree();

  // Local: somebody listens on it.
  static absl::StatusOr<HeldPort> Hold(uint16_t port);

 private:
  int fd_ = -1;
  uint16_t port_ = 0;
};

// Whether somebody listens at "127.0.0.1:port": a look that costs nothing, so
// that no connection of gRPC fails first and then waits.
bool Listens(const std::string& address);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CLUSTER_PORT_H_
