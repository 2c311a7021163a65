// PartitionLog: making, opening, removing; recovery.

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
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/log/checkpoint_file.h"
#include "broker/log/partition_log.h"
#include "broker/log/segment.h"
#include "broker/record/record_batch.h"
#include "coord/storage/file_system.h"
#include "coord/storage/storage_error.h"

namespace quorate::broker {
namespace {

using storage::File;
using storage::FileSystem;
using storage::OpenMode;

constexpr absl::string_view kSuffix = ".checkpoint";

// Base offsets of the segments in `directory`, rising. Other files are not ours
// to judge.
absl::StatusOr<std::vector<int64_t>> SegmentsIn(FileSystem& files,
                                                const std::string& directory) {
  const absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  if (!names.ok()) return names.status();
  std::vector<int64_t> bases;
  for (const std::string& name : *names) {
    if (const std::optional<int64_t> base = ParseSegmentName(name)) {
      bases.push_back(*base);
    }
  }
  std::sort(bases.begin(), bases.end());
  return bases;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> PartitionLog::List(
    FileSystem& files, absl::string_view directory) {
  absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  if (!names.ok()) return names.status();
  std::vector<std::string> logs;
  for (const std::string& name : *names) {
    if (name.size() > kSuffix.size() && absl::EndsWith(name, kSuffix)) {
      logs.push_back(name.substr(0, name.size() - kSuffix.size()));
    }
  }
  return logs;
}

absl::StatusOr<uint64_t> PartitionLog::TopicIdOf(FileSystem& files,
                                                 absl::string_view directory,
                                                 absl::string_view name) {
  const absl::StatusOr<std::unique_ptr<CheckpointFile>> checkpoint =
      CheckpointFile::Open(
          files, storage::JoinPath(directory, absl::StrCat(name, kSuffix)));
  if (!checkpoint.ok()) return checkpoint.status();
  return (*checkpoint)->value().topic_id;
}

absl::StatusOr<std::unique_ptr<PartitionLog>> PartitionLog::Create(
    FileSystem& files, absl::string_view directory, absl::string_view name,
    uint64_t topic_id) {
  auto log = absl::WrapUnique(new PartitionLog(files, directory, name));
  absl::Status made = files.CreateDirectory(log->directory_);
  if (!made.ok()) return made;
  const absl::StatusOr<std::vector<int64_t>> bases =
      SegmentsIn(files, log->directory_);
  if (!bases.ok()) return bases.status();
  if (!bases->empty()) {
    // Removing takes the segments first: these have lost their checkpoint.
    return storage::DamagedError(
        storage::JoinPath(directory, absl::StrCat(name, kSuffix)), 0,
        absl::StrCat("it is missing, though there are segments in ",
                     log->directory_));
  }
  absl::StatusOr<std::unique_ptr<CheckpointFile>> checkpoint =
      CheckpointFile::Create(files, directory, absl::StrCat(name, kSuffix),
                             {.topic_id = topic_id});
  if (!checkpoint.ok()) return checkpoint.status();
  log->checkpoint_ = *std::move(checkpoint);
  absl::Status started = log->StartSegment(0);
  if (!started.ok()) return started;
  return log;
}

absl::StatusOr<std::unique_ptr<PartitionLog>> PartitionLog::Open(
    FileSystem& files, absl::string_view directory, absl::string_view name,
    Visitor each) {
  auto log = absl::WrapUnique(new PartitionLog(files, directory, name));
  absl::StatusOr<std::unique_ptr<CheckpointFile>> checkpoint =
      CheckpointFile::Open(
          files, storage::JoinPath(directory, absl::StrCat(name, kSuffix)));
  if (!checkpoint.ok()) return checkpoint.status();
  log->checkpoint_ = *std::move(checkpoint);
  absl::Status recovered = log->Recover(each);
  if (!recovered.ok()) return recovered;
  return log;
}

absl::Status PartitionLog::Remove(FileSystem& files,
                                  absl::string_view directory,
                                  absl::string_view name) {
  const std::string segments = storage::JoinPath(directory, name);
  // A crash may have come before the directory.
  absl::Status done = files.CreateDirectory(segments);
  if (!done.ok()) return done;
  const absl::StatusOr<std::vector<int64_t>> bases =
      SegmentsIn(files, segments);
  if (!bases.ok()) return bases.status();
  for (const int64_t base : *bases) {
    done = files.Remove(storage::JoinPath(segments, SegmentName(base)));
    if (!done.ok()) return done;
  }
  done = files.SyncDirectory(segments);
  if (!done.ok()) return done;
  done =
      files.Remove(storage::JoinPath(directory, absl::StrCat(name, kSuffix)));
  return done.ok() ? files.SyncDirectory(directory) : done;
}

// What the checkpoint says must be there; more may be.
absl::Status PartitionLog::CheckWhole() const {
  const int64_t expected = checkpoint_->value().durable_end;
  if (end_offset() >= expected) return absl::OkStatus();
  return storage::DamagedError(
      segments_.back().path, segments_.back().size_bytes,
      absl::StrCat("the log ends at offset ", end_offset(),
                   ", but was durable up to ", expected));
}

absl::Status PartitionLog::Recover(Visitor each) {
  absl::Status made = files_.CreateDirectory(directory_);
  if (!made.ok()) return made;
  const absl::StatusOr<std::vector<int64_t>> bases =
      SegmentsIn(files_, directory_);
  if (!bases.ok()) return bases.status();
  if (bases->empty()) {
    // A crash while it was made or reset.
    if (checkpoint_->value().durable_end > 0) {
      return storage::DamagedError(
          directory_, 0,
          absl::StrCat("no segments, but the log was durable up to ",
                       checkpoint_->value().durable_end));
    }
    // The checkpoint's name first: segments without one are damage.
    const size_t slash = directory_.rfind('/');
    absl::Status synced = files_.SyncDirectory(directory_.substr(0, slash));
    return synced.ok() ? StartSegment(0) : synced;
  }
  absl::Status scanned = ScanAll(*bases, each);
  if (!scanned.ok()) return scanned;
  absl::Status opened = OpenActive(OpenMode::kReadWrite);
  // What was found may be in memory alone: after this it is durable.
  if (opened.ok()) opened = active_->SyncData();
  if (opened.ok()) opened = files_.SyncDirectory(directory_);
  if (!opened.ok()) return opened;
  durable_end_ = end_offset();
  high_watermark_ = std::clamp(checkpoint_->value().high_watermark,
                               start_offset(), end_offset());
  is_checkpoint_durable_ = false;
  return absl::OkStatus();
}

absl::Status PartitionLog::ScanAll(const std::vector<int64_t>& bases,
                                   Visitor each) {
  int32_t epoch = -1;
  const auto visit = [&](const BatchHeader& header) {
    epochs_.Add(header.leader_epoch, header.base_offset);
    each(header);
  };
  for (const int64_t base : bases) {
    Segment segment;
    segment.base_offset = base;
    segment.path = storage::JoinPath(directory_, SegmentName(base));
    if (!segments_.empty() && end_offset() != base) {
      return storage::DamagedError(
          segments_.back().path, segments_.back().size_bytes,
          absl::StrCat("it ends at offset ", end_offset(),
                       ", but the next segment begins at ", base));
    }
    const absl::StatusOr<std::unique_ptr<File>> file =
        files_.Open(segment.path, OpenMode::kReadWrite);
    if (!file.ok()) return file.status();
    const absl::StatusOr<ScanEnd> end =
        ScanSegment(**file, &segment, &epoch, visit);
    if (!end.ok()) return end.status();
    const std::string path = segment.path;
    const uint64_t size = segment.size_bytes;
    segments_.push_back(std::move(segment));
    if (end->problem.empty()) continue;
    if (base != bases.back()) {
      return storage::DamagedError(path, size, end->problem);
    }
    absl::Status cut = CutTail(segments_.back(), **file, end->problem);
    if (!cut.ok()) return cut;
  }
  return CheckWhole();
}

absl::Status PartitionLog::CutTail(Segment& segment, File& file,
                                   const std::string& problem) {
  if (segment.end_offset < checkpoint_->value().durable_end) {
    return storage::DamagedError(segment.path, segment.size_bytes, problem);
  }
  const absl::StatusOr<uint64_t> size = file.Size();
  if (!size.ok()) return size.status();
  cut_at_opening_ = *size - segment.size_bytes;
  return ZeroFrom(file, segment.size_bytes);
}

absl::Status PartitionLog::Visit(Visitor each) const {
  int32_t epoch = -1;
  for (const Segment& segment : segments_) {
    Segment again;
    again.base_offset = segment.base_offset;
    again.path = segment.path;
    const absl::StatusOr<std::unique_ptr<File>> file =
        files_.Open(segment.path, OpenMode::kRead);
    if (!file.ok()) return file.status();
    const absl::StatusOr<ScanEnd> end =
        ScanSegment(**file, &again, &epoch, each);
    if (!end.ok()) return end.status();
    if (again.size_bytes < segment.size_bytes) {
      return storage::DamagedError(again.path, again.size_bytes, end->problem);
    }
  }
  return absl::OkStatus();
}

}  // namespace quorate::broker
