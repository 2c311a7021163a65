#include "coord/storage/log_format.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/checksum.h"
#include "coord/storage/little_endian.h"
#include "coord/storage/storage_error.h"

namespace quorate::storage {
namespace {

constexpr absl::string_view kMagic = "QRTE-LOG";
// Chosen once; makes a header's checksum differ from that of any other sector.
constexpr uint64_t kHeaderSeed = 0x514c6f6748656164;

uint64_t SectorSeed(uint64_t chain, uint64_t index) {
  return chain ^ (index * 0x9e3779b97f4a7c15);
}

uint64_t StoredChecksum(absl::string_view sector) {
  return LoadNumber<uint64_t>(sector.data());
}

bool IsZero(absl::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](char byte) { return byte == '\0'; });
}

// The bytes of a frame without the checksums of its sectors.
std::string Body(absl::string_view sectors) {
  std::string body;
  body.reserve(sectors.size());
  for (size_t at = 0; at < sectors.size(); at += kSectorBytes) {
    const absl::string_view payload =
        sectors.substr(at + kChecksumBytes, kSectorPayloadBytes);
    body.append(payload.data(), payload.size());
  }
  return body;
}

}  // namespace

SectorState Classify(absl::string_view sector, uint64_t chain, uint64_t index) {
  const uint64_t stored = StoredChecksum(sector);
  if (stored == 0) {
    return IsZero(sector) ? SectorState::kUntouched : SectorState::kDamaged;
  }
  const uint64_t right =
      Checksum(sector.substr(kChecksumBytes), SectorSeed(chain, index));
  return stored == right ? SectorState::kValid : SectorState::kDamaged;
}

uint64_t ChainOver(absl::string_view sectors, uint64_t chain) {
  for (size_t at = 0; at < sectors.size(); at += kSectorBytes) {
    chain = ChainChecksum(chain, StoredChecksum(sectors.substr(at)));
  }
  return chain;
}

std::string EncodeHeader(const SegmentHeader& header) {
  std::string payload(kMagic);
  PutU16(&payload, kLogVersion);
  PutU16(&payload, 0);
  PutU32(&payload, kSectorBytes);
  PutU64(&payload, header.segment_bytes);
  PutU64(&payload, header.owner.ensemble.high);
  PutU64(&payload, header.owner.ensemble.low);
  PutU64(&payload, header.owner.member.id.value);
  PutU64(&payload, header.owner.member.incarnation.value);
  PutU64(&payload, header.number);
  PutU64(&payload, header.previous_chain);
  PutU64(&payload, header.preceding.value());
  payload.resize(kSectorPayloadBytes, '\0');
  std::string sector;
  PutU64(&sector, Checksum(payload, kHeaderSeed));
  return sector + payload;
}

absl::StatusOr<SegmentHeader> DecodeHeader(absl::string_view sector,
                                           absl::string_view path) {
  const absl::string_view payload = sector.substr(kChecksumBytes);
  if (StoredChecksum(sector) != Checksum(payload, kHeaderSeed)) {
    return DamagedError(path, 0, "the checksum of the header is wrong");
  }
  Decoder decoder(payload);
  const absl::string_view magic = decoder.Text(kMagic.size());
  const uint16_t version = decoder.U16();
  decoder.U16();
  const uint32_t sector_bytes = decoder.U32();
  if (magic != kMagic) return DamagedError(path, 0, "not a log segment");
  if (version != kLogVersion) {
    return MakeStorageError(StorageErrorKind::kVersion, path, 0,
                            absl::StrCat("expected log version ", kLogVersion,
                                         ", found ", version));
  }
  SegmentHeader header;
  header.segment_bytes = decoder.U64();
  header.owner.ensemble.high = decoder.U64();
  header.owner.ensemble.low = decoder.U64();
  header.owner.member.id.value = decoder.U64();
  header.owner.member.incarnation.value = decoder.U64();
  header.number = decoder.U64();
  header.previous_chain = decoder.U64();
  header.preceding = consensus::Zxid::FromValue(decoder.U64());
  if (sector_bytes != kSectorBytes || header.number == 0 ||
      header.segment_bytes % kSectorBytes != 0 ||
      header.segment_bytes < kMinSegmentBytes ||
      header.segment_bytes > kMaxSegmentBytes) {
    return DamagedError(path, 0, "the header's sizes are out of bounds");
  }
  return header;
}

