#include "coord/storage/inspect.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/bytes.h"
#include "coord/storage/file_names.h"
#include "coord/storage/file_system.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/log_format.h"
#include "coord/storage/log_reader.h"
#include "coord/storage/log_replay.h"
#include "coord/storage/snapshot_reader.h"

namespace quorate::storage {

SegmentReport ReadSegment(
    FileSystem& files, absl::string_view path,
    absl::FunctionRef<void(uint64_t, const LogEntry&)> visit) {
  SegmentReport report;
  report.path = std::string(path);
  absl::StatusOr<LogReader> reader = LogReader::Open(files, path);
  if (!reader.ok()) {
    report.status = reader.status();
    return report;
  }
  report.header = reader->header();
  while (true) {
    const absl::StatusOr<std::optional<Frame>> frame = reader->Next();
    report.status = frame.status();
    if (!frame.ok() || !frame->has_value()) break;
    ++report.frames;
    for (const LogEntry& entry : (*frame)->entries) {
      if (entry.type == EntryType::kRecord) ++report.records;
      visit((*frame)->offset, entry);
    }
  }
  report.end_bytes = reader->end().sector * kSectorBytes;
  report.torn_bytes = reader->end().torn_sectors * kSectorBytes;
  report.sealed = reader->end().sealed;
  return report;
}

absl::StatusOr<LogReport> VerifyLog(FileSystem& files,
                                    absl::string_view directory) {
  const absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  if (!names.ok()) return names.status();
  LogReport report;
  for (const uint64_t number : SegmentNumbers(*names)) {
    report.segments.push_back(
        ReadSegment(files, JoinPath(directory, SegmentName(number)),
                    [](uint64_t, const LogEntry&) {}));
  }
  const absl::StatusOr<ReplayedLog> log = ReplayLog(files, directory);
  report.status = log.status();
  if (log.ok()) {
    report.base = log->base;
    report.last = log->last();
    report.records = log->records.size();
  }
  return report;
}

SnapshotReport VerifySnapshot(FileSystem& files, absl::string_view path) {
  SnapshotReport report;
  report.path = std::string(path);
  const absl::StatusOr<std::unique_ptr<SnapshotReader>> reader =
      SnapshotReader::Open(files, path);
  report.status = reader.status();
  if (!reader.ok()) return report;
  report.info = (*reader)->info();
  report.owner = (*reader)->owner();
  report.status = (*reader)->Verify();
  return report;
}

absl::StatusOr<DirectoryReport> VerifyDirectory(FileSystem& files,
                                                absl::string_view directory) {
  const absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  if (!names.ok()) return names.status();
  absl::StatusOr<LogReport> log = VerifyLog(files, directory);
  if (!log.ok()) return log.status();
  DirectoryReport report;
  report.hard_state = ReadHardState(files, directory);
  report.log = *std::move(log);
  for (const std::string& name : *names) {
    if (ParseSnapshotName(name)) {
      report.snapshots.push_back(
          VerifySnapshot(files, JoinPath(directory, name)));
    } else if (!ParseSegmentName(name) && name != kStateName &&
               name != kLockName) {
      report.other_files.push_back(name);
    }
  }
  return report;
}

bool DirectoryReport::ok() const {
  bool all = hard_state.ok() && log.status.ok();
  for (const SnapshotReport& snapshot : snapshots) {
    all = all && snapshot.status.ok();
  }
  return all;
}

std::string Describe(const LogEntry& entry) {
  const LogRecord& record = entry.record;
  switch (entry.type) {
    case EntryType::kRecord:
      return absl::StrCat("record ", ToString(record.zxid), " kind ",
                          static_cast<int>(record.kind), ", ",
                          SizeOf(record.payload), " bytes");
    case EntryType::kTruncate:
      return absl::StrCat("truncate after ", ToString(record.zxid));
    case EntryType::kReset:
      return absl::StrCat("reset to snapshot ", ToString(record.zxid));
    case EntryType::kSeal:
      return absl::StrCat("seal: goes on in segment ", record.zxid.value());
  }
  return "unknown";
}

}  // namespace quorate::storage
