// Snapshot files, whose checksums can be put right.
//
//   input = flags:u8 file       flags = 1: put checksums right

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/checksum.h"
#include "coord/storage/file_system.h"
#include "coord/storage/little_endian.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/storage/snapshot_writer.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/storage/write_ahead_log.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using storage::FaultFileSystem;
using storage::SnapshotReader;
using storage::StorageErrorKind;

constexpr char kPath[] = "d/snapshot";
constexpr size_t kPieceBytes = 1000;
// As FORMAT.md and snapshot_format.cc have them; Seeds() checks that.
constexpr size_t kHeaderBytes = 128;
constexpr size_t kFooterBytes = 64;
constexpr size_t kSumBytes = 8;
constexpr size_t kPayloadBytes = 64 * 1024 - kSumBytes;
constexpr uint64_t kHeaderSeed = 0x51536e6170486561;
constexpr uint64_t kFooterSeed = 0x51536e6170466f6f;
constexpr uint64_t kMetaSeed = 0x51536e61704d6574;
constexpr uint64_t kIndexFactor = 0x9e3779b97f4a7c15;

using storage::Checksum;
using storage::LoadNumber;
using storage::StoreNumber;

// Puts every checksum right for which there is room.
void Repair(std::string& file) {
  if (file.size() < kHeaderBytes + kSumBytes + kFooterBytes) return;
  const absl::string_view all = file;
  const uint64_t key =
      Checksum(all.substr(kSumBytes, kHeaderBytes - kSumBytes), kHeaderSeed);
  StoreNumber(&file[0], key);
  const size_t footer_at = file.size() - kFooterBytes;
  uint64_t left = LoadNumber<uint64_t>(&file[footer_at + 16]);
  uint64_t chain = key;
  size_t at = kHeaderBytes;
  for (uint64_t index = 1; left > 0; ++index) {
    const auto size =
        static_cast<size_t>(std::min<uint64_t>(left, kPayloadBytes));
    if (size + kSumBytes > footer_at - at) break;
    const uint64_t sum =
        Checksum(all.substr(at, size), key ^ (index * kIndexFactor));
    StoreNumber(&file[at + size], sum);
    chain = storage::ChainChecksum(chain, sum);
    at += size + kSumBytes;
    left -= size;
  }
  if (footer_at - at >= kSumBytes) {
    const size_t size = footer_at - at - kSumBytes;
    const uint64_t sum = Checksum(all.substr(at, size), key ^ kMetaSeed);
    StoreNumber(&file[at + size], sum);
    chain = storage::ChainChecksum(chain, sum);
  }
  StoreNumber(&file[footer_at + 32], chain);
  StoreNumber(&file[footer_at],
              Checksum(all.substr(footer_at + kSumBytes), key ^ kFooterSeed));
}

void CheckError(const absl::Status& status, size_t file_bytes) {
  const storage::StorageError error = storage::StorageErrorOf(status);
  QUORATE_CHECK(error.kind == StorageErrorKind::kDamaged ||
                error.kind == StorageErrorKind::kVersion);
  QUORATE_CHECK(error.file == kPath && error.offset <= file_bytes);
}

// OK if every block can be read, piece by piece.
absl::Status ReadAll(SnapshotReader& reader) {
  uint64_t offset = 0;
  while (offset < reader.info().size_bytes) {
    const absl::StatusOr<std::string> piece = reader.Read(offset, kPieceBytes);
    if (!piece.ok()) return piece.status();
    QUORATE_CHECK(!piece->empty() && piece->size() <= kPieceBytes);
    offset += piece->size();
  }
  QUORATE_CHECK(offset == reader.info().size_bytes);
  return absl::OkStatus();
}

std::string SnapshotOf(size_t content_bytes, const std::string& meta) {
  FaultFileSystem disk(1);
  storage::LogOptions options;
  options.segment_bytes = 8192;
  const MemberKey member{.id = {3}, .incarnation = {0xa7}};
  const storage::HardState state{.ensemble = {.high = 1, .low = 2},
                                 .bytes = ""};
  QUORATE_CHECK(
      storage::MemberStorage::Format(disk, "d", member, state, options).ok());
  const absl::StatusOr<storage::OpenedStorage> opened =
      storage::MemberStorage::Open(disk, "d", options);
  QUORATE_CHECK(opened.ok());
  const absl::StatusOr<std::unique_ptr<storage::SnapshotWriter>> writer =
      opened->storage->BeginSnapshot(consensus::Zxid(1, 1));
  QUORATE_CHECK(writer.ok());
  QUORATE_CHECK((*writer)->Append(std::string(content_bytes, 'c')).ok());
  QUORATE_CHECK((*writer)->Finish(meta).ok());
  return disk.Content((*writer)->path());
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const size_t content_bytes : {0, 1, 300, 70'000}) {
    const std::string file = SnapshotOf(content_bytes, "meta");
    std::string repaired = file;
    Repair(repaired);
    QUORATE_CHECK(repaired == file);
    seeds.push_back(absl::StrCat(std::string(1, '\0'), file));
    seeds.push_back(absl::StrCat(std::string(1, '\1'), file));
  }
  return seeds;
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  fuzz::Choices choices(fuzz::Text(data, size));
  const uint8_t flags = choices.Byte();
  std::string file(choices.rest());
  if ((flags & 1) != 0) fuzz::Repair(file);
  storage::FaultFileSystem disk(1);
  QUORATE_CHECK(disk.CreateDirectory("d").ok());
  disk.SetContent(fuzz::kPath, file);
  const absl::StatusOr<std::unique_ptr<storage::SnapshotReader>> reader =
      storage::SnapshotReader::Open(disk, fuzz::kPath);
  if (!reader.ok()) {
    fuzz::CheckError(reader.status(), file.size());
    return 0;
  }
  const storage::SnapshotInfo& info = (*reader)->info();
  QUORATE_CHECK(info.size_bytes + info.meta.size() <= file.size());
  const absl::Status read = fuzz::ReadAll(**reader);
  const absl::Status verified = (*reader)->Verify();
  if (!read.ok()) fuzz::CheckError(read, file.size());
  if (!verified.ok()) fuzz::CheckError(verified, file.size());
  QUORATE_CHECK(read.ok() || !verified.ok());
  const absl::Status beyond = (*reader)->Read(info.size_bytes + 1, 1).status();
  QUORATE_CHECK(storage::StorageErrorOf(beyond).kind ==
                storage::StorageErrorKind::kMisuse);
  return 0;
}
