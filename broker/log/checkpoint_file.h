// CheckpointFile: what of a partition its log does not tell: the topic's id,
// the high watermark, and how far the log is known to be durable. One sector,
// which a disk writes whole or not at all, so it is overwritten in place.
//
// Not thread-safe, but a handle from ForSync() may be synced beside all else.

#ifndef QUORATE_BROKER_LOG_CHECKPOINT_FILE_H_
#define QUORATE_BROKER_LOG_CHECKPOINT_FILE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/storage/file_system.h"

namespace quorate::broker {

struct Checkpoint {
  uint64_t topic_id = 0;
  int64_t high_watermark = 0;
  // What lies below was synced: damage there is no torn tail. May lag.
  int64_t durable_end = 0;

  bool operator==(const Checkpoint&) const = default;
};

class CheckpointFile {
 public:
  // Makes the file, durably, whole or not at all. Replaces one that is there.
  static absl::StatusOr<std::unique_ptr<CheckpointFile>> Create(
      storage::FileSystem& files, absl::string_view directory,
      absl::string_view name, const Checkpoint& checkpoint);
  // kDamaged: it is none; kVersion: of a newer program.
  static absl::StatusOr<std::unique_ptr<CheckpointFile>> Open(
      storage::FileSystem& files, absl::string_view path);

  const Checkpoint& value() const { return value_; }
  // Not durable before a sync; a crash leaves this one or an older one.
  absl::Status Write(const Checkpoint& checkpoint);
  absl::Status WriteDurably(const Checkpoint& checkpoint);
  std::shared_ptr<storage::File> ForSync() const { return syncer_; }

 private:
  CheckpointFile(std::unique_ptr<storage::File> file,
                 std::shared_ptr<storage::File> syncer,
                 const Checkpoint& value);

  const std::unique_ptr<storage::File> file_;
  const std::shared_ptr<storage::File> syncer_;
  Checkpoint value_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_LOG_CHECKPOINT_FILE_H_
