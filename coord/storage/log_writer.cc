#include "coord/storage/log_writer.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/storage/file_system.h"
#include "coord/storage/log_format.h"
#include "coord/storage/storage_error.h"

namespace quorate::storage {
namespace {

constexpr uint64_t kClearSectors = 512;  // at once

}  // namespace

absl::StatusOr<LogWriter> LogWriter::Start(std::unique_ptr<File> file,
                                           const SegmentHeader& header) {
  const std::string sector = EncodeHeader(header);
  if (absl::Status s = file->Write(0, sector); !s.ok()) return s;
  if (absl::Status s = AsFinal(file->SyncData()); !s.ok()) return s;
  return LogWriter(std::move(file), header, 1, FirstChain(sector));
}

LogWriter::LogWriter(std::unique_ptr<File> file, const SegmentHeader& header,
                     uint64_t sector, uint64_t chain)
    : file_(std::move(file)), header_(header), sector_(sector), chain_(chain) {}

absl::Status LogWriter::AppendFrame(FrameBuilder& frame) {
  const uint64_t count = frame.SectorCount();
  QUORATE_CHECK(count <= FreeSectors());
  if (dirty_sectors_ > 0) {
    // Parts of two frames must never stand side by side.
    if (absl::Status s = ClearAhead(dirty_sectors_); !s.ok()) return s;
    dirty_sectors_ = 0;
  }
  const absl::string_view sectors = frame.Encode(chain_, sector_);
  if (absl::Status s = file_->Write(sector_ * kSectorBytes, sectors); !s.ok()) {
    dirty_sectors_ = count;
    return s;
  }
  if (absl::Status s = AsFinal(file_->SyncData()); !s.ok()) return s;
  chain_ = ChainOver(sectors, chain_);
  sector_ += count;
  return absl::OkStatus();
}

absl::Status LogWriter::ClearAhead(uint64_t count) {
  const std::string zeros(std::min(count, kClearSectors) * kSectorBytes, '\0');
  for (uint64_t done = 0; done < count; done += kClearSectors) {
    const uint64_t now = std::min(count - done, kClearSectors);
    const absl::string_view piece(zeros.data(), now * kSectorBytes);
    absl::Status s = file_->Write((sector_ + done) * kSectorBytes, piece);
    if (!s.ok()) return s;
  }
  return AsFinal(file_->SyncData());
}

absl::Status LogWriter::Rewrite(uint64_t offset, absl::string_view sectors) {
  if (absl::Status s = file_->Write(offset, sectors); !s.ok()) return s;
  return AsFinal(file_->SyncData());
}

}  // namespace quorate::storage
