// DeadLetterQueue: where messages go that could not be delivered, or not be
// processed, with all that is needed to try again.
//
// The interface alone, as the producer needs it; broker/dlq/ has the queues.

#ifndef QUORATE_BROKER_CLIENT_DEAD_LETTER_QUEUE_H_
#define QUORATE_BROKER_CLIENT_DEAD_LETTER_QUEUE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "broker/record/record_batch.h"

namespace quorate::broker {

struct DeadLetter {
  // Of the message (message_id.h); also in the record's headers. Never empty.
  std::string message_id = {};
  std::string topic = {};
  int32_t partition = -1;  // -1: none was chosen yet
  // Key, value, headers and time, as they were given.
  Record record = {};

  // Why: the kind, such as "NoTopic" or "RequestTimedOut", and the sentence.
  std::string cause = {};
  std::string message = {};
  int32_t attempts = 0;  // 0: it was never sent
  int64_t first_ms = 0;  // since 1970: when it was first taken in hand
  int64_t last_ms = 0;   // and given up
  // Its place in the producer's sequence; 0 and -1: it was never sent. It may
  // have been taken all the same if it was.
  uint64_t producer_id = 0;
  int32_t producer_epoch = 0;
  int32_t sequence = -1;
  // Of one that could not be processed: who gave up, and where it stands.
  std::string group = {};
  int64_t offset = -1;

  bool operator==(const DeadLetter&) const = default;
};

class DeadLetterQueue {
 public:
  virtual ~DeadLetterQueue() = default;

  // OK: all are durable. Otherwise none or some may be; those can be put again
  // without harm, as one message id is kept once. Blocks. Thread-safe.
  virtual absl::Status Put(const std::vector<DeadLetter>& letters) = 0;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_DEAD_LETTER_QUEUE_H_
