#include "coord/storage/snapshot_format.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/checksum.h"
#include "coord/storage/little_endian.h"
#include "coord/storage/storage_error.h"

namespace quorate::storage {
namespace {

constexpr absl::string_view kMagic = "QRTESNAP";
constexpr absl::string_view kFooterMagic = "QRTESEND";
constexpr uint16_t kVersion = 1;
constexpr uint64_t kHeaderSeed = 0x51536e6170486561;
constexpr uint64_t kFooterSeed = 0x51536e6170466f6f;
constexpr uint64_t kMetaSeed = 0x51536e61704d6574;
constexpr size_t kChecksumBytes = sizeof(uint64_t);

}  // namespace

uint64_t SnapshotFooter::BlockCount() const {
  return (content_bytes + kBlockPayloadBytes - 1) / kBlockPayloadBytes;
}
uint64_t SnapshotFooter::MetaOffset() const {
  return kSnapshotHeaderBytes + content_bytes + BlockCount() * kChecksumBytes;
}
uint64_t SnapshotFooter::FileBytes() const {
  return MetaOffset() + meta_bytes + kChecksumBytes + kSnapshotFooterBytes;
}
size_t SnapshotFooter::BlockPayloadBytes(uint64_t index) const {
  return std::min<uint64_t>(kBlockPayloadBytes,
                            content_bytes - index * kBlockPayloadBytes);
}

std::string EncodeSnapshotHeader(const SnapshotHeader& header) {
  std::string payload(kMagic);
  PutU16(&payload, kVersion);
  PutU16(&payload, 0);
  PutU32(&payload, kBlockBytes);
  PutU64(&payload, header.owner.ensemble.high);
  PutU64(&payload, header.owner.ensemble.low);
  PutU64(&payload, header.owner.member.id.value);
  PutU64(&payload, header.owner.member.incarnation.value);
  PutU64(&payload, header.zxid.value());
  payload.resize(kSnapshotHeaderBytes - kChecksumBytes, '\0');
  std::string bytes;
  PutU64(&bytes, Checksum(payload, kHeaderSeed));
  return bytes + payload;
}

absl::StatusOr<SnapshotHeader> DecodeSnapshotHeader(absl::string_view bytes,
                                                    absl::string_view path) {
  Decoder decoder(bytes);
  const uint64_t sum = decoder.U64();
  if (sum != Checksum(bytes.substr(kChecksumBytes), kHeaderSeed)) {
    return DamagedError(path, 0, "the checksum of the header is wrong");
  }
  if (decoder.Text(kMagic.size()) != kMagic) {
    return DamagedError(path, 0, "not a snapshot");
  }
  if (const uint16_t version = decoder.U16(); version != kVersion) {
    return MakeStorageError(StorageErrorKind::kVersion, path, 0,
                            absl::StrCat("expected snapshot version ", kVersion,
                                         ", found ", version));
  }
  decoder.U16();
  if (decoder.U32() != kBlockBytes) {
    return DamagedError(path, 0, "blocks of an unknown size");
  }
  SnapshotHeader header;
  header.owner.ensemble.high = decoder.U64();
  header.owner.ensemble.low = decoder.U64();
  header.owner.member.id.value = decoder.U64();
  header.owner.member.incarnation.value = decoder.U64();
  header.zxid = consensus::Zxid::FromValue(decoder.U64());
  return header;
}

uint64_t SnapshotKey(absl::string_view header_bytes) {
  return LoadNumber<uint64_t>(header_bytes.data());
}

uint64_t BlockChecksum(absl::string_view payload, uint64_t key,
                       uint64_t index) {
  return Checksum(payload, key ^ ((index + 1) * 0x9e3779b97f4a7c15));
}

uint64_t MetaChecksum(absl::string_view meta, uint64_t key) {
  return Checksum(meta, key ^ kMetaSeed);
}

std::string EncodeSnapshotFooter(const SnapshotFooter& footer, uint64_t key) {
  std::string payload(kFooterMagic);
  PutU64(&payload, footer.content_bytes);
  PutU64(&payload, footer.meta_bytes);
  PutU64(&payload, footer.chain);
  payload.resize(kSnapshotFooterBytes - kChecksumBytes, '\0');
  std::string bytes;
  PutU64(&bytes, Checksum(payload, key ^ kFooterSeed));
  return bytes + payload;
}

absl::StatusOr<SnapshotFooter> DecodeSnapshotFooter(absl::string_view bytes,
                                                    uint64_t key,
                                                    absl::string_view path,
                                                    uint64_t offset) {
  Decoder decoder(bytes);
  const uint64_t sum = decoder.U64();
  if (sum != Checksum(bytes.substr(kChecksumBytes), key ^ kFooterSeed) ||
      decoder.Text(kFooterMagic.size()) != kFooterMagic) {
    return DamagedError(path, offset, "the file does not end with a footer");
  }
  SnapshotFooter footer;
  footer.content_bytes = decoder.U64();
  footer.meta_bytes = decoder.U64();
  footer.chain = decoder.U64();
  if (footer.meta_bytes > kMaxSnapshotMetaBytes ||
      footer.content_bytes > offset ||
      footer.FileBytes() != offset + kSnapshotFooterBytes) {
    return DamagedError(path, offset, "the footer does not fit the file");
  }
  return footer;
}

}  // namespace quorate::storage
