// PartitionLog: the log of one replica on disk; see FORMAT.md.
//
// Record batches, exactly as they were encoded, in segments; what lies below
// durable_end() survives a crash. A failed sync, and damage, stop it for good
// (failed()); a full disk does not: the append is refused, nothing of it stays,
// and a later one may succeed.
//
// Not thread-safe, except that what BeginSync(), BeginCheckpoint() and
// PlanRead() return is worked on without the owner's lock. Offsets are counted
// in records. Errors are those of coord/storage unless told otherwise.

#ifndef QUORATE_BROKER_LOG_PARTITION_LOG_H_
#define QUORATE_BROKER_LOG_PARTITION_LOG_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "broker/log/checkpoint_file.h"
#include "broker/log/epoch_table.h"
#include "broker/log/read_plan.h"
#include "broker/log/segment.h"
#include "broker/record/record_batch.h"
#include "coord/storage/file_system.h"

namespace quorate::broker {

class PartitionLog {
 public:
  using Visitor = absl::FunctionRef<void(const BatchHeader&)>;

  // --- Logs of a directory: NAME.checkpoint and the directory NAME ----------
  // Names of the logs that are there, sorted.
  static absl::StatusOr<std::vector<std::string>> List(
      storage::FileSystem& files, absl::string_view directory);
  // What a log's checkpoint says, also if the log itself is damaged.
  static absl::StatusOr<uint64_t> TopicIdOf(storage::FileSystem& files,
                                            absl::string_view directory,
                                            absl::string_view name);
  // REQUIRES: List() does not show it. An empty log that begins at 0.
  static absl::StatusOr<std::unique_ptr<PartitionLog>> Create(
      storage::FileSystem& files, absl::string_view directory,
      absl::string_view name, uint64_t topic_id);
  // Reads and verifies all of it. Cuts a torn tail, which was never durable;
  // kDamaged for anything else that is not as it was written. `each` is told
  // every batch, in order.
  static absl::StatusOr<std::unique_ptr<PartitionLog>> Open(
      storage::FileSystem& files, absl::string_view directory,
      absl::string_view name, Visitor each);
  // Removes the files, damaged or not, durably; one that is open must not be
  // used any more. After an error it is there still, perhaps without its end.
  // The empty directory stays.
  static absl::Status Remove(storage::FileSystem& files,
                             absl::string_view directory,
                             absl::string_view name);

  PartitionLog(const PartitionLog&) = delete;
  PartitionLog& operator=(const PartitionLog&) = delete;

  uint64_t topic_id() const { return checkpoint_->value().topic_id; }
  int64_t start_offset() const { return segments_.front().base_offset; }
  int64_t end_offset() const { return segments_.back().end_offset; }
  int64_t durable_end() const { return durable_end_; }
  // As last told, or as found at opening: not above durable_end().
  int64_t high_watermark() const { return high_watermark_; }
  const EpochTable& epochs() const { return epochs_; }
  int64_t size_bytes() const;
  size_t segment_count() const { return segments_.size(); }
  // Bytes of a torn tail that opening has cut.
  uint64_t cut_at_opening() const { return cut_at_opening_; }
  // How often something was taken back: what was planned before such a cut may
  // have read what is no part of the log.
  uint64_t cuts() const { return cuts_; }
  // OK, or why this log has stopped.
  const absl::Status& failed() const { return failed_; }

  // --- Writing --------------------------------------------------------------
  // A segment that would grow beyond it is followed by another. 64 MiB at
  // first.
  void SetSegmentBytes(int64_t bytes) { segment_bytes_ = bytes; }
  // Gives the batch the next offset and `leader_epoch`. REQUIRES: a verified
  // batch; the epoch is not below that of the last.
  absl::Status AppendAsLeader(std::string* batch, int32_t leader_epoch);
  // Verifies and appends whole batches as a leader gave them; those that it
  // holds already are passed over. InvalidArgument: they are no batches, or do
  // not follow; nothing was appended. `each` is told those that were: on a full
  // disk perhaps some.
  absl::Status AppendAsFollower(absl::string_view batches, Visitor each);

