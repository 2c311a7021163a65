// Constants of the snapshot stream, for its writer and its loader alone.

#ifndef QUORATE_COORD_TREE_SNAPSHOT_FORMAT_H_
#define QUORATE_COORD_TREE_SNAPSHOT_FORMAT_H_

#include <cstdint>

namespace quorate::tree {

inline constexpr uint32_t kSnapshotMagic = 0x50535451;  // "QTSP"
inline constexpr uint32_t kSnapshotVersion = 1;
// No record is larger, so that a wrong size cannot fill the memory.
inline constexpr uint32_t kMaxSnapshotRecordBytes = 2 << 20;

enum class SnapshotRecord : uint8_t {
  kHeader = 1,
  kSession = 2,
  kAcl = 3,
  kNode = 4,
  kEnd = 5,
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_SNAPSHOT_FORMAT_H_
