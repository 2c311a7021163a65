// ReadPlan: what is to be read of a log, decided under the owner's lock and
// carried out without it, so that one slow disk read holds up nobody else.
//
// The file may be cut or removed meanwhile: ask the log afterwards whether what
// was read still counts (PartitionLog::cuts()).

#ifndef QUORATE_BROKER_LOG_READ_PLAN_H_
#define QUORATE_BROKER_LOG_READ_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "coord/storage/file_system.h"

namespace quorate::broker {

struct ReadPlan {
  std::string path = {};     // of the segment; empty: there is nothing to read
  uint64_t position = 0;     // of a batch at or before the one that is wanted
  uint64_t end_bytes = 0;    // of the segment
  int64_t offset = 0;        // the first that is wanted
  int64_t limit_offset = 0;  // batches end at or below it
  size_t max_bytes = 0;
  uint64_t cuts = 0;

  bool empty() const { return path.empty(); }
};

// Appends whole batches to `*out`: from the one that holds `plan.offset`, at
// most `max_bytes` of them, but one if there is one. kDamaged: what stands
// there is no batch.
absl::Status CarryOut(const ReadPlan& plan, storage::FileSystem& files,
                      std::string* out);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_LOG_READ_PLAN_H_
