// Ports: one for each member and use, and dead ones: nobody listens there.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_PORTS_H_
#define QUORATE_TOOLS_QUORATE_DRILL_PORTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/quorate/cluster/port.h"
#include "tools/quorate/drill/record.h"

namespace quorate::tools {

class Ports {
 public:
  // `uses` ports for each of the seven members, and as many dead ones for each
  // of the old. Local: there are not enough.
  static absl::StatusOr<Ports> Take(size_t uses) {
    Ports ports;
    for (uint64_t id = 1; id <= kAllMembers; ++id) {
      for (size_t use = 0; use < uses; ++use) {
        absl::Status status = Hold(ports.live_[{id, use}]);
        if (status.ok() && !IsNewcomer(id)) {
          status = Hold(ports.dead_[{id, use}]);
        }
        if (!status.ok()) return status;
      }
    }
    return ports;
  }

  uint16_t Live(uint64_t id, size_t use) const {
    return live_.at({id, use}).port();
  }
  uint16_t Dead(uint64_t id, size_t use) const {
    return dead_.at({id, use}).port();
  }
  // Lets go of the live ports of a member that is about to start.
  void Release(uint64_t id) {
    for (auto& [key, port] : live_) {
      if (key.first == id) port.Release();
    }
  }

 private:
  using Held = std::map<std::pair<uint64_t, size_t>, HeldPort>;

  static absl::Status Hold(HeldPort& port) {
    absl::StatusOr<HeldPort> held = HeldPort::AnyFree();
    if (!held.ok()) return held.status();
    port = *std::move(held);
    return absl::OkStatus();
  }

  Held live_;
  Held dead_;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_PORTS_H_
