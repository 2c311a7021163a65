// The bytes of a snapshot file: header, blocks, meta, footer. FORMAT.md has the
// grammar.
//
// Content is cut into blocks that carry their checksum, so that any range can
// be read and checked by itself. The header is written first and the footer
// last: a file without a footer is not a snapshot.
//
// Plain functions and values; no I/O.

#ifndef QUORATE_COORD_STORAGE_SNAPSHOT_FORMAT_H_
#define QUORATE_COORD_STORAGE_SNAPSHOT_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/owner.h"

namespace quorate::storage {

inline constexpr size_t kSnapshotHeaderBytes = 128;
inline constexpr size_t kSnapshotFooterBytes = 64;
inline constexpr size_t kBlockBytes = 64 * 1024;  // with checksum
inline constexpr size_t kBlockPayloadBytes = kBlockBytes - 8;
inline constexpr size_t kMaxSnapshotMetaBytes = 16 << 20;

struct SnapshotHeader {
  Owner owner;
  consensus::Zxid zxid;  // last record that the snapshot contains
};

struct SnapshotFooter {
  uint64_t content_bytes = 0;
  uint64_t meta_bytes = 0;
  uint64_t chain = 0;  // over the checksums of all blocks and of the meta

  uint64_t BlockCount() const;
  uint64_t FileBytes() const;
  uint64_t MetaOffset() const;
  // Of a block's payload, without the checksum. REQUIRES: index < BlockCount().
  size_t BlockPayloadBytes(uint64_t index) const;
};

// Where a block begins in the file.
inline uint64_t BlockOffset(uint64_t index) {
  return kSnapshotHeaderBytes + index * kBlockBytes;
}

std::string EncodeSnapshotHeader(const SnapshotHeader& header);
// kDamaged, kVersion. `bytes` is kSnapshotHeaderBytes long.
absl::StatusOr<SnapshotHeader> DecodeSnapshotHeader(absl::string_view bytes,
                                                    absl::string_view path);

// Ties everything else in a file to its header.
uint64_t SnapshotKey(absl::string_view header_bytes);

uint64_t BlockChecksum(absl::string_view payload, uint64_t key, uint64_t index);
uint64_t MetaChecksum(absl::string_view meta, uint64_t key);

std::string EncodeSnapshotFooter(const SnapshotFooter& footer, uint64_t key);
// kDamaged. `offset` is where the footer stands; the sizes in it are checked
// against it.
absl::StatusOr<SnapshotFooter> DecodeSnapshotFooter(absl::string_view bytes,
                                                    uint64_t key,
                                                    absl::string_view path,
                                                    uint64_t offset);

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_SNAPSHOT_FORMAT_H_
