// The message id: a header that each record gets when a producer first takes
// it, and that stays with it through retries, the dead letter queue and replay.
// Whoever processes records knows by it what it has seen already.
//
// It is the producer's own random id, 32 hexadecimal digits, and a counter:
// "5d1c0f8e9a7b46d2b3c4a5968778695a-17".

#ifndef QUORATE_BROKER_CLIENT_MESSAGE_ID_H_
#define QUORATE_BROKER_CLIENT_MESSAGE_ID_H_

#include <string>

#include "broker/record/record_batch.h"

namespace quorate::broker {

inline constexpr char kMessageIdHeader[] = "quorate-message-id";

// Empty: the record has none.
inline std::string MessageIdOf(const Record& record) {
  for (const RecordHeader& header : record.headers) {
    if (header.name == kMessageIdHeader) return header.value;
  }
  return "";
}

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_MESSAGE_ID_H_
