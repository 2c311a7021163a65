// Delivery: how a message that was given to a producer has ended.

#ifndef QUORATE_BROKER_CLIENT_DELIVERY_H_
#define QUORATE_BROKER_CLIENT_DELIVERY_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace quorate::broker {

enum class DeliveryOutcome {
  kAcknowledged,  // by all in-sync replicas
  kDeadLettered,  // durable in the dead letter queue
  kFailed,        // neither: it is still the caller's
};

struct Delivery {
  DeliveryOutcome outcome = DeliveryOutcome::kFailed;
  // Why it was not acknowledged; of kFailed also what the dead letter queue
  // said. OK: it was acknowledged.
  absl::Status cause = {};
  std::string message_id = {};
  std::string topic = {};
  int32_t partition = -1;  // -1: none was chosen
  int64_t offset = -1;     // of kAcknowledged
  // The broker had it already, from an attempt whose answer was lost.
  bool duplicate = false;
  int32_t attempts = 0;  // how often it was sent
  // Attempts that failed, those included that found nobody to send it to.
  int32_t failures = 0;
  int64_t elapsed_ms = 0;  // since it was taken in hand
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_DELIVERY_H_
