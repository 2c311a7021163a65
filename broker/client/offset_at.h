// OffsetAt: a place in a partition's log that has to be asked for.

#ifndef QUORATE_BROKER_CLIENT_OFFSET_AT_H_
#define QUORATE_BROKER_CLIENT_OFFSET_AT_H_

namespace quorate::broker {

enum class OffsetAt {
  kEarliest,
  kLatest,     // the high watermark
  kTimestamp,  // the first batch that ends at or after a time
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_OFFSET_AT_H_
