// Producer: sends messages to the partitions of topics.
//
//   auto producer = Producer::Create(
//       {.client = {.bootstrap = {"127.0.0.1:9000"}}, .dead_letters = spool});
//   (*producer)->Send({.topic = "orders", .record = {.key = "17", .value = v}},
//                     [](const Delivery& delivery) { ... });
//   (*producer)->Close(30'000);
//
// A message counts as taken only when its Delivery says kAcknowledged (every
// in-sync replica has it on disk) or kDeadLettered (the dead letter queue has).
// Send() alone promises nothing. How it gets there: producer_core.h.
//
// Thread-safe. Messages of one partition that are sent by one thread stand in
// the log in the order in which they were sent.

#ifndef QUORATE_BROKER_CLIENT_PRODUCER_H_
#define QUORATE_BROKER_CLIENT_PRODUCER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/circuit_breaker.h"
#include "broker/client/client_options.h"
#include "broker/client/dead_letter_queue.h"
#include "broker/client/delivery.h"
#include "broker/client/producer_core.h"

namespace quorate::broker {

struct ProducerOptions {
  ClientOptions client = {};
  ProducerLimits limits = {};
  // Where messages go that cannot be delivered. nullptr: nowhere, they fail.
  std::shared_ptr<DeadLetterQueue> dead_letters = {};
  // How long Send() may wait for memory. 0: it refuses at once.
  int64_t max_block_ms = 60'000;
};

struct ProducerStats {
  int64_t acknowledged = 0;
  int64_t saved_by_retry = 0;  // of these: after an attempt that failed
  int64_t duplicates = 0;      // of these: the broker had it already
  int64_t dead_lettered = 0;
  int64_t failed = 0;
  size_t unsettled = 0;  // taken in hand and not ended
  size_t buffered_bytes = 0;
  CircuitBreaker::State breaker = CircuitBreaker::State::kClosed;
  int64_t breaker_trips = 0;
};

class ProducerDriver;

class Producer {
 public:
  // InvalidArgument: options that are out of their range. Connects to nobody
  // yet.
  static absl::StatusOr<std::unique_ptr<Producer>> Create(
      ProducerOptions options);
  // As Close(0).
  ~Producer();

  using Callback = std::function<void(const Delivery&)>;
  // If OK, `done` is called once, on the producer's thread; it must not block,
  // and what it sends itself is refused where it would have to wait. Not OK:
  // the message was not taken, and is not a dead letter; errors as
  // ProducerCore::Send(), and FailedPrecondition: it is closed.
  absl::Status Send(Message message, Callback done);
  // Waits for the end of one message.
  absl::StatusOr<Delivery> SendAndWait(Message message);

  // Waits until all that was sent before has ended. DeadlineExceeded: it has
  // not in time; it goes on all the same. Not to be called by a callback.
  absl::Status Flush(int64_t timeout_ms);
  // Flushes, gives up what has not ended in time (it becomes dead letters), and
  // ends. DeadlineExceeded: something was given up. Send() is refused from now
  // on. Not to be called by a callback.
  absl::Status Close(int64_t timeout_ms);

  ProducerStats stats() const;
  // Of the ensemble that it has pinned, 16 bytes; empty: none yet.
  std::string ensemble_id() const;

 private:
  explicit Producer(std::shared_ptr<ProducerDriver> driver);

  const std::shared_ptr<ProducerDriver> driver_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_PRODUCER_H_
