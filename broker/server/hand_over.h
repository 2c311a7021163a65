// HandOver: a broker that wants to stop asks the controller to give its
// partitions to others, and waits for that.

#ifndef QUORATE_BROKER_SERVER_HAND_OVER_H_
#define QUORATE_BROKER_SERVER_HAND_OVER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "broker/rpc/control_client.h"

namespace quorate::broker {

struct HandedOver {
  int32_t remaining = 0;   // that others could lead; -1: not known
  absl::Status last = {};  // of the last answer
};

inline constexpr int64_t kHandOverMs = 5'000;

// Blocks until nothing remains, for about kHandOverMs at most.
HandedOver HandOver(ControllerClient& controller);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_SERVER_HAND_OVER_H_