uint64_t FirstChain(absl::string_view header_sector) {
  return ChainChecksum(kHeaderSeed, StoredChecksum(header_sector));
}

void FrameBuilder::Clear() {
  body_.assign(kFrameHeaderBytes, '\0');
  entries_ = 0;
}

void FrameBuilder::Add(EntryType type, const LogRecord& record) {
  PutU8(&body_, static_cast<uint8_t>(type));
  PutU8(&body_, record.kind);
  PutU16(&body_, 0);
  PutU32(&body_, static_cast<uint32_t>(SizeOf(record.payload)));
  PutU64(&body_, record.zxid.value());
  if (record.payload) body_ += *record.payload;
  ++entries_;
}

absl::string_view FrameBuilder::Encode(uint64_t chain, uint64_t index) {
  QUORATE_CHECK(body_.size() <= kMaxSegmentBytes);
  StoreNumber(&body_[0], static_cast<uint32_t>(body_.size()));
  StoreNumber(&body_[4], entries_);
  StoreNumber(&body_[8], chain);
  const size_t count = SectorCount();
  sectors_.assign(count * kSectorBytes, '\0');
  for (size_t i = 0; i < count; ++i) {
    char* sector = &sectors_[i * kSectorBytes];
    const size_t from = i * kSectorPayloadBytes;
    body_.copy(sector + kChecksumBytes, kSectorPayloadBytes, from);
    const absl::string_view payload(sector + kChecksumBytes,
                                    kSectorPayloadBytes);
    StoreNumber(sector, Checksum(payload, SectorSeed(chain, index + i)));
  }
  return sectors_;
}

FrameHeader DecodeFrameHeader(absl::string_view first_sector) {
  Decoder decoder(first_sector.substr(kChecksumBytes));
  FrameHeader header;
  header.body_bytes = decoder.U32();
  header.entries = decoder.U32();
  header.previous_chain = decoder.U64();
  return header;
}

absl::StatusOr<std::vector<LogEntry>> DecodeFrame(absl::string_view sectors,
                                                  absl::string_view path,
                                                  uint64_t offset) {
  const FrameHeader header = DecodeFrameHeader(sectors);
  const std::string body = Body(sectors);
  if (header.body_bytes < kFrameHeaderBytes ||
      header.body_bytes > body.size()) {
    return DamagedError(path, offset, "a frame of an impossible size");
  }
  Decoder decoder(absl::string_view(body).substr(
      kFrameHeaderBytes, header.body_bytes - kFrameHeaderBytes));
  std::vector<LogEntry> entries;
  while (decoder.ok() && decoder.left() > 0) {
    LogEntry entry;
    entry.type = static_cast<EntryType>(decoder.U8());
    entry.record.kind = decoder.U8();
    decoder.U16();
    const uint32_t payload_bytes = decoder.U32();
    entry.record.zxid = consensus::Zxid::FromValue(decoder.U64());
    const absl::string_view payload = decoder.Text(payload_bytes);
    if (!payload.empty())
      entry.record.payload = MakeBytes(std::string(payload));
    if (entry.type < EntryType::kRecord || entry.type > EntryType::kSeal) {
      return DamagedError(path, offset, "an entry of an unknown type");
    }
    entries.push_back(std::move(entry));
  }
  if (!decoder.ok() || entries.size() != header.entries) {
    return DamagedError(path, offset, "a frame whose entries do not fit");
  }
  return entries;
}

}  // namespace quorate::storage
