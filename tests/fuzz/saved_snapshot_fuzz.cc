// Saved snapshots, which come from anywhere, with sums that can be put right.
//
//   input = flags:u8 file       flags = 1: put the sums right

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
#include "coord/consensus/zxid.h"
#include "coord/replica/saved_snapshot.h"
#include "coord/replica/stream_hash.h"
#include "coord/storage/little_endian.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using replica::SavedSnapshotInfo;
using replica::SavedSnapshotReader;
using replica::SavedSnapshotWriter;
using storage::FaultFileSystem;
using storage::StorageErrorKind;

constexpr char kPath[] = "d/saved";
constexpr char kCopyPath[] = "d/copy";
// As saved_snapshot.h has it; Seeds() checks that it is so.
constexpr size_t kHeaderBytes = 56;
constexpr size_t kMetaBytesAt = 20;

uint64_t Sum(absl::string_view bytes) {
  replica::StreamHash hash;
  hash.Add(bytes);
  return hash.Value();
}

void Repair(std::string& file) {
  if (file.size() < kHeaderBytes) return;
  const auto meta_bytes = storage::LoadNumber<uint32_t>(&file[kMetaBytesAt]);
  if (meta_bytes > file.size() - kHeaderBytes) return;
  const absl::string_view all = file;
  storage::StoreNumber(&file[0],
                       Sum(all.substr(8, kHeaderBytes + meta_bytes - 8)));
  if (file.size() - kHeaderBytes - meta_bytes < 16) return;
  storage::StoreNumber(&file[file.size() - 8],
                       Sum(all.substr(0, all.size() - 16)));
}

void CheckError(const absl::Status& status, size_t file_bytes) {
  const storage::StorageError error = storage::StorageErrorOf(status);
  QUORATE_CHECK(error.kind == StorageErrorKind::kDamaged ||
                error.kind == StorageErrorKind::kVersion);
  QUORATE_CHECK(error.file == kPath && error.offset <= file_bytes);
}

absl::StatusOr<std::string> ReadAll(SavedSnapshotReader& reader) {
  std::string content;
  while (true) {
    const absl::StatusOr<std::string> piece = reader.Read(100);
    if (!piece.ok()) return piece.status();
    if (piece->empty()) return content;
    content += *piece;
    QUORATE_CHECK(content.size() <= reader.info().size_bytes);
  }
}

std::string Saved(FaultFileSystem& disk, absl::string_view path,
                  const SavedSnapshotInfo& info, absl::string_view content) {
  const absl::StatusOr<std::unique_ptr<SavedSnapshotWriter>> writer =
      SavedSnapshotWriter::Begin(disk, path, info);
  QUORATE_CHECK(writer.ok());
  QUORATE_CHECK((*writer)->Append(content).ok());
  QUORATE_CHECK((*writer)->Finish().ok());
  return disk.Content(path);
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const size_t size : {0, 1, 100, 1000}) {
    FaultFileSystem disk(1);
    QUORATE_CHECK(disk.CreateDirectory("d").ok());
    const SavedSnapshotInfo info{.ensemble = {.high = 1, .low = 2},
                                 .zxid = consensus::Zxid(3, 4),
                                 .size_bytes = size,
                                 .meta = std::string(size / 10, 'm')};
    const std::string file = Saved(disk, kPath, info, std::string(size, 'c'));
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
  const absl::StatusOr<std::unique_ptr<replica::SavedSnapshotReader>> reader =
      replica::SavedSnapshotReader::Open(disk, fuzz::kPath);
  if (!reader.ok()) {
    fuzz::CheckError(reader.status(), file.size());
    return 0;
  }
  const absl::StatusOr<std::string> content = fuzz::ReadAll(**reader);
  if (!content.ok()) {
    fuzz::CheckError(content.status(), file.size());
    return 0;
  }
  // There is one file for each content.
  QUORATE_CHECK(
      fuzz::Saved(disk, fuzz::kCopyPath, (*reader)->info(), *content) == file);
  return 0;
}
