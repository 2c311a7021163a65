// The format of snapshots, described in snapshot.h. For its writers and its
// loader alone.

#ifndef QUORATE_COORD_TREE_SNAPSHOT_FORMAT_H_
#define QUORATE_COORD_TREE_SNAPSHOT_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "coord/base/check.h"
#include "coord/tree/wire.h"

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
  kResult = 6,
};

// Appends a record: its size is filled in when the body is complete, at the end
// of the writer's life.
class SnapshotRecordWriter {
 public:
  // `out` must outlive it.
  SnapshotRecordWriter(SnapshotRecord kind, std::string& out)
      : out_(out), start_(out.size()), writer_(out) {
    writer_.U32(0);
    writer_.U8(static_cast<uint8_t>(kind));
  }
  ~SnapshotRecordWriter() {
    const size_t size = out_.size() - start_ - 4;
    QUORATE_CHECK(size <= kMaxSnapshotRecordBytes);
    std::string prefix;
    WireWriter(prefix).U32(static_cast<uint32_t>(size));
    out_.replace(start_, prefix.size(), prefix);
  }
  SnapshotRecordWriter(const SnapshotRecordWriter&) = delete;
  SnapshotRecordWriter& operator=(const SnapshotRecordWriter&) = delete;

  WireWriter* operator->() { return &writer_; }
  WireWriter& operator*() { return writer_; }

 private:
  std::string& out_;
  const size_t start_;
  WireWriter writer_;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_SNAPSHOT_FORMAT_H_