  struct SyncPoint {
    std::shared_ptr<storage::File> file;  // its SyncData() is to be called
    int64_t end_offset = 0;
    uint64_t end_bytes = 0;  // of the segment; for File::WriteOut()
    uint64_t cuts = 0;
  };
  // Nothing: all is durable.
  std::optional<SyncPoint> BeginSync() const;
  // What came of it. An error stops the log.
  void FinishSync(const SyncPoint& point, const absl::Status& synced);

  // REQUIRES: not above durable_end(). Durable with the next checkpoint.
  void SetHighWatermark(int64_t high_watermark);
  // Writes the checkpoint; returns what is to be synced for it to be durable.
  // nullptr: nothing has changed, or the log has stopped.
  std::shared_ptr<storage::File> BeginCheckpoint();
  void FinishCheckpoint(const absl::Status& synced);

  // --- Taking back ----------------------------------------------------------
  // Removes, durably, all batches that end above `offset`. InvalidArgument:
  // below start_offset() or the high watermark.
  absl::Status TruncateTo(int64_t offset);
  // Removes all and goes on, empty, at `offset`.
  absl::Status ResetTo(int64_t offset);
  // Removes segments that lie below the high watermark and are too old by their
  // records' times, or too many bytes; 0: without limit. `now_ms` since 1970.
  absl::Status RemoveOld(int64_t now_ms, int64_t retention_ms,
                         int64_t retention_bytes);

  // --- Reading --------------------------------------------------------------
  // From the batch that holds `offset` on, batches that end at or below
  // `limit_offset`. OutOfRange: below start_offset() or above end_offset().
  absl::StatusOr<ReadPlan> PlanRead(int64_t offset, int64_t limit_offset,
                                    size_t max_bytes) const;
  // The base offset of the first batch that ends at or below `limit_offset` and
  // has a record at or after that time; `limit_offset` if there is none.
  absl::StatusOr<int64_t> FindByTime(int64_t timestamp_ms,
                                     int64_t limit_offset) const;
  // Reads all again, from the disk.
  absl::Status Visit(Visitor each) const;

 private:
  // Between two batches.
  struct Boundary {
    size_t segment = 0;  // of segments_
    uint64_t position = 0;
    int64_t offset = 0;
  };

  PartitionLog(storage::FileSystem& files, absl::string_view directory,
               absl::string_view name);

  absl::Status Recover(Visitor each);
  absl::Status ScanAll(const std::vector<int64_t>& bases, Visitor each);
  absl::Status CutTail(Segment& segment, storage::File& file,
                       const std::string& problem);
  absl::Status CheckWhole() const;
  absl::Status OpenActive(storage::OpenMode mode);
  absl::Status StartSegment(int64_t base_offset);
  absl::Status RollFor(size_t bytes);
  absl::Status Write(absl::string_view bytes);
  absl::Status CleanTail();
  absl::Status DropSegment(size_t index);
  absl::StatusOr<Boundary> BoundaryBelow(int64_t offset) const;
  absl::Status CutLast(uint64_t position);
  absl::Status LowerCheckpoint(int64_t end);
  absl::Status Stop(const absl::Status& cause);
  Checkpoint CheckpointNow() const;

  storage::FileSystem& files_;
  const std::string directory_;  // of the segments
  std::unique_ptr<CheckpointFile> checkpoint_;
  bool is_checkpoint_durable_ = true;
  std::vector<Segment> segments_;          // never empty once it is open
  std::unique_ptr<storage::File> active_;  // the last segment
  std::shared_ptr<storage::File> syncer_;  // the same, for the sync thread
  EpochTable epochs_;
  int64_t segment_bytes_ = 64 << 20;
  int64_t durable_end_ = 0;
  int64_t high_watermark_ = 0;
  // A failed write may have left something behind the end.
  bool is_tail_dirty_ = false;
  uint64_t cut_at_opening_ = 0;
  uint64_t cuts_ = 0;
  absl::Status failed_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_LOG_PARTITION_LOG_H_
