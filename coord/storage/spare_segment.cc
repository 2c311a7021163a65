#include "coord/storage/spare_segment.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/storage/file_names.h"
#include "coord/storage/file_system.h"
#include "coord/storage/storage_error.h"

namespace quorate::storage {
namespace {

constexpr uint64_t kWriteBytes = 256 * 1024;

}  // namespace

SpareSegment::SpareSegment(FileSystem& files, absl::string_view directory,
                           uint64_t segment_bytes)
    : files_(files),
      path_(JoinPath(directory, kSpareName)),
      segment_bytes_(segment_bytes) {}

absl::Status SpareSegment::Create() {
  if (absl::Status s = files_.Remove(path_); !s.ok() && !absl::IsNotFound(s)) {
    return s;
  }
  absl::StatusOr<std::unique_ptr<File>> file =
      files_.Open(path_, OpenMode::kCreate);
  if (!file.ok()) return file.status();
  file_ = *std::move(file);
  filled_ = 0;
  return file_->Preallocate(segment_bytes_);
}

absl::Status SpareSegment::GiveBack(const absl::Status& cause) {
  if (!IsDiskFull(cause)) return cause;
  file_.reset();
  filled_ = 0;
  const absl::Status removed = files_.Remove(path_);
  return removed.ok() || absl::IsNotFound(removed) ? cause : removed;
}

absl::Status SpareSegment::Prepare(uint64_t max_bytes) {
  const std::scoped_lock lock(mutex_);
  return Fill(max_bytes);
}

absl::Status SpareSegment::Fill(uint64_t max_bytes) {
  if (ready()) return absl::OkStatus();
  if (file_ == nullptr) {
    if (absl::Status s = Create(); !s.ok()) return GiveBack(s);
  }
  const uint64_t goal = std::min(segment_bytes_ - filled_, max_bytes) + filled_;
  const std::string zeros(std::min(kWriteBytes, goal - filled_), '\0');
  while (filled_ < goal) {
    const uint64_t size = std::min<uint64_t>(zeros.size(), goal - filled_);
    const absl::string_view piece(zeros.data(), size);
    if (absl::Status s = file_->Write(filled_, piece); !s.ok()) {
      return GiveBack(s);
    }
    filled_ += size;
  }
  absl::Status s = AsFinal(file_->SyncData());
  ready_.store(s.ok() && filled_ == segment_bytes_, std::memory_order_release);
  return s;
}

absl::Status SpareSegment::Use(
    absl::FunctionRef<absl::Status(std::unique_ptr<File> file)> use) {
  const std::scoped_lock lock(mutex_);
  absl::Status s = Fill(segment_bytes_);
  if (!s.ok()) return s;
  ready_.store(false, std::memory_order_release);
  filled_ = 0;
  return use(std::move(file_));
}

}  // namespace quorate::storage
