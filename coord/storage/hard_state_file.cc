#include "coord/storage/hard_state_file.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/storage/checksum.h"
#include "coord/storage/file_names.h"
#include "coord/storage/file_system.h"
#include "coord/storage/little_endian.h"
#include "coord/storage/storage_error.h"

namespace quorate::storage {
namespace {

constexpr absl::string_view kMagic = "QRTESTAT";
constexpr uint16_t kVersion = 1;
// Of a slot that names a parent, which version 1 does not know of.
constexpr uint16_t kRescuedVersion = 2;
constexpr size_t kChecksumBytes = sizeof(uint64_t);
// Behind the longest state.
constexpr size_t kParentOffset = kSectorBytes - 2 * sizeof(uint64_t);
constexpr uint64_t kSeed = 0x5153746174653031;
// Far enough apart not to share a page or a large physical sector.
constexpr uint64_t kSlotDistance = 4096;
constexpr uint64_t kFileBytes = 2 * kSlotDistance;

uint64_t OffsetOf(uint64_t sequence) { return (sequence % 2) * kSlotDistance; }

std::string Encode(const HardStateSlot& slot) {
  std::string payload(kMagic);
  PutU16(&payload, slot.parent.IsNone() ? kVersion : kRescuedVersion);
  PutU16(&payload, static_cast<uint16_t>(slot.state.bytes.size()));
  PutU32(&payload, 0);
  PutU64(&payload, slot.sequence);
  PutU64(&payload, slot.member.id.value);
  PutU64(&payload, slot.member.incarnation.value);
  PutU64(&payload, slot.state.ensemble.high);
  PutU64(&payload, slot.state.ensemble.low);
  for (const FileIdentity& identity : {slot.directory, slot.file}) {
    PutU64(&payload, identity.inode);
    PutU64(&payload, static_cast<uint64_t>(identity.birth_ns));
  }
  payload += slot.state.bytes;
  payload.resize(kParentOffset - kChecksumBytes, '\0');
  PutU64(&payload, slot.parent.high);
  PutU64(&payload, slot.parent.low);
  std::string sector;
  PutU64(&sector, Checksum(payload, kSeed + slot.sequence % 2));
  return sector + payload;
}

absl::StatusOr<HardStateSlot> Decode(absl::string_view sector,
                                     absl::string_view path, uint64_t offset) {
  const absl::string_view payload = sector.substr(sizeof(uint64_t));
  const uint64_t index = offset / kSlotDistance;
  Decoder decoder(sector);
  if (decoder.U64() != Checksum(payload, kSeed + index)) {
    return DamagedError(path, offset, "the checksum of the slot is wrong");
  }
  if (decoder.Text(kMagic.size()) != kMagic) {
    return DamagedError(path, offset, "not a hard state");
  }
  const uint16_t version = decoder.U16();
  if (version != kVersion && version != kRescuedVersion) {
    return MakeStorageError(
        StorageErrorKind::kVersion, path, offset,
        absl::StrCat("expected hard state version ", kVersion, " or ",
                     kRescuedVersion, ", found ", version));
  }
  const uint16_t length = decoder.U16();
  decoder.U32();
  HardStateSlot slot;
  slot.sequence = decoder.U64();
  slot.member.id.value = decoder.U64();
  slot.member.incarnation.value = decoder.U64();
  slot.state.ensemble.high = decoder.U64();
  slot.state.ensemble.low = decoder.U64();
  for (FileIdentity* identity : {&slot.directory, &slot.file}) {
    identity->inode = decoder.U64();
    identity->birth_ns = static_cast<int64_t>(decoder.U64());
  }
  slot.state.bytes = std::string(decoder.Text(length));
  Decoder end(sector.substr(kParentOffset));
  slot.parent.high = end.U64();
  slot.parent.low = end.U64();
  if (!decoder.ok() || length > kMaxHardStateBytes ||
      slot.sequence % 2 != index ||
      slot.parent.IsNone() != (version == kVersion)) {
    return DamagedError(path, offset, "the slot's fields are out of bounds");
  }
  return slot;
}

absl::StatusOr<HardStateSlot> ReadNewer(const File& file,
                                        absl::string_view path) {
  std::array<HardStateSlot, 2> slots;
  for (size_t i = 0; i < slots.size(); ++i) {
    const uint64_t offset = i * kSlotDistance;
    const absl::StatusOr<std::string> sector =
        ReadExactly(file, path, offset, kSectorBytes);
    if (!sector.ok()) return sector.status();
    absl::StatusOr<HardStateSlot> slot = Decode(*sector, path, offset);
    if (!slot.ok()) return slot.status();
    slots[i] = *std::move(slot);
  }
  const size_t newer = slots[0].sequence < slots[1].sequence ? 1 : 0;
  if (slots[newer].sequence != slots[1 - newer].sequence + 1) {
    return DamagedError(
        path, OffsetOf(slots[1 - newer].sequence),
        absl::StrCat("the slots do not follow each other: ", slots[0].sequence,
                     " and ", slots[1].sequence));
  }
  return slots[newer];
}

absl::StatusOr<std::unique_ptr<File>> OpenFile(FileSystem& files,
                                               const std::string& path,
                                               OpenMode mode) {
  absl::StatusOr<std::unique_ptr<File>> file = files.Open(path, mode);
  if (file.ok() || !absl::IsNotFound(file.status())) return file;
  return MakeStorageError(StorageErrorKind::kUnused, path, 0,
                          "there is no hard state");
}

absl::Status CheckLength(const HardState& state) {
  if (state.bytes.size() <= kMaxHardStateBytes) return absl::OkStatus();
  return MisuseError(absl::StrCat("a hard state of ", state.bytes.size(),
                                  " bytes; at most ", kMaxHardStateBytes));
}

}  // namespace

absl::StatusOr<HardStateSlot> ReadHardState(FileSystem& files,
                                            absl::string_view directory) {
  const std::string path = JoinPath(directory, kStateName);
  const absl::StatusOr<std::unique_ptr<File>> file =
      OpenFile(files, path, OpenMode::kRead);
  if (!file.ok()) return file.status();
  return ReadNewer(**file, path);
}

absl::Status HardStateFile::Create(FileSystem& files,
                                   absl::string_view directory,
                                   MemberKey member, const HardState& state) {
  if (absl::Status s = CheckLength(state); !s.ok()) return s;
  const std::string path = JoinPath(directory, kStateTemporaryName);
  if (absl::Status s = files.Remove(path); !s.ok() && !absl::IsNotFound(s)) {
    return s;
  }
  const absl::StatusOr<std::unique_ptr<File>> file =
      files.Open(path, OpenMode::kCreate);
  if (!file.ok()) return file.status();
  const absl::StatusOr<FileIdentity> here = files.DirectoryIdentity(directory);
  if (!here.ok()) return here.status();
  const absl::StatusOr<FileIdentity> self = (*file)->Identity();
  if (!self.ok()) return self.status();

  HardStateSlot slot{
      .member = member, .state = state, .directory = *here, .file = *self};
  std::string content(kFileBytes, '\0');
  for (slot.sequence = 1; slot.sequence <= 2; ++slot.sequence) {
    content.replace(OffsetOf(slot.sequence), kSectorBytes, Encode(slot));
  }
  if (absl::Status s = (*file)->Write(0, content); !s.ok()) return s;
  if (absl::Status s = AsFinal((*file)->SyncData()); !s.ok()) return s;
  absl::Status s = files.Rename(path, JoinPath(directory, kStateName));
  if (!s.ok()) return s;
  return AsFinal(files.SyncDirectory(directory));
}

absl::StatusOr<std::unique_ptr<HardStateFile>> HardStateFile::Open(
    FileSystem& files, absl::string_view directory) {
  const std::string path = JoinPath(directory, kStateName);
  absl::StatusOr<std::unique_ptr<File>> file =
      OpenFile(files, path, OpenMode::kReadWrite);
  if (!file.ok()) return file.status();
  absl::StatusOr<HardStateSlot> slot = ReadNewer(**file, path);
  if (!slot.ok()) return slot.status();
  const absl::StatusOr<FileIdentity> here = files.DirectoryIdentity(directory);
  if (!here.ok()) return here.status();
  const absl::StatusOr<FileIdentity> self = (*file)->Identity();
  if (!self.ok()) return self.status();
  if (*here != slot->directory || *self != slot->file) {
    return MakeStorageError(
        StorageErrorKind::kCopied, path, 0,
        absl::StrCat("expected directory and file with inodes ",
                     slot->directory.inode, " and ", slot->file.inode,
                     " as they were created, found ", here->inode, " and ",
                     self->inode, " or a later creation: this is a copy"));
  }
  auto opened =
      absl::WrapUnique(new HardStateFile(*std::move(file), *std::move(slot)));
  // What was read may be in memory only, if an earlier sync failed.
  if (absl::Status s = opened->WriteSlot(opened->slot_); !s.ok()) return s;
  return opened;
}

absl::Status HardStateFile::WriteSlot(const HardStateSlot& slot) {
  absl::Status s = file_->Write(OffsetOf(slot.sequence), Encode(slot));
  if (!s.ok()) return s;
  return AsFinal(file_->SyncData());
}

absl::Status HardStateFile::Check(const HardState& state) const {
  const EnsembleId& ensemble = slot_.state.ensemble;
  if (!ensemble.IsNone() && state.ensemble != ensemble) {
    return MisuseError(absl::StrCat("this directory belongs to ensemble ",
                                    ToString(ensemble), ", not to ",
                                    ToString(state.ensemble)));
  }
  return CheckLength(state);
}

absl::Status HardStateFile::Write(const HardState& state) {
  if (!broken_.ok()) return broken_;
  if (absl::Status s = Check(state); !s.ok()) return s;
  HardStateSlot slot = slot_;
  slot.state = state;
  return WriteNext(std::move(slot));
}

absl::Status HardStateFile::Rescue(const HardState& state) {
  if (!broken_.ok()) return broken_;
  const EnsembleId before = slot_.state.ensemble;
  if (before.IsNone() || state.ensemble.IsNone() || state.ensemble == before) {
    return MisuseError(
        absl::StrCat("a rescue leads from one ensemble to another; found ",
                     ToString(before), " and ", ToString(state.ensemble)));
  }
  if (absl::Status s = CheckLength(state); !s.ok()) return s;
  HardStateSlot slot = slot_;
  slot.state = state;
  slot.parent = before;
  return WriteNext(std::move(slot));
}

absl::Status HardStateFile::WriteNext(HardStateSlot slot) {
  ++slot.sequence;
  if (absl::Status s = WriteSlot(slot); !s.ok()) {
    if (!IsDiskFull(s)) broken_ = s;
    return s;
  }
  slot_ = std::move(slot);
  return absl::OkStatus();
}

}  // namespace quorate::storage
