// ProducerHistory: what a producer was given and has told, to be held against
// the logs and the dead letters at the end.

#ifndef QUORATE_BROKER_CLIENT_TESTING_PRODUCER_HISTORY_H_
#define QUORATE_BROKER_CLIENT_TESTING_PRODUCER_HISTORY_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "broker/client/dead_letter_queue.h"
#include "broker/client/delivery.h"
#include "broker/record/record_batch.h"

namespace quorate::broker {

struct ProducerHistory {
  struct Sent {
    std::string key = {};  // empty: none
    std::string value = {};
  };
  std::map<uint64_t, Sent> sent = {};  // by ticket, which grows
  std::multimap<uint64_t, Delivery> told = {};
  std::vector<DeadLetter> letters = {};
  std::map<int32_t, std::vector<Record>> logs = {};  // by partition
};

// Empty: all is well. Otherwise the first thing that is wrong:
// - each message has ended once;
// - what was acknowledged stands where it was said;
// - what was not is a dead letter, once, with key, value and cause;
// - nothing stands in a log twice (values name messages);
// - of one key, what stands in the log is in the order in which it was sent.
std::string FindFault(const ProducerHistory& history);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_TESTING_PRODUCER_HISTORY_H_
