// ConsumedRecord: a record, and where it stands.

#ifndef QUORATE_BROKER_CLIENT_CONSUMED_RECORD_H_
#define QUORATE_BROKER_CLIENT_CONSUMED_RECORD_H_

#include <cstdint>

#include "broker/client/topic_partition.h"
#include "broker/record/record_batch.h"

namespace quorate::broker {

struct ConsumedRecord {
  TopicPartition partition = {};
  int64_t offset = -1;
  Record record = {};
  // Its place in the producer's sequence; 0 and -1: of none.
  uint64_t producer_id = 0;
  int32_t sequence = -1;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_CONSUMED_RECORD_H_
