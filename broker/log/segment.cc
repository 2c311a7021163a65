#include "broker/log/segment.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "broker/record/record_batch.h"
#include "coord/storage/file_system.h"
#include "coord/storage/storage_error.h"

namespace quorate::broker {
namespace {

constexpr size_t kReadBytes = 1 << 20;
constexpr size_t kNameDigits = 20;
constexpr absl::string_view kSuffix = ".log";

// A window on a file that moves forward.
class Window {
 public:
  Window(const storage::File& file, uint64_t size) : file_(file), size_(size) {}

  uint64_t position() const { return position_; }
  uint64_t left() const { return size_ - position_; }
  void Skip(size_t bytes) { position_ += bytes; }

  // The next `bytes`, or as many as there are.
  absl::StatusOr<absl::string_view> Look(size_t bytes) {
    bytes = static_cast<size_t>(std::min<uint64_t>(bytes, left()));
    if (position_ < begin_ || position_ + bytes > begin_ + buffer_.size()) {
      const uint64_t wanted =
          std::min<uint64_t>(std::max(bytes, kReadBytes), left());
      buffer_.resize(static_cast<size_t>(wanted));
      begin_ = position_;
      const absl::StatusOr<size_t> got =
          file_.Read(begin_, absl::MakeSpan(&buffer_[0], buffer_.size()));
      if (!got.ok()) return got.status();
      buffer_.resize(*got);
      if (*got < wanted) size_ = begin_ + *got;
      bytes = std::min(bytes, *got);
    }
    return absl::string_view(buffer_).substr(
        static_cast<size_t>(position_ - begin_), bytes);
  }

 private:
  const storage::File& file_;
  uint64_t size_;
  uint64_t position_ = 0;
  uint64_t begin_ = 0;  // of the buffer
  std::string buffer_;
};

absl::StatusOr<bool> OnlyZerosFollow(Window& window) {
  while (window.left() > 0) {
    const absl::StatusOr<absl::string_view> bytes = window.Look(kReadBytes);
    if (!bytes.ok()) return bytes.status();
    if (bytes->find_first_not_of('\0') != absl::string_view::npos) return false;
    window.Skip(bytes->size());
  }
  return true;
}

// The verified batch at the window. DataLoss: there is none that belongs here.
absl::StatusOr<BatchHeader> Next(Window& window, int64_t offset,
                                 int32_t epoch) {
  absl::StatusOr<absl::string_view> bytes = window.Look(kBatchHeaderBytes);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<BatchHeader> header = PeekBatchHeader(*bytes);
  if (!header.ok()) return absl::DataLossError(header.status().message());
  bytes = window.Look(header->size_bytes);
  if (!bytes.ok()) return bytes.status();
  header = VerifyBatch(*bytes);
  if (!header.ok()) return header;
  if (header->base_offset != offset) {
    return absl::DataLossError(absl::StrCat("a batch of offset ",
                                            header->base_offset, " where ",
                                            offset, " is expected"));
  }
  if (header->leader_epoch < epoch) {
    return absl::DataLossError(absl::StrCat(
        "a batch of epoch ", header->leader_epoch, " behind one of ", epoch));
  }
  if (header->record_count > std::numeric_limits<int64_t>::max() - offset) {
    return absl::DataLossError("an offset beyond all bounds");
  }
  return header;
}

}  // namespace

void Segment::Add(const BatchHeader& header) {
  if (index.empty() || size_bytes >= index.back().position + kIndexBytes) {
    index.push_back({header.base_offset, size_bytes, max_timestamp_ms});
  }
  size_bytes += header.size_bytes;
  end_offset = header.next_offset();
  max_timestamp_ms = std::max(max_timestamp_ms, header.max_timestamp_ms);
}

IndexEntry Segment::Floor(int64_t offset) const {
  const auto above =
      std::upper_bound(index.begin(), index.end(), offset,
                       [](int64_t value, const IndexEntry& entry) {
                         return value < entry.offset;
                       });
  if (above == index.begin()) return {base_offset, 0};
  return *(above - 1);
}

IndexEntry Segment::FloorOfTime(int64_t timestamp_ms) const {
  const auto late = std::partition_point(
      index.begin(), index.end(), [&](const IndexEntry& entry) {
        return entry.max_timestamp_ms < timestamp_ms;
      });
  if (late == index.begin()) return {base_offset, 0};
  return *(late - 1);
}

std::string SegmentName(int64_t base_offset) {
  return absl::StrFormat("%020d", base_offset) + std::string(kSuffix);
}

std::optional<int64_t> ParseSegmentName(absl::string_view name) {
  int64_t offset = 0;
  if (name.size() != kNameDigits + kSuffix.size() ||
      !absl::SimpleAtoi(name.substr(0, kNameDigits), &offset) || offset < 0 ||
      SegmentName(offset) != name) {
    return std::nullopt;
  }
  return offset;
}

absl::StatusOr<ScanEnd> ScanSegment(
    const storage::File& file, Segment* segment, int32_t* epoch,
    absl::FunctionRef<void(const BatchHeader&)> each) {
  const absl::StatusOr<uint64_t> size = file.Size();
  if (!size.ok()) return size.status();
  segment->end_offset = segment->base_offset;
  Window window(file, *size);
  while (window.left() > 0) {
    const absl::StatusOr<BatchHeader> header =
        Next(window, segment->end_offset, *epoch);
    if (absl::IsDataLoss(header.status()) &&
        storage::StorageErrorOf(header.status()).kind ==
            storage::StorageErrorKind::kNone) {
      const absl::StatusOr<bool> zeros = OnlyZerosFollow(window);
      if (!zeros.ok()) return zeros.status();
      if (*zeros) return ScanEnd{};
      return ScanEnd{std::string(header.status().message())};
    }
    if (!header.ok()) return header.status();
    segment->Add(*header);
    *epoch = header->leader_epoch;
    each(*header);
    window.Skip(header->size_bytes);
  }
  return ScanEnd{};
}

absl::StatusOr<BatchHeader> HeaderAt(const storage::File& file,
                                     const std::string& path,
                                     uint64_t position) {
  const absl::StatusOr<std::string> bytes =
      storage::ReadExactly(file, path, position, kBatchHeaderBytes);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<BatchHeader> header = PeekBatchHeader(*bytes);
  if (!header.ok()) {
    return storage::DamagedError(path, position, header.status().message());
  }
  return header;
}

absl::Status ZeroFrom(storage::File& file, uint64_t position) {
  const absl::StatusOr<uint64_t> size = file.Size();
  if (!size.ok()) return size.status();
  while (position < *size) {
    const uint64_t bytes = std::min<uint64_t>(kReadBytes, *size - position);
    absl::Status written =
        file.Write(position, std::string(static_cast<size_t>(bytes), '\0'));
    if (!written.ok()) return written;
    position += bytes;
  }
  absl::Status synced = file.SyncData();
  return synced.ok() ? synced : storage::AsFinal(synced);
}

}  // namespace quorate::broker
