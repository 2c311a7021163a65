// The file of the hard state: two slots, whose checksums and identities can be
// put right.
//
//   input = flags:u8 slot[512] slot[512]
//   flags = 1: put checksums right  2: also the inodes and times of birth

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/storage/checksum.h"
#include "coord/storage/file_system.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/little_endian.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using storage::FaultFileSystem;
using storage::FileIdentity;
using storage::HardState;
using storage::HardStateFile;
using storage::HardStateSlot;
using storage::kSectorBytes;
using storage::StorageErrorKind;

constexpr char kDirectory[] = "d";
constexpr char kPath[] = "d/state";
constexpr size_t kSlotDistance = 4096;
constexpr uint8_t kRepairSums = 1;
constexpr uint8_t kRepairIdentities = 2;
// As hard_state_file.cc has them; Seeds() checks that they are so.
constexpr uint64_t kSeed = 0x5153746174653031;
constexpr size_t kIdentitiesAt = 64;

// Makes the file; it keeps its identity for good.
void Format(FaultFileSystem& disk) {
  QUORATE_CHECK(disk.CreateDirectory(kDirectory).ok());
  const MemberKey member{.id = {3}, .incarnation = {0xa7}};
  const HardState state{.ensemble = {.high = 1, .low = 2}, .bytes = "vote"};
  QUORATE_CHECK(HardStateFile::Create(disk, kDirectory, member, state).ok());
}

std::string Identities(FaultFileSystem& disk) {
  const absl::StatusOr<HardStateSlot> slot =
      storage::ReadHardState(disk, kDirectory);
  QUORATE_CHECK(slot.ok());
  std::string bytes;
  for (const FileIdentity& identity : {slot->directory, slot->file}) {
    storage::PutU64(&bytes, identity.inode);
    storage::PutU64(&bytes, static_cast<uint64_t>(identity.birth_ns));
  }
  return bytes;
}

std::string FileOf(absl::string_view input, uint8_t flags,
                   const std::string& identities) {
  std::string content(2 * kSlotDistance, '\0');
  for (uint64_t i = 0; i < 2; ++i) {
    std::string slot(input.substr(0, kSectorBytes));
    input.remove_prefix(slot.size());
    slot.resize(kSectorBytes, '\0');
    if ((flags & kRepairIdentities) != 0) {
      slot.replace(kIdentitiesAt, identities.size(), identities);
    }
    if ((flags & kRepairSums) != 0) {
      const absl::string_view payload = absl::string_view(slot).substr(8);
      storage::StoreNumber(&slot[0], storage::Checksum(payload, kSeed + i));
    }
    content.replace(i * kSlotDistance, kSectorBytes, slot);
  }
  return content;
}

void CheckSame(const HardStateSlot& a, const HardStateSlot& b) {
  QUORATE_CHECK(a.sequence == b.sequence && a.member == b.member);
  QUORATE_CHECK(a.state == b.state && a.parent == b.parent);
}

// Opens what was read as `slot`, and writes once more.
void GoOn(FaultFileSystem& disk, const HardStateSlot& slot) {
  const absl::StatusOr<std::unique_ptr<HardStateFile>> opened =
      HardStateFile::Open(disk, kDirectory);
  if (!opened.ok()) {
    QUORATE_CHECK(storage::StorageErrorOf(opened.status()).kind ==
                  StorageErrorKind::kCopied);
    return;
  }
  QUORATE_CHECK((*opened)->state() == slot.state);
  const absl::StatusOr<HardStateSlot> same =
      storage::ReadHardState(disk, kDirectory);
  QUORATE_CHECK(same.ok());
  CheckSame(*same, slot);

  const HardState next{.ensemble = slot.state.ensemble, .bytes = "next"};
  QUORATE_CHECK((*opened)->Write(next).ok());
  const absl::StatusOr<HardStateSlot> written =
      storage::ReadHardState(disk, kDirectory);
  if (slot.sequence == UINT64_MAX) return;
  QUORATE_CHECK(written.ok() && written->state == next);
  QUORATE_CHECK(written->sequence == slot.sequence + 1);
  QUORATE_CHECK(written->parent == slot.parent);
}

std::string SlotsOf(const FaultFileSystem& disk) {
  const std::string content = disk.Content(kPath);
  return content.substr(0, kSectorBytes) +
         content.substr(kSlotDistance, kSectorBytes);
}

}  // namespace

std::vector<std::string> Seeds() {
  FaultFileSystem disk(1);
  Format(disk);
  std::vector<std::string> lives = {SlotsOf(disk)};
  const auto file = HardStateFile::Open(disk, kDirectory);
  QUORATE_CHECK(file.ok());
  const std::string longest(storage::kMaxHardStateBytes, 'x');
  QUORATE_CHECK((*file)->Write({{.high = 1, .low = 2}, longest}).ok());
  lives.push_back(SlotsOf(disk));
  QUORATE_CHECK((*file)->Rescue({{.high = 3, .low = 4}, "new"}).ok());
  lives.push_back(SlotsOf(disk));
  QUORATE_CHECK((*file)->Write({{.high = 3, .low = 4}, ""}).ok());
  lives.push_back(SlotsOf(disk));

  const std::string identities = Identities(disk);
  std::vector<std::string> seeds;
  for (const std::string& slots : lives) {
    for (const uint8_t flags : {0, 1, 3}) {
      const std::string content = FileOf(slots, flags, identities);
      QUORATE_CHECK(content.substr(0, kSectorBytes) ==
                    slots.substr(0, kSectorBytes));
      seeds.push_back(
          absl::StrCat(std::string(1, static_cast<char>(flags)), slots));
    }
  }
  return seeds;
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  fuzz::Choices choices(fuzz::Text(data, size));
  const uint8_t flags = choices.Byte();
  storage::FaultFileSystem disk(1);
  fuzz::Format(disk);
  const std::string identities = fuzz::Identities(disk);
  disk.SetContent(fuzz::kPath, fuzz::FileOf(choices.rest(), flags, identities));
  const absl::StatusOr<storage::HardStateSlot> slot =
      storage::ReadHardState(disk, fuzz::kDirectory);
  if (!slot.ok()) {
    const storage::StorageError error = storage::StorageErrorOf(slot.status());
    QUORATE_CHECK(error.kind == storage::StorageErrorKind::kDamaged ||
                  error.kind == storage::StorageErrorKind::kVersion);
    QUORATE_CHECK(error.file == fuzz::kPath && error.offset < 8192);
    return 0;
  }
  QUORATE_CHECK(slot->state.bytes.size() <= storage::kMaxHardStateBytes);
  fuzz::GoOn(disk, *slot);
  return 0;
}
