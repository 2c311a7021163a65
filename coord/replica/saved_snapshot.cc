#include "coord/replica/saved_snapshot.h"

#include <algorithm>
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
#include "coord/base/check.h"
#include "coord/storage/little_endian.h"
#include "coord/storage/storage_error.h"

namespace quorate::replica {
namespace {

using consensus::Zxid;
using storage::DamagedError;
using storage::Decoder;
using storage::File;
using storage::FileSystem;
using storage::MisuseError;
using storage::OpenMode;
using storage::PutU32;
using storage::PutU64;
using storage::ReadExactly;
using storage::StorageErrorKind;

constexpr absl::string_view kMagic = "QRTESAVE";
constexpr absl::string_view kEndMagic = "QRTEDONE";
constexpr uint32_t kVersion = 1;
constexpr uint64_t kHeaderBytes = 56;
constexpr uint64_t kChecksumBytes = 8;
constexpr uint64_t kFooterBytes = 16;
constexpr uint32_t kMaxMetaBytes = 16 << 20;

uint64_t Sum(absl::string_view bytes) {
  StreamHash hash;
  hash.Add(bytes);
  return hash.Value();
}

std::string EncodeHeader(const SavedSnapshotInfo& info) {
  std::string covered(kMagic);
  PutU32(&covered, kVersion);
  PutU32(&covered, static_cast<uint32_t>(info.meta.size()));
  PutU64(&covered, info.ensemble.high);
  PutU64(&covered, info.ensemble.low);
  PutU64(&covered, info.zxid.value());
  PutU64(&covered, info.size_bytes);
  covered += info.meta;
  std::string bytes;
  PutU64(&bytes, Sum(covered));
  return bytes + covered;
}

absl::string_view DirectoryOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SavedSnapshotWriter>> SavedSnapshotWriter::Begin(
    FileSystem& files, absl::string_view path, const SavedSnapshotInfo& info) {
  if (info.meta.size() > kMaxMetaBytes) {
    return MisuseError(absl::StrCat("meta of ", info.meta.size(),
                                    " bytes; at most ", kMaxMetaBytes));
  }
  const absl::Status there = files.Open(path, OpenMode::kRead).status();
  if (there.ok()) {
    return MisuseError(absl::StrCat(
        path, " is there already; it is not overwritten: use another name"));
  }
  if (!absl::IsNotFound(there)) return there;
  auto writer =
      absl::WrapUnique(new SavedSnapshotWriter(files, path, info.size_bytes));
  const std::string temporary = writer->TemporaryPath();
  absl::Status removed = files.Remove(temporary);
  if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  absl::StatusOr<std::unique_ptr<File>> file =
      files.Open(temporary, OpenMode::kCreate);
  if (!file.ok()) return file.status();
  writer->file_ = *std::move(file);
  if (absl::Status s = writer->Write(EncodeHeader(info)); !s.ok()) return s;
  return writer;
}

SavedSnapshotWriter::~SavedSnapshotWriter() {
  if (file_ == nullptr) return;
  file_.reset();
  // What cannot be removed has no name that counts.
  files_.Remove(TemporaryPath()).IgnoreError();
}

absl::Status SavedSnapshotWriter::Write(absl::string_view bytes) {
  if (absl::Status s = file_->Write(offset_, bytes); !s.ok()) return s;
  sum_.Add(bytes);
  offset_ += bytes.size();
  return absl::OkStatus();
}

absl::Status SavedSnapshotWriter::Append(absl::string_view data) {
  QUORATE_CHECK(file_ != nullptr);
  if (data.size() > content_left_) {
    return MisuseError(
        absl::StrCat("the snapshot is longer than announced: ", content_left_,
                     " bytes were left, ", data.size(), " came"));
  }
  content_left_ -= data.size();
  return Write(data);
}

absl::Status SavedSnapshotWriter::Finish() {
  QUORATE_CHECK(file_ != nullptr);
  if (content_left_ > 0) {
    return MisuseError(absl::StrCat("the snapshot is shorter than announced: ",
                                    content_left_, " bytes are missing"));
  }
  std::string footer(kEndMagic);
  PutU64(&footer, sum_.Value());
  if (absl::Status s = Write(footer); !s.ok()) return s;
  if (absl::Status s = file_->SyncData(); !s.ok()) return s;
  if (absl::Status s = files_.Rename(TemporaryPath(), path_); !s.ok()) return s;
  file_.reset();
  return files_.SyncDirectory(DirectoryOf(path_));
}

absl::StatusOr<std::unique_ptr<SavedSnapshotReader>> SavedSnapshotReader::Open(
    FileSystem& files, absl::string_view path) {
  absl::StatusOr<std::unique_ptr<File>> file =
      files.Open(path, OpenMode::kRead);
  if (!file.ok()) return file.status();
  auto reader =
      absl::WrapUnique(new SavedSnapshotReader(*std::move(file), path));
  if (absl::Status s = reader->ReadHeader(); !s.ok()) return s;
  return reader;
}

absl::Status SavedSnapshotReader::ReadHeader() {
  absl::StatusOr<std::string> bytes =
      ReadExactly(*file_, path_, 0, kHeaderBytes);
  if (!bytes.ok()) return bytes.status();
  Decoder decoder(*bytes);
  const uint64_t checksum = decoder.U64();
  if (decoder.Text(kMagic.size()) != kMagic) {
    return DamagedError(path_, kChecksumBytes,
                        "it does not begin as a saved snapshot does");
  }
  const uint32_t version = decoder.U32();
  const uint32_t meta_bytes = decoder.U32();
  info_.ensemble.high = decoder.U64();
  info_.ensemble.low = decoder.U64();
  info_.zxid = Zxid::FromValue(decoder.U64());
  info_.size_bytes = decoder.U64();
  if (version > kVersion) {
    return storage::MakeStorageError(
        StorageErrorKind::kVersion, path_, 0,
        absl::StrCat("a saved snapshot of version ", version,
                     "; this program knows ", kVersion));
  }
  if (version != kVersion || meta_bytes > kMaxMetaBytes) {
    return DamagedError(path_, 0, "the header is not one of a saved snapshot");
  }
  absl::StatusOr<std::string> meta =
      ReadExactly(*file_, path_, kHeaderBytes, meta_bytes);
  if (!meta.ok()) return meta.status();
  info_.meta = *std::move(meta);
  const std::string head = *bytes + info_.meta;
  if (Sum(absl::string_view(head).substr(kChecksumBytes)) != checksum) {
    return DamagedError(path_, 0, "the checksum of the header is wrong");
  }
  offset_ = head.size();
  sum_.Add(head);
  const absl::StatusOr<uint64_t> size = file_->Size();
  if (!size.ok()) return size.status();
  const uint64_t rest = *size - std::min(*size, offset_);
  if (rest < kFooterBytes || rest - kFooterBytes != info_.size_bytes) {
    return DamagedError(
        path_, *size,
        absl::StrCat("the file has ", *size, " bytes; expected ",
                     offset_ + info_.size_bytes + kFooterBytes,
                     ": it was cut off or is another one's copy"));
  }
  end_ = offset_ + info_.size_bytes;
  return absl::OkStatus();
}

absl::StatusOr<std::string> SavedSnapshotReader::Read(size_t max_bytes) {
  QUORATE_CHECK(max_bytes > 0);
  const auto size =
      static_cast<size_t>(std::min<uint64_t>(max_bytes, end_ - offset_));
  if (size == 0) {
    if (absl::Status s = CheckFooter(); !s.ok()) return s;
    return std::string();
  }
  absl::StatusOr<std::string> bytes = ReadExactly(*file_, path_, offset_, size);
  if (!bytes.ok()) return bytes.status();
  sum_.Add(*bytes);
  offset_ += size;
  return bytes;
}

absl::Status SavedSnapshotReader::CheckFooter() {
  const absl::StatusOr<std::string> bytes =
      ReadExactly(*file_, path_, end_, kFooterBytes);
  if (!bytes.ok()) return bytes.status();
  Decoder decoder(*bytes);
  if (decoder.Text(kEndMagic.size()) != kEndMagic) {
    return DamagedError(path_, end_, "the file does not end as it should");
  }
  if (decoder.U64() != sum_.Value()) {
    return DamagedError(path_, end_,
                        "the sum over the file is wrong: some of its bytes "
                        "were altered; use another copy");
  }
  return absl::OkStatus();
}

}  // namespace quorate::replica
