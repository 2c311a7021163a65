// RunProcessor: reads a group's topics and processes what comes, from where the
// database says.

#ifndef QUORATE_BROKER_PROCESSOR_RUN_H_
#define QUORATE_BROKER_PROCESSOR_RUN_H_

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "broker/client/consumer.h"
#include "broker/processor/processor.h"

namespace quorate::broker {

struct RunOptions {
  // Its topics; the group is the processor's. Offsets are committed by this
  // function, as a hint, after what they stand for.
  ConsumerOptions consumer = {};
  // Asked often, between records too; true: it ends. REQUIRES: not null.
  std::function<bool()> should_stop = {};
  // Between two attempts of a handler that fails.
  int64_t retry_ms = 200;
};

// OK: it was told to stop. Otherwise an error that does not go by itself, of
// the consumer, the database or the dead letter queue; it can be run again. A
// handler that fails is tried again, until its record is a dead letter.
absl::Status RunProcessor(IdempotentProcessor& processor, RunOptions options);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_PROCESSOR_RUN_H_
