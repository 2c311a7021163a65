#include "coord/storage/log_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/storage/file_system.h"
#include "coord/storage/log_format.h"
#include "coord/storage/storage_error.h"

namespace quorate::storage {
namespace {

constexpr uint64_t kWindowSectors = 512;

}  // namespace

absl::StatusOr<LogReader> LogReader::Open(FileSystem& files,
                                          absl::string_view path) {
  absl::StatusOr<std::unique_ptr<File>> file =
      files.Open(path, OpenMode::kRead);
  if (!file.ok()) return file.status();
  const absl::StatusOr<std::string> sector =
      ReadExactly(**file, path, 0, kSectorBytes);
  if (!sector.ok()) return sector.status();
  const absl::StatusOr<SegmentHeader> header = DecodeHeader(*sector, path);
  if (!header.ok()) return header.status();
  const absl::StatusOr<uint64_t> size = (*file)->Size();
  if (!size.ok()) return size.status();
  if (*size != header->segment_bytes) {
    return DamagedError(
        path, std::min(*size, header->segment_bytes),
        absl::StrCat("expected a segment of ", header->segment_bytes,
                     " bytes, found ", *size));
  }
  return LogReader(*std::move(file), std::string(path), *sector, *header);
}

LogReader::LogReader(std::unique_ptr<File> file, std::string path,
                     absl::string_view header_sector,
                     const SegmentHeader& header)
    : file_(std::move(file)), path_(std::move(path)), header_(header) {
  end_.sector = 1;
  end_.chain = FirstChain(header_sector);
}

absl::StatusOr<absl::string_view> LogReader::Sector(uint64_t index) {
  const uint64_t held = window_.size() / kSectorBytes;
  if (index < window_start_ || index >= window_start_ + held) {
    const uint64_t count = std::min(kWindowSectors, SectorsInSegment() - index);
    absl::StatusOr<std::string> bytes =
        ReadExactly(*file_, path_, index * kSectorBytes, count * kSectorBytes);
    if (!bytes.ok()) return bytes.status();
    window_ = *std::move(bytes);
    window_start_ = index;
  }
  return absl::string_view(window_).substr(
      (index - window_start_) * kSectorBytes, kSectorBytes);
}

absl::StatusOr<std::optional<Frame>> LogReader::Next() {
  const uint64_t start = end_.sector;
  if (start == SectorsInSegment()) return std::nullopt;
  if (end_.sealed) {
    if (absl::Status status = JudgeEnd(0); !status.ok()) return status;
    return std::nullopt;
  }
  Frame frame;
  frame.offset = start * kSectorBytes;
  uint64_t count = 1;
  for (uint64_t i = 0; i < count; ++i) {
    const absl::StatusOr<absl::string_view> sector = Sector(start + i);
    if (!sector.ok()) return sector.status();
    if (Classify(*sector, end_.chain, start + i) != SectorState::kValid) {
      const absl::Status status =
          JudgeEnd(i == 0 ? std::nullopt : std::make_optional(count));
      if (!status.ok()) return status;
      return std::nullopt;
    }
    frame.sectors.append(sector->data(), sector->size());
    if (i > 0) continue;
    const FrameHeader header = DecodeFrameHeader(*sector);
    count = header.SectorCount();
    if (count == 0 || count > SectorsInSegment() - start ||
        header.previous_chain != end_.chain) {
      return DamagedError(path_, frame.offset, "an impossible frame header");
    }
  }
  absl::StatusOr<std::vector<LogEntry>> entries =
      DecodeFrame(frame.sectors, path_, frame.offset);
  if (!entries.ok()) return entries.status();
  frame.entries = *std::move(entries);
  end_.unsealed_chain = end_.chain;
  end_.sealed = frame.IsSeal();
  end_.chain = ChainOver(frame.sectors, end_.chain);
  end_.sector += count;
  return frame;
}

// Looks at every sector up to the segment's end. `frame_sectors` is the length
// of the frame under way if its first sector is there.
absl::Status LogReader::JudgeEnd(std::optional<uint64_t> frame_sectors) {
  for (uint64_t i = end_.sector; i < SectorsInSegment(); ++i) {
    const absl::StatusOr<absl::string_view> sector = Sector(i);
    if (!sector.ok()) return sector.status();
    const SectorState state = Classify(*sector, end_.chain, i);
    if (state == SectorState::kUntouched) continue;
    const uint64_t length = i - end_.sector + 1;
    const bool is_under_way = state == SectorState::kValid &&
                              length <= frame_sectors.value_or(length);
    if (!is_under_way) {
      return DamagedError(
          path_, i * kSectorBytes,
          absl::StrCat("expected a valid sector or zeros after the last whole "
                       "frame, which ends at byte ",
                       end_.sector * kSectorBytes,
                       "; found neither, so this is no torn write"));
    }
    end_.torn_sectors = length;
  }
  return absl::OkStatus();
}

}  // namespace quorate::storage
