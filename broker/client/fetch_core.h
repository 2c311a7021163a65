// FetchCore: what a consumer reads next, and from whom, as a pure state
// machine.
//
// Assignments, images, answers and time go in; calls to make and questions to
// ask come out, and records, in order within each partition. It has no threads,
// sockets or clock. Times are milliseconds of one monotonic clock.
//
// Each partition has a position: the offset of the next record that
// TakeRecords() gives. What was fetched before a Seek() is forgotten with it.
//
// Not thread-safe.

#ifndef QUORATE_BROKER_CLIENT_FETCH_CORE_H_
#define QUORATE_BROKER_CLIENT_FETCH_CORE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "broker/client/consumed_record.h"
#include "broker/client/offset_at.h"
#include "broker/client/topic_partition.h"
#include "broker/image/cluster_image.h"
#include "coord/base/seeded_random.h"

namespace quorate::broker {

// What to do where no position is known, or where it is not in the log.
enum class OffsetReset {
  kEarliest,
  kLatest,
  kFail,  // an error, until there is a Seek()
};

struct FetchLimits {
  OffsetReset reset = OffsetReset::kEarliest;     // nothing is committed
  OffsetReset out_of_range = OffsetReset::kFail;  // the log has it no more
  int64_t wait_ms = 500;  // how long a leader may wait for something to come
  uint32_t max_bytes = 1 << 20;  // of one answer; one batch always fits
  // Of one partition: if so much waits to be taken, nothing is fetched.
  size_t max_buffered_bytes = 512 << 10;
  int64_t min_backoff_ms = 20;
  int64_t max_backoff_ms = 1'000;
};

struct FetchCall {
  struct Wanted {
    TopicPartition partition = {};
    int64_t offset = 0;
  };
  uint64_t id = 0;  // above 0
  std::string address = {};
  std::vector<Wanted> partitions = {};
};
struct FetchAnswer {
  absl::Status status = {};
  int64_t high_watermark = 0;
  int64_t log_start_offset = 0;
  std::string batches = {};
};
// Where a partition begins or ends.
struct OffsetQuestion {
  uint64_t turn = 0;  // comes back with the answer
  TopicPartition partition = {};
  OffsetAt at = OffsetAt::kEarliest;
};

struct FetchOutput {
  std::vector<FetchCall> calls = {};           // answer: OnFetched()
  std::vector<OffsetQuestion> questions = {};  // OnOffset()
  bool refresh_metadata = false;  // OnImage() or OnMetadataFailed()
};

class FetchCore {
 public:
  FetchCore(const FetchLimits& limits, uint64_t seed);

  // These and no others; a position that is not given comes from
  // FetchLimits::reset.
  void Assign(
      const std::map<TopicPartition, std::optional<int64_t>>& partitions);
  // False: it is not assigned.
  bool Seek(const TopicPartition& partition, int64_t offset);
  bool SeekTo(const TopicPartition& partition, OffsetAt at);

  void OnImage(std::shared_ptr<const ClusterImage> image, int64_t now_ms);
  void OnMetadataFailed(const absl::Status& why, int64_t now_ms);
  void OnOffset(uint64_t turn, const absl::StatusOr<int64_t>& offset,
                int64_t now_ms);
  // `answers` in the order of the call.
  void OnFetched(uint64_t call, const absl::Status& status,
                 std::vector<FetchAnswer> answers, int64_t now_ms);

  FetchOutput TakeOutput(int64_t now_ms);
  // When TakeOutput() is due; INT64_MAX: never, unless there is other input.
  int64_t NextTick() const { return next_tick_ms_; }

  // At most so many; partitions take turns. Positions move on.
  std::vector<ConsumedRecord> TakeRecords(size_t max_records);
  bool HasRecords() const;
  // What cannot be read without the user's doing: OffsetOutOfRange (kFail),
  // NoTopic for long, a damaged batch, another ensemble. It comes again as long
  // as it holds.
  absl::Status error() const;

  // Where they are known.
  std::map<TopicPartition, int64_t> Positions() const;
  std::map<TopicPartition, int64_t> HighWatermarks() const;
  std::vector<TopicPartition> Assignment() const;

 private:
  struct Partition {
    uint64_t turn = 0;  // another one with each Seek()
    std::optional<int64_t> position = {};
    OffsetAt wanted = OffsetAt::kEarliest;  // if there is no position
    bool asked = false;
    int64_t next_fetch = 0;
    std::deque<ConsumedRecord> records = {};
    size_t buffered_bytes = 0;
    std::optional<int64_t> high_watermark = {};
    int64_t retry_at_ms = 0;
    int failures = 0;
    absl::Status error = {};
  };
  struct CallState {
    std::string address = {};
    std::vector<TopicPartition> partitions = {};
    std::vector<uint64_t> turns = {};
  };

  void Reset(Partition& partition, OffsetReset reset, const absl::Status& why);
  void Place(Partition& partition, int64_t offset);
  void Fail(Partition& partition, const absl::Status& why, int64_t now_ms);
  void OnAnswer(const TopicPartition& where, Partition& partition,
                const FetchAnswer& answer, int64_t now_ms);
  absl::Status TakeBatches(const TopicPartition& where, Partition& partition,
                           absl::string_view bytes);
  void Wake(int64_t at_ms);

  const FetchLimits limits_;
  SeededRandom random_;
  std::shared_ptr<const ClusterImage> image_;
  std::map<TopicPartition, Partition> partitions_;
  std::map<uint64_t, CallState> calls_;
  uint64_t last_turn_ = 0;
  uint64_t last_call_ = 0;
  TopicPartition last_taken_;  // whose records came last
  bool metadata_wanted_ = true;
  bool metadata_asked_ = false;
  int64_t metadata_at_ms_ = 0;
  int metadata_failures_ = 0;
  absl::Status metadata_error_;
  int64_t next_tick_ms_ = 0;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_FETCH_CORE_H_
