// Inspection of a member's directory from outside, for `quorate wal dump`,
// `wal verify` and `snapshot inspect`.
//
// Nothing is changed or repaired and no lock is taken: run it on a stopped
// member. Damage is part of the result, not a reason to stop: what can be read
// is reported. Thread-safe; `files` is only used during a call.

#ifndef QUORATE_COORD_STORAGE_INSPECT_H_
#define QUORATE_COORD_STORAGE_INSPECT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_system.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/log_format.h"
#include "coord/storage/owner.h"
#include "coord/storage/snapshot_reader.h"

namespace quorate::storage {

struct SegmentReport {
  std::string path;
  SegmentHeader header;     // valid unless the header is what is damaged
  uint64_t frames = 0;      // syncs
  uint64_t records = 0;     // also those that a later entry removes
  uint64_t end_bytes = 0;   // where the last whole frame ends
  uint64_t torn_bytes = 0;  // what recovery would cut
  bool sealed = false;
  absl::Status status;  // OK, or the first damage
};

// Reads one segment; calls `visit` for each entry with the offset, in bytes, of
// the frame that it stands in.
SegmentReport ReadSegment(
    FileSystem& files, absl::string_view path,
    absl::FunctionRef<void(uint64_t offset, const LogEntry& entry)> visit);

struct LogReport {
  std::vector<SegmentReport> segments;
  // Of the log as a whole, as recovery would find it; valid if status is OK.
  consensus::Zxid base;
  consensus::Zxid last;
  uint64_t records = 0;
  absl::Status status;
};
// The status is an error if the directory cannot be listed.
absl::StatusOr<LogReport> VerifyLog(FileSystem& files,
                                    absl::string_view directory);

struct SnapshotReport {
  std::string path;
  SnapshotInfo info;  // valid unless header, meta or footer are damaged
  Owner owner;
  absl::Status status;  // OK: every byte was read and is right
};
SnapshotReport VerifySnapshot(FileSystem& files, absl::string_view path);

struct DirectoryReport {
  absl::StatusOr<HardStateSlot> hard_state;
  LogReport log;
  std::vector<SnapshotReport> snapshots;  // oldest first
  std::vector<std::string> other_files;   // names; under way or unknown

  bool ok() const;
};
absl::StatusOr<DirectoryReport> VerifyDirectory(FileSystem& files,
                                                absl::string_view directory);

// One line for people, such as "record 3:17 kind 1, 120 bytes".
std::string Describe(const LogEntry& entry);

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_INSPECT_H_
