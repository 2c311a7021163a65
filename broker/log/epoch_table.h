// EpochTable: at which offset each leader epoch of a log begins.
//
// It is how two replicas find where their logs part (KIP-101, KIP-595): no two
// leaders have written in one epoch, so logs that hold the same batch of an
// epoch are the same up to it. Made from the batches alone. Not thread-safe.

#ifndef QUORATE_BROKER_LOG_EPOCH_TABLE_H_
#define QUORATE_BROKER_LOG_EPOCH_TABLE_H_

#include <cstdint>
#include <vector>

namespace quorate::broker {

class EpochTable {
 public:
  struct End {
    int32_t epoch = -1;      // -1: there is none
    int64_t end_offset = 0;  // where it ends

    bool operator==(const End&) const = default;
  };

  // A batch of `epoch` at `offset` follows. REQUIRES: not below the last one.
  void Add(int32_t epoch, int64_t offset);
  // Forgets what begins at or above `end_offset`.
  void TruncateTo(int64_t end_offset);
  // The log now begins at `start_offset`; the epoch there is kept.
  void AdvanceStart(int64_t start_offset);
  void Clear() { starts_.clear(); }

  int32_t last_epoch() const {  // -1: the log holds no batch
    return starts_.empty() ? -1 : starts_.back().epoch;
  }
  // The largest epoch at or below `epoch`, and where it ends in a log that ends
  // at `log_end`. None: epoch -1, and where the first one begins.
  End EndFor(int32_t epoch, int64_t log_end) const;

 private:
  struct Start {
    int32_t epoch = 0;
    int64_t offset = 0;
  };

  std::vector<Start> starts_;  // rising in both
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_LOG_EPOCH_TABLE_H_
