// WriteAheadLog: the records of one member, in segments, over a FileSystem.
//
// Changes are collected in memory and made durable together: Sync() writes them
// as one frame with one fdatasync, however many batches they came from. Nothing
// that a Stage…() call took is durable before Sync() has returned.
//
// After an error that is neither kDiskFull nor kMisuse every later call that
// changes anything returns the same error: a sync is never retried (rule 21).
//
// Not thread-safe.

#ifndef QUORATE_COORD_STORAGE_WRITE_AHEAD_LOG_H_
#define QUORATE_COORD_STORAGE_WRITE_AHEAD_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_system.h"
#include "coord/storage/log_format.h"
#include "coord/storage/log_record.h"
#include "coord/storage/log_replay.h"
#include "coord/storage/log_writer.h"
#include "coord/storage/owner.h"
#include "coord/storage/spare_segment.h"

namespace quorate::storage {

struct LogOptions {
  // Of segments made from now on; a multiple of kSectorBytes.
  uint64_t segment_bytes = 64 << 20;
  // Staged changes beyond this are written without waiting for Sync().
  uint64_t max_frame_bytes = 4 << 20;
};

// One batch of changes; they apply in this order.
struct LogChange {
  std::optional<consensus::Zxid> reset;
  std::optional<consensus::Zxid> truncate_after;
  absl::Span<const LogRecord> append;
};

class WriteAheadLog {
 public:
  // Makes the first segment in an empty directory, durably. kMisuse: bad
  // options. `files` must outlive the log.
  static absl::Status Create(FileSystem& files, absl::string_view directory,
                             const Owner& owner, const LogOptions& options);

  // Goes on with what ReplayLog() has found: cuts a torn tail, removes a
  // segment that was never used, and makes sure that what was read is on the
  // disk. The records in `log` are not needed any more. kForeign: the segments
  // are not `owner`'s.
  static absl::StatusOr<std::unique_ptr<WriteAheadLog>> Open(
      FileSystem& files, absl::string_view directory, const Owner& owner,
      const LogOptions& options, const ReplayedLog& log);

  // The record before the oldest one; the newest one, staged ones included.
  consensus::Zxid base() const { return base_; }
  consensus::Zxid last() const {
    return zxids_.empty() ? base_ : zxids_.back();
  }

  // Takes a batch, whole or not at all. A truncation at or above last() does
  // nothing. kMisuse: records not ascending, a truncation below base(), or a
  // batch that no segment has room for. kDiskFull: no room for the next
  // segment. It may sync earlier batches to begin a segment.
  absl::Status Stage(const LogChange& change);
  // The part of Stage() that can fail: the next Stage() of the same change does
  // no I/O and returns OK.
  absl::Status Reserve(const LogChange& change);

  // Makes everything staged durable. kDiskFull: it stays staged; call again.
  absl::Status Sync();
  bool HasStaged() const { return !frame_.empty(); }

  // Proves that everything before was acknowledged: with a later frame behind
  // it, no damage to it can be taken for a torn tail. One sync. Nothing may be
  // staged.
  absl::Status Settle();

  // Has no more to do with the oldest segments that hold no record above
  // `zxid`. Their files, oldest first, may be removed from now on, in this
  // order and behind those of earlier calls, each durably before the next: a
  // gap must never be found. It is as well if they are still there at the next
  // start.
  absl::StatusOr<std::vector<std::string>> GiveUp(consensus::Zxid zxid);

  // Of the next segment; another thread may prepare it. Lives as long as this.
  SpareSegment& spare() { return spare_; }
  const SpareSegment& spare() const { return spare_; }

  // Who owns segments made from now on.
  void SetOwner(const Owner& owner) { owner_ = owner; }

 private:
  struct ClosedSegment {
    std::string path;
    consensus::Zxid last;  // as ReplayedSegment::last
  };

  WriteAheadLog(FileSystem& files, absl::string_view directory,
                const Owner& owner, const LogOptions& options,
                LogWriter writer);

  static absl::StatusOr<LogWriter> MakeSegment(FileSystem& files,
                                               absl::string_view directory,
                                               SpareSegment& spare,
                                               const SegmentHeader& header);
  absl::Status Recover(const ReplayedLog& log);
  absl::Status Check(const LogChange& change, uint64_t* bytes) const;
  absl::Status MakeRoom(uint64_t bytes);
  absl::Status Roll();
  absl::Status WriteFrame();
  void Truncate(consensus::Zxid zxid);
  // Remembers an error that is final; returns `status`.
  absl::Status Note(const absl::Status& status);

  FileSystem& files_;
  const std::string directory_;
  Owner owner_;
  const LogOptions options_;
  absl::Status broken_;

  LogWriter writer_;
  std::string writer_path_;
  std::optional<LogWriter> next_;  // made; the seal that leads to it is not
  SpareSegment spare_;
  FrameBuilder frame_;

  std::deque<ClosedSegment> closed_;  // oldest first
  consensus::Zxid base_;
  std::deque<consensus::Zxid> zxids_;
};

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_WRITE_AHEAD_LOG_H_
