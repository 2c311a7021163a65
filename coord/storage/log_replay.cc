#include "coord/storage/log_replay.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_names.h"
#include "coord/storage/file_system.h"
#include "coord/storage/log_format.h"
#include "coord/storage/log_reader.h"
#include "coord/storage/owner.h"
#include "coord/storage/storage_error.h"

namespace quorate::storage {
namespace {

using consensus::Zxid;

class Replay {
 public:
  Replay(FileSystem& files, absl::string_view directory)
      : files_(files), directory_(directory) {}

  absl::Status Segment(uint64_t number, bool is_last);
  ReplayedLog Take() { return std::move(log_); }

 private:
  absl::Status CheckHeader(const LogReader& reader, uint64_t number);
  absl::Status Apply(const LogReader& reader, const Frame& frame);
  absl::Status Apply(const LogReader& reader, const Frame& frame,
                     const LogEntry& entry);
  void Truncate(Zxid zxid);
  absl::Status Unsealed(const ReplayedSegment& before, LogReader& reader,
                        bool is_last);

  FileSystem& files_;
  const std::string directory_;
  ReplayedLog log_;
};

absl::Status Replay::CheckHeader(const LogReader& reader, uint64_t number) {
  const SegmentHeader& header = reader.header();
  if (header.number != number) {
    return DamagedError(reader.path(), 0,
                        absl::StrCat("expected segment ", number, ", found ",
                                     header.number, " under its name"));
  }
  if (log_.segments.empty()) {
    log_.base = header.preceding;
    return absl::OkStatus();
  }
  const ReplayedSegment& before = log_.segments.back();
  // The ensemble may change from one to the next, when the member joins or is
  // rescued. Whether the directory may have both is for its owner to judge.
  if (header.owner.member != before.header.owner.member) {
    return MakeStorageError(
        StorageErrorKind::kForeign, reader.path(), 0,
        absl::StrCat("expected a segment of ", ToString(before.header.owner),
                     ", found ", ToString(header.owner)));
  }
  const uint64_t chain =
      before.end.sealed ? before.end.unsealed_chain : before.end.chain;
  if (header.previous_chain != chain || header.preceding != log_.last()) {
    return DamagedError(
        reader.path(), 0,
        absl::StrCat("it does not continue ", before.path,
                     ", which ends with record ", ToString(log_.last())));
  }
  return absl::OkStatus();
}

// The segment before has no seal: then this one was made, but is not in use.
absl::Status Replay::Unsealed(const ReplayedSegment& before, LogReader& reader,
                              bool is_last) {
  const absl::StatusOr<std::optional<Frame>> frame = reader.Next();
  if (!frame.ok()) return frame.status();
  if (frame->has_value() || reader.end().torn_sectors > 0 || !is_last ||
      before.end.torn_sectors > 0) {
    return DamagedError(before.path, before.end.sector * kSectorBytes,
                        absl::StrCat("expected the seal before ", reader.path(),
                                     ", which is in use; found none"));
  }
  log_.orphan = reader.path();
  return absl::OkStatus();
}

absl::Status Replay::Segment(uint64_t number, bool is_last) {
  const std::string path = JoinPath(directory_, SegmentName(number));
  absl::StatusOr<LogReader> reader = LogReader::Open(files_, path);
  if (!reader.ok()) return reader.status();
  if (absl::Status s = CheckHeader(*reader, number); !s.ok()) return s;
  if (!log_.segments.empty() && !log_.segments.back().end.sealed) {
    return Unsealed(log_.segments.back(), *reader, is_last);
  }
  ReplayedSegment& segment = log_.segments.emplace_back();
  segment.path = path;
  segment.header = reader->header();
  while (true) {
    absl::StatusOr<std::optional<Frame>> frame = reader->Next();
    if (!frame.ok()) return frame.status();
    if (!frame->has_value()) break;
    if (absl::Status s = Apply(*reader, **frame); !s.ok()) return s;
    log_.last_frame = {log_.segments.size() - 1, (*frame)->offset,
                       std::move((*frame)->sectors)};
  }
  log_.segments.back().end = reader->end();
  log_.segments.back().last = log_.last();
  if (reader->end().sealed && is_last) {
    return DamagedError(JoinPath(directory_, SegmentName(number + 1)), 0,
                        absl::StrCat("the segment is missing: the log goes on "
                                     "in it after ",
                                     path));
  }
  return absl::OkStatus();
}

absl::Status Replay::Apply(const LogReader& reader, const Frame& frame) {
  for (const LogEntry& entry : frame.entries) {
    if (absl::Status s = Apply(reader, frame, entry); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status Replay::Apply(const LogReader& reader, const Frame& frame,
                           const LogEntry& entry) {
  const Zxid zxid = entry.record.zxid;
  const Zxid last = log_.last();
  bool in_order = true;
  switch (entry.type) {
    case EntryType::kRecord:
      in_order = zxid > last;
      if (in_order) log_.records.push_back(entry.record);
      break;
    case EntryType::kTruncate:
      in_order = zxid < last;
      if (in_order) Truncate(zxid);
      break;
    case EntryType::kReset:
      log_.records.clear();
      log_.base = zxid;
      log_.reset = zxid;
      for (ReplayedSegment& segment : log_.segments) segment.last = Zxid();
      break;
    case EntryType::kSeal:
      in_order = zxid.value() == reader.header().number + 1 &&
                 &entry == &frame.entries.back();
      break;
  }
  if (in_order) return absl::OkStatus();
  return DamagedError(reader.path(), frame.offset,
                      absl::StrCat("entry ", ToString(zxid), " of type ",
                                   static_cast<int>(entry.type),
                                   " does not follow record ", ToString(last)));
}

void Replay::Truncate(Zxid zxid) {
  while (!log_.records.empty() && log_.records.back().zxid > zxid) {
    log_.records.pop_back();
  }
  log_.base = std::min(log_.base, zxid);
  for (ReplayedSegment& segment : log_.segments) {
    segment.last = std::min(segment.last, zxid);
  }
}

}  // namespace

std::vector<uint64_t> SegmentNumbers(const std::vector<std::string>& names) {
  std::vector<uint64_t> numbers;
  for (const std::string& name : names) {
    if (const auto number = ParseSegmentName(name)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

absl::StatusOr<ReplayedLog> ReplayLog(FileSystem& files,
                                      absl::string_view directory) {
  const absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  if (!names.ok()) return names.status();
  const std::vector<uint64_t> numbers = SegmentNumbers(*names);
  if (numbers.empty()) {
    return MakeStorageError(StorageErrorKind::kUnused, directory, 0,
                            "there is no log segment");
  }
  Replay replay(files, directory);
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0 && numbers[i] != numbers[i - 1] + 1) {
      return DamagedError(
          JoinPath(directory, SegmentName(numbers[i - 1] + 1)), 0,
          absl::StrCat("the segment is missing; segments ", numbers[i - 1],
                       " and ", numbers[i], " are there"));
    }
    const bool is_last = i + 1 == numbers.size();
    if (absl::Status s = replay.Segment(numbers[i], is_last); !s.ok()) {
      return s;
    }
  }
  return replay.Take();
}

}  // namespace quorate::storage
