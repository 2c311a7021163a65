#include "broker/log/read_plan.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "broker/log/segment.h"
#include "broker/record/record_batch.h"
#include "coord/storage/file_system.h"
#include "coord/storage/storage_error.h"

namespace quorate::broker {
namespace {

using storage::File;

// Replaces what `*out` has behind `keep` by up to `bytes` from the file.
absl::Status Load(const File& file, uint64_t position, uint64_t bytes,
                  size_t keep, std::string* out) {
  out->resize(keep + static_cast<size_t>(bytes));
  const absl::StatusOr<size_t> got = file.Read(
      position, absl::MakeSpan(&(*out)[keep], static_cast<size_t>(bytes)));
  if (!got.ok()) return got.status();
  out->resize(keep + *got);
  return absl::OkStatus();
}

// How the loaded bytes are to be used.
struct Found {
  size_t begin = 0;  // of the batch that is wanted
  size_t bytes = 0;  // of whole batches from there; 0: the first is not whole
  size_t first_bytes = 0;  // of the first batch; 0: not even its header
};

absl::StatusOr<Found> Find(absl::string_view loaded, const ReadPlan& plan,
                           uint64_t position) {
  Found found;
  size_t at = 0;
  bool begun = false;
  while (loaded.size() >= at + kBatchHeaderBytes) {
    const absl::StatusOr<BatchHeader> header =
        PeekBatchHeader(loaded.substr(at));
    if (!header.ok()) {
      return storage::DamagedError(plan.path, position + at,
                                   header.status().message());
    }
    if (!begun && header->next_offset() <= plan.offset) {
      at += header->size_bytes;
      found.begin = at;
      continue;
    }
    if (!begun) found.first_bytes = header->size_bytes;
    begun = true;
    const size_t total = at + header->size_bytes - found.begin;
    if (header->next_offset() > plan.limit_offset ||
        at + header->size_bytes > loaded.size() ||
        (found.bytes > 0 && total > plan.max_bytes)) {
      break;
    }
    found.bytes = total;
    at += header->size_bytes;
  }
  return found;
}

}  // namespace

absl::Status CarryOut(const ReadPlan& plan, storage::FileSystem& files,
                      std::string* out) {
  if (plan.empty()) return absl::OkStatus();
  const absl::StatusOr<std::unique_ptr<File>> file =
      files.Open(plan.path, storage::OpenMode::kRead);
  if (!file.ok()) return file.status();
  const size_t keep = out->size();
  uint64_t position = plan.position;
  uint64_t wanted = kIndexBytes + plan.max_bytes;
  while (position < plan.end_bytes) {
    const uint64_t bytes = std::min(wanted, plan.end_bytes - position);
    absl::Status loaded = Load(**file, position, bytes, keep, out);
    if (!loaded.ok()) {
      out->resize(keep);
      return loaded;
    }
    const absl::string_view view = absl::string_view(*out).substr(keep);
    const absl::StatusOr<Found> found = Find(view, plan, position);
    if (!found.ok() || found->bytes > 0 || view.size() < bytes) {
      out->resize(keep + (found.ok() ? found->begin + found->bytes : 0));
      if (found.ok()) out->erase(keep, found->begin);
      return found.status();
    }
    // It begins farther on, or is larger than was thought, or lies beyond the
    // limit: then the file has no more either.
    const bool is_whole = found->first_bytes > 0 &&
                          view.size() - found->begin >= found->first_bytes;
    if (is_whole) break;
    position += found->begin;
    wanted = std::max<uint64_t>(found->first_bytes, kBatchHeaderBytes);
    if (found->first_bytes == 0) wanted = kIndexBytes + plan.max_bytes;
  }
  out->resize(keep);
  return absl::OkStatus();
}

}  // namespace quorate::broker
