#include "broker/log/checkpoint_file.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/storage/checksum.h"
#include "coord/storage/file_system.h"
#include "coord/storage/little_endian.h"
#include "coord/storage/storage_error.h"

namespace quorate::broker {
namespace {

using storage::File;
using storage::FileSystem;
using storage::OpenMode;

constexpr absl::string_view kMagic = "QRBCHKPT";
constexpr uint32_t kVersion = 1;
constexpr size_t kChecksumAt = 40;

std::string Encode(const Checkpoint& value) {
  std::string sector(kMagic);
  storage::PutU32(&sector, kVersion);
  storage::PutU32(&sector, 0);
  storage::PutU64(&sector, value.topic_id);
  storage::PutU64(&sector, static_cast<uint64_t>(value.high_watermark));
  storage::PutU64(&sector, static_cast<uint64_t>(value.durable_end));
  storage::PutU64(&sector, storage::Checksum(sector, 0));
  sector.resize(storage::kSectorBytes, '\0');
  return sector;
}

absl::StatusOr<Checkpoint> Decode(absl::string_view sector,
                                  absl::string_view path) {
  const absl::string_view body = sector.substr(0, kChecksumAt);
  storage::Decoder decoder(sector);
  const absl::string_view magic = decoder.Text(kMagic.size());
  const uint32_t version = decoder.U32();
  decoder.U32();
  Checkpoint value;
  value.topic_id = decoder.U64();
  value.high_watermark = static_cast<int64_t>(decoder.U64());
  value.durable_end = static_cast<int64_t>(decoder.U64());
  if (decoder.U64() != storage::Checksum(body, 0) || magic != kMagic) {
    return storage::DamagedError(path, 0, "a checkpoint with a bad checksum");
  }
  if (version != kVersion) {
    return storage::MakeStorageError(
        storage::StorageErrorKind::kVersion, path, 0,
        absl::StrCat("version ", version, ", expected ", kVersion));
  }
  if (value.high_watermark < 0 || value.durable_end < 0) {
    return storage::DamagedError(path, 0, "an offset below 0");
  }
  return value;
}

}  // namespace

CheckpointFile::CheckpointFile(std::unique_ptr<File> file,
                               std::shared_ptr<File> syncer,
                               const Checkpoint& value)
    : file_(std::move(file)), syncer_(std::move(syncer)), value_(value) {}

absl::StatusOr<std::unique_ptr<CheckpointFile>> CheckpointFile::Create(
    FileSystem& files, absl::string_view directory, absl::string_view name,
    const Checkpoint& checkpoint) {
  const std::string path = storage::JoinPath(directory, name);
  const std::string temporary = absl::StrCat(path, ".tmp");
  // Left behind by a crash; or there is none.
  files.Remove(temporary).IgnoreError();
  absl::StatusOr<std::unique_ptr<File>> file =
      files.Open(temporary, OpenMode::kCreate);
  if (!file.ok()) return file.status();
  absl::Status done = (*file)->Write(0, Encode(checkpoint));
  if (done.ok()) done = (*file)->SyncData();
  if (done.ok()) done = files.Rename(temporary, path);
  if (done.ok()) done = files.SyncDirectory(directory);
  if (!done.ok()) {
    files.Remove(temporary).IgnoreError();
    return done;
  }
  return Open(files, path);
}

absl::StatusOr<std::unique_ptr<CheckpointFile>> CheckpointFile::Open(
    FileSystem& files, absl::string_view path) {
  absl::StatusOr<std::unique_ptr<File>> file =
      files.Open(path, OpenMode::kReadWrite);
  if (!file.ok()) return file.status();
  absl::StatusOr<std::unique_ptr<File>> syncer =
      files.Open(path, OpenMode::kReadWrite);
  if (!syncer.ok()) return syncer.status();
  const absl::StatusOr<std::string> sector =
      storage::ReadExactly(**file, path, 0, storage::kSectorBytes);
  if (!sector.ok()) return sector.status();
  const absl::StatusOr<Checkpoint> value = Decode(*sector, path);
  if (!value.ok()) return value.status();
  return absl::WrapUnique(
      new CheckpointFile(*std::move(file), *std::move(syncer), *value));
}

absl::Status CheckpointFile::Write(const Checkpoint& checkpoint) {
  absl::Status written = file_->Write(0, Encode(checkpoint));
  if (written.ok()) value_ = checkpoint;
  return written;
}

absl::Status CheckpointFile::WriteDurably(const Checkpoint& checkpoint) {
  absl::Status done = Write(checkpoint);
  if (done.ok()) done = file_->SyncData();
  return done;
}

}  // namespace quorate::broker
