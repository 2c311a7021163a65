#include "coord/storage/write_ahead_log.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_names.h"
#include "coord/storage/file_system.h"
#include "coord/storage/log_format.h"
#include "coord/storage/log_record.h"
#include "coord/storage/log_replay.h"
#include "coord/storage/log_writer.h"
#include "coord/storage/owner.h"
#include "coord/storage/spare_segment.h"
#include "coord/storage/storage_error.h"

namespace quorate::storage {
namespace {

using consensus::Zxid;

// Header and seal.
constexpr uint64_t kReservedSectors = 2;

absl::Status CheckOptions(const LogOptions& options) {
  if (options.segment_bytes % kSectorBytes == 0 &&
      options.segment_bytes >= kMinSegmentBytes &&
      options.segment_bytes <= kMaxSegmentBytes) {
    return absl::OkStatus();
  }
  return MisuseError(absl::StrCat("segment_bytes: expected a multiple of ",
                                  kSectorBytes, " from ", kMinSegmentBytes,
                                  " to ", kMaxSegmentBytes, ", found ",
                                  options.segment_bytes));
}

absl::Status CheckOwner(const ReplayedSegment& segment, const Owner& owner) {
  if (owner.MayHave(segment.header.owner)) return absl::OkStatus();
  return MakeStorageError(
      StorageErrorKind::kForeign, segment.path, 0,
      absl::StrCat("expected a segment of ", ToString(owner), ", found ",
                   ToString(segment.header.owner)));
}

LogRecord At(Zxid zxid) { return {.zxid = zxid, .kind = 0, .payload = {}}; }

}  // namespace

WriteAheadLog::WriteAheadLog(FileSystem& files, absl::string_view directory,
                             const Owner& owner, const LogOptions& options,
                             LogWriter writer)
    : files_(files),
      directory_(directory),
      owner_(owner),
      options_(options),
      writer_(std::move(writer)),
      spare_(files, directory, options.segment_bytes) {}

absl::Status WriteAheadLog::Note(const absl::Status& status) {
  const StorageErrorKind kind = StorageErrorOf(status).kind;
  if (!status.ok() && kind != StorageErrorKind::kDiskFull &&
      kind != StorageErrorKind::kMisuse && broken_.ok()) {
    broken_ = status;
  }
  return status;
}

// Leaves a durable segment without frames; the log does not lead to it yet.
absl::StatusOr<LogWriter> WriteAheadLog::MakeSegment(
    FileSystem& files, absl::string_view directory, SpareSegment& spare,
    const SegmentHeader& header) {
  absl::StatusOr<LogWriter> writer = absl::InternalError("not made");
  absl::Status s = spare.Use([&](std::unique_ptr<File> file) -> absl::Status {
    writer = LogWriter::Start(std::move(file), header);
    if (!writer.ok()) return writer.status();
    return files.Rename(spare.path(),
                        JoinPath(directory, SegmentName(header.number)));
  });
  if (!s.ok()) return s;
  if (s = AsFinal(files.SyncDirectory(directory)); !s.ok()) return s;
  return writer;
}

absl::Status WriteAheadLog::Create(FileSystem& files,
                                   absl::string_view directory,
                                   const Owner& owner,
                                   const LogOptions& options) {
  if (absl::Status s = CheckOptions(options); !s.ok()) return s;
  SpareSegment spare(files, directory, options.segment_bytes);
  SegmentHeader header;
  header.owner = owner;
  header.segment_bytes = options.segment_bytes;
  header.number = 1;
  return MakeSegment(files, directory, spare, header).status();
}

absl::StatusOr<std::unique_ptr<WriteAheadLog>> WriteAheadLog::Open(
    FileSystem& files, absl::string_view directory, const Owner& owner,
    const LogOptions& options, const ReplayedLog& log) {
  if (absl::Status s = CheckOptions(options); !s.ok()) return s;
  for (const ReplayedSegment& segment : log.segments) {
    if (absl::Status s = CheckOwner(segment, owner); !s.ok()) return s;
  }
  const ReplayedSegment& newest = log.segments.back();
  absl::StatusOr<std::unique_ptr<File>> file =
      files.Open(newest.path, OpenMode::kReadWrite);
  if (!file.ok()) return file.status();
  LogWriter writer(*std::move(file), newest.header, newest.end.sector,
                   newest.end.chain);
  auto opened = absl::WrapUnique(
      new WriteAheadLog(files, directory, owner, options, std::move(writer)));
  if (absl::Status s = opened->Recover(log); !s.ok()) return s;
  return opened;
}

absl::Status WriteAheadLog::Recover(const ReplayedLog& log) {
  const size_t newest = log.segments.size() - 1;
  writer_path_ = log.segments[newest].path;
  base_ = log.base;
  for (const LogRecord& record : log.records) zxids_.push_back(record.zxid);
  for (size_t i = 0; i < newest; ++i) {
    closed_.push_back({log.segments[i].path, log.segments[i].last});
  }
  if (log.orphan) {
    if (absl::Status s = files_.Remove(*log.orphan); !s.ok()) return s;
  }
  // A process that died, or an earlier sync that failed, may have left what was
  // read here in memory only. One frame at most: the last.
  absl::Status s = AsFinal(files_.SyncDirectory(directory_));
  if (!s.ok()) return s;
  const uint64_t torn = log.segments[newest].end.torn_sectors;
  if (torn > 0) {
    if (s = writer_.ClearAhead(torn); !s.ok()) return s;
  }
  if (!log.last_frame) return absl::OkStatus();
  const LastFrame& frame = *log.last_frame;
  if (frame.segment == newest) {
    return writer_.Rewrite(frame.offset, frame.sectors);
  }
  const ReplayedSegment& segment = log.segments[frame.segment];
  absl::StatusOr<std::unique_ptr<File>> file =
      files_.Open(segment.path, OpenMode::kReadWrite);
  if (!file.ok()) return file.status();
  return LogWriter(*std::move(file), segment.header, segment.end.sector,
                   segment.end.chain)
      .Rewrite(frame.offset, frame.sectors);
}

// Also counts the bytes that the entries take.
absl::Status WriteAheadLog::Check(const LogChange& change,
                                  uint64_t* bytes) const {
  *bytes = 0;
  Zxid before = last();
  if (change.reset) {
    before = *change.reset;
    *bytes += kEntryHeaderBytes;
  }
  if (change.truncate_after && *change.truncate_after < before) {
    if (change.reset || *change.truncate_after < base_) {
      return MisuseError(
          absl::StrCat("truncation after ", ToString(*change.truncate_after),
                       " is below the log's base ", ToString(base_)));
    }
    before = *change.truncate_after;
    *bytes += kEntryHeaderBytes;
  }
  for (const LogRecord& record : change.append) {
    if (record.zxid <= before) {
      return MisuseError(absl::StrCat("record ", ToString(record.zxid),
                                      " does not follow ", ToString(before)));
    }
    before = record.zxid;
    *bytes += FrameBuilder::EntryBytes(record);
  }
  const uint64_t room =
      (options_.segment_bytes / kSectorBytes - kReservedSectors) *
          kSectorPayloadBytes -
      kFrameHeaderBytes;
  if (*bytes <= room) return absl::OkStatus();
  return MisuseError(absl::StrCat("a batch of ", *bytes,
                                  " bytes; a segment has room for ", room));
}

absl::Status WriteAheadLog::Reserve(const LogChange& change) {
  if (!broken_.ok()) return broken_;
  uint64_t bytes = 0;
  if (absl::Status s = Check(change, &bytes); !s.ok()) return s;
  return bytes == 0 ? absl::OkStatus() : Note(MakeRoom(bytes));
}

absl::Status WriteAheadLog::Stage(const LogChange& change) {
  if (absl::Status s = Reserve(change); !s.ok()) return s;
  if (change.reset) {
    frame_.Add(EntryType::kReset, At(*change.reset));
    base_ = *change.reset;
    zxids_.clear();
    for (ClosedSegment& segment : closed_) segment.last = Zxid();
  }
  if (change.truncate_after && *change.truncate_after < last()) {
    Truncate(*change.truncate_after);
  }
  for (const LogRecord& record : change.append) {
    frame_.Add(EntryType::kRecord, record);
    zxids_.push_back(record.zxid);
  }
  return absl::OkStatus();
}

void WriteAheadLog::Truncate(Zxid zxid) {
  while (!zxids_.empty() && zxids_.back() > zxid) zxids_.pop_back();
  // The log now ends with a record that is there, if the caller's is not.
  const Zxid end = last();
  frame_.Add(EntryType::kTruncate, At(end));
  for (ClosedSegment& segment : closed_) {
    segment.last = std::min(segment.last, end);
  }
}

// Makes the staged frame one that takes `bytes` more and still fits.
absl::Status WriteAheadLog::MakeRoom(uint64_t bytes) {
  const auto fits = [&] {
    // One sector is kept for the seal.
    return frame_.SectorCountWith(bytes) < writer_.FreeSectors();
  };
  const bool is_long =
      frame_.SectorCountWith(bytes) * kSectorBytes > options_.max_frame_bytes;
  if (!next_ && fits() && !(is_long && !frame_.empty())) {
    return absl::OkStatus();
  }
  if (absl::Status s = WriteFrame(); !s.ok()) return s;
  return !next_ && fits() ? absl::OkStatus() : Roll();
}

absl::Status WriteAheadLog::WriteFrame() {
  if (frame_.empty()) return absl::OkStatus();
  if (absl::Status s = writer_.AppendFrame(frame_); !s.ok()) return s;
  frame_.Clear();
  return absl::OkStatus();
}

// Begins the next segment. Each step leaves a log that recovery understands:
// a successor without a seal before it is not in use.
absl::Status WriteAheadLog::Roll() {
  const uint64_t number = writer_.header().number + 1;
  if (!next_) {
    const SegmentHeader header{.owner = owner_,
                               .segment_bytes = options_.segment_bytes,
                               .number = number,
                               .previous_chain = writer_.chain(),
                               .preceding = last()};
    absl::StatusOr<LogWriter> made =
        MakeSegment(files_, directory_, spare_, header);
    if (!made.ok()) return made.status();
    next_ = *std::move(made);
  }
  FrameBuilder seal;
  seal.Add(EntryType::kSeal, At(Zxid::FromValue(number)));
  if (absl::Status s = writer_.AppendFrame(seal); !s.ok()) return s;
  closed_.push_back({writer_path_, last()});
  writer_ = *std::move(next_);
  next_.reset();
  writer_path_ = JoinPath(directory_, SegmentName(number));
  return absl::OkStatus();
}

absl::Status WriteAheadLog::Sync() {
  if (!broken_.ok()) return broken_;
  return Note(WriteFrame());
}

absl::Status WriteAheadLog::Settle() {
  if (!broken_.ok()) return broken_;
  if (!frame_.empty()) return MisuseError("Settle() with changes staged");
  if (absl::Status s = Note(MakeRoom(0)); !s.ok()) return s;
  return Note(writer_.AppendFrame(frame_));
}

absl::StatusOr<std::vector<std::string>> WriteAheadLog::GiveUp(Zxid zxid) {
  // A reset or truncation must be durable before what it makes superfluous
  // goes.
  if (absl::Status s = Sync(); !s.ok()) return s;
  std::vector<std::string> files;
  while (!closed_.empty() && closed_.front().last <= zxid) {
    files.push_back(std::move(closed_.front().path));
    base_ = std::max(base_, closed_.front().last);
    closed_.pop_front();
    while (!zxids_.empty() && zxids_.front() <= base_) zxids_.pop_front();
  }
  return files;
}

}  // namespace quorate::storage
