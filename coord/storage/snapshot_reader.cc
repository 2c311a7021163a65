#include "coord/storage/snapshot_reader.h"

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
#include "coord/storage/checksum.h"
#include "coord/storage/file_system.h"
#include "coord/storage/little_endian.h"
#include "coord/storage/snapshot_format.h"
#include "coord/storage/storage_error.h"

namespace quorate::storage {
namespace {

constexpr size_t kChecksumBytes = sizeof(uint64_t);

// Splits "payload, checksum".
absl::string_view PayloadOf(absl::string_view bytes) {
  return bytes.substr(0, bytes.size() - kChecksumBytes);
}
uint64_t ChecksumOf(absl::string_view bytes) {
  return LoadNumber<uint64_t>(bytes.data() + bytes.size() - kChecksumBytes);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SnapshotReader>> SnapshotReader::Open(
    FileSystem& files, absl::string_view path) {
  absl::StatusOr<std::unique_ptr<File>> file =
      files.Open(path, OpenMode::kRead);
  if (!file.ok()) return file.status();
  auto reader = absl::WrapUnique(new SnapshotReader(*std::move(file), path));
  if (absl::Status s = reader->LoadMeta(); !s.ok()) return s;
  return reader;
}

absl::Status SnapshotReader::LoadMeta() {
  const absl::StatusOr<std::string> head =
      ReadExactly(*file_, path_, 0, kSnapshotHeaderBytes);
  if (!head.ok()) return head.status();
  const absl::StatusOr<SnapshotHeader> header =
      DecodeSnapshotHeader(*head, path_);
  if (!header.ok()) return header.status();
  owner_ = header->owner;
  info_.zxid = header->zxid;
  key_ = SnapshotKey(*head);

  const absl::StatusOr<uint64_t> size = file_->Size();
  if (!size.ok()) return size.status();
  if (*size < kSnapshotHeaderBytes + kSnapshotFooterBytes) {
    return DamagedError(path_, *size, "the file ends before its footer");
  }
  const uint64_t footer_offset = *size - kSnapshotFooterBytes;
  const absl::StatusOr<std::string> foot =
      ReadExactly(*file_, path_, footer_offset, kSnapshotFooterBytes);
  if (!foot.ok()) return foot.status();
  const absl::StatusOr<SnapshotFooter> footer =
      DecodeSnapshotFooter(*foot, key_, path_, footer_offset);
  if (!footer.ok()) return footer.status();
  footer_ = *footer;
  info_.size_bytes = footer_.content_bytes;

  const absl::StatusOr<std::string> meta = ReadExactly(
      *file_, path_, footer_.MetaOffset(), footer_.meta_bytes + kChecksumBytes);
  if (!meta.ok()) return meta.status();
  if (ChecksumOf(*meta) != MetaChecksum(PayloadOf(*meta), key_)) {
    return DamagedError(path_, footer_.MetaOffset(),
                        "the checksum of the meta data is wrong");
  }
  info_.meta = std::string(PayloadOf(*meta));
  return absl::OkStatus();
}

absl::StatusOr<absl::string_view> SnapshotReader::Block(uint64_t index) {
  if (block_.empty() || block_index_ != index) {
    const size_t payload_bytes = footer_.BlockPayloadBytes(index);
    absl::StatusOr<std::string> bytes = ReadExactly(
        *file_, path_, BlockOffset(index), payload_bytes + kChecksumBytes);
    if (!bytes.ok()) return bytes.status();
    if (ChecksumOf(*bytes) != BlockChecksum(PayloadOf(*bytes), key_, index)) {
      return DamagedError(
          path_, BlockOffset(index),
          absl::StrCat("the checksum of block ", index, " is wrong"));
    }
    block_ = *std::move(bytes);
    block_index_ = index;
  }
  return PayloadOf(block_);
}

absl::StatusOr<std::string> SnapshotReader::Read(uint64_t offset, size_t size) {
  if (offset > info_.size_bytes) {
    return MisuseError(absl::StrCat("offset ", offset,
                                    " is beyond the snapshot's ",
                                    info_.size_bytes, " bytes"));
  }
  std::string content;
  const uint64_t end =
      offset + std::min<uint64_t>(size, info_.size_bytes - offset);
  while (offset < end) {
    const absl::StatusOr<absl::string_view> block =
        Block(offset / kBlockPayloadBytes);
    if (!block.ok()) return block.status();
    const absl::string_view piece =
        block->substr(offset % kBlockPayloadBytes, end - offset);
    content.append(piece.data(), piece.size());
    offset += piece.size();
  }
  return content;
}

absl::Status SnapshotReader::Verify() {
  file_->DropCache();
  block_.clear();
  uint64_t chain = key_;
  for (uint64_t i = 0; i < footer_.BlockCount(); ++i) {
    const absl::StatusOr<absl::string_view> block = Block(i);
    if (!block.ok()) return block.status();
    chain = ChainChecksum(chain, ChecksumOf(block_));
  }
  chain = ChainChecksum(chain, MetaChecksum(info_.meta, key_));
  if (chain == footer_.chain) return absl::OkStatus();
  return DamagedError(path_, footer_.FileBytes() - kSnapshotFooterBytes,
                      "the footer is not that of these blocks");
}

}  // namespace quorate::storage
