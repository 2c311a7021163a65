// LogRecord: one record as storage keeps it, opaque but for its zxid.

#ifndef QUORATE_COORD_STORAGE_LOG_RECORD_H_
#define QUORATE_COORD_STORAGE_LOG_RECORD_H_

#include <cstdint>

#include "coord/base/bytes.h"
#include "coord/consensus/zxid.h"

namespace quorate::storage {

// What `kind` and `payload` mean is up to the layer above. No payload and an
// empty one are the same.
struct LogRecord {
  consensus::Zxid zxid;
  uint8_t kind = 0;
  Bytes payload;
};

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_LOG_RECORD_H_
