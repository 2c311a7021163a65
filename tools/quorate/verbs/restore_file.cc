#include "tools/quorate/verbs/restore_file.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/replica/record_codec.h"
#include "coord/replica/restore.h"
#include "coord/replica/saved_snapshot.h"
#include "coord/storage/file_system.h"
#include "coord/storage/posix_file_system.h"
#include "tools/quorate/console.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/saved_file.h"

namespace quorate::tools {
namespace {

// Of the first segment, which holds nothing but a mark; later ones are as
// coordd is told.
constexpr uint64_t kSegmentBytes = 4 << 20;

uint64_t DrawBits() {
  std::random_device random;
  uint64_t bits = 0;
  while (bits == 0) bits = uint64_t{random()} << 32 | random();
  return bits;
}

}  // namespace

absl::StatusOr<Restored> RestoreFile(const Console& console,
                                     const RestoreOrder& order) {
  const std::unique_ptr<storage::FileSystem> files =
      storage::MakePosixFileSystem();
  const absl::StatusOr<std::unique_ptr<replica::SavedSnapshotReader>> reader =
      replica::SavedSnapshotReader::Open(*files, order.file);
  if (!reader.ok()) return AsLocal(reader.status());
  const replica::SavedSnapshotInfo& info = (*reader)->info();
  const absl::StatusOr<consensus::SnapshotMeta> meta =
      replica::DecodeSnapshotMeta(info.zxid, info.size_bytes, info.meta);
  if (!meta.ok()) return AsLocal(meta.status());
  replica::RestorePlan plan;
  plan.member = {.id = {order.id}, .incarnation = {DrawBits()}};
  plan.address = order.address;
  plan.ensemble = {.high = DrawBits(), .low = DrawBits()};
  plan.parent = info.ensemble;
  if (meta->configuration != nullptr) {
    plan.limits = meta->configuration->limits();
  }
  plan.zxid = info.zxid;
  plan.size_bytes = info.size_bytes;
  plan.log.segment_bytes = kSegmentBytes;
  Progress progress(console, "restoring");
  const absl::Status status = replica::RestoreMember(
      *files, order.directory, plan,
      [&](size_t max_bytes) { return (*reader)->Read(max_bytes); },
      [&](uint64_t done, uint64_t all) {
        progress.Update(absl::StrCat("restoring: ", FormatBytes(done), " of ",
                                     FormatBytes(all)));
      });
  if (!status.ok()) return AsLocal(status);
  return Restored{
      .ensemble = plan.ensemble, .parent = plan.parent, .zxid = plan.zxid};
}

}  // namespace quorate::tools
