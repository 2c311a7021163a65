// HardStateFile: the little that must never go back, such as the vote.
//
// Two slots of one sector each take turns, so that a write is one sector in
// place and one fdatasync: it happens whole or not at all, and never touches
// the state before it. Both slots are always valid; any other is damage.
//
// The file remembers which file and directory it was written in. If it is found
// elsewhere, somebody has copied the directory, and the copy is refused: it
// could vote twice (rule 4). A copy of the whole disk cannot be told.
//
// Not thread-safe.

#ifndef QUORATE_COORD_STORAGE_HARD_STATE_FILE_H_
#define QUORATE_COORD_STORAGE_HARD_STATE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/storage/file_system.h"
#include "coord/storage/owner.h"

namespace quorate::storage {

inline constexpr size_t kMaxHardStateBytes = 400;

// What the layer above wants kept. `ensemble` stands beside the opaque bytes
// because every file carries it; none until the member belongs to one.
struct HardState {
  EnsembleId ensemble;
  std::string bytes;

  bool operator==(const HardState&) const = default;
};

// One valid slot of the file.
struct HardStateSlot {
  uint64_t sequence = 0;  // grows by one with each write
  MemberKey member;
  HardState state;
  // The ensemble that the member belonged to before it was rescued; none: it
  // never was.
  EnsembleId parent = {};
  FileIdentity directory;  // where it was written
  FileIdentity file;
};

// Reads the newer slot; for inspection. kUnused: no file. kDamaged, kVersion.
absl::StatusOr<HardStateSlot> ReadHardState(FileSystem& files,
                                            absl::string_view directory);

class HardStateFile {
 public:
  // Makes the file, durably and whole or not at all. kMisuse: too long.
  static absl::Status Create(FileSystem& files, absl::string_view directory,
                             MemberKey member, const HardState& state);

  // As ReadHardState(), and kCopied. `files` must outlive the result.
  static absl::StatusOr<std::unique_ptr<HardStateFile>> Open(
      FileSystem& files, absl::string_view directory);

  MemberKey member() const { return slot_.member; }
  const HardState& state() const { return slot_.state; }
  EnsembleId parent() const { return slot_.parent; }
  Owner owner() const {
    return {slot_.state.ensemble, slot_.member, !slot_.parent.IsNone()};
  }

  // Whether Write() would refuse `state` with kMisuse.
  absl::Status Check(const HardState& state) const;

  // Makes `state` durable with one sync. kMisuse: too long, or of another
  // ensemble than before. kDiskFull: refused before the sync, the old state
  // stands. After any other error every later call returns the same.
  absl::Status Write(const HardState& state);

  // The same for a member that is rescued: `state` is of a fresh ensemble, and
  // the one before becomes its parent, in the same write. kMisuse: there is no
  // ensemble before, or it is no other one; and as Write().
  absl::Status Rescue(const HardState& state);

 private:
  HardStateFile(std::unique_ptr<File> file, HardStateSlot slot)
      : file_(std::move(file)), slot_(std::move(slot)) {}

  absl::Status WriteSlot(const HardStateSlot& slot);
  // Writes the slot behind the newer one.
  absl::Status WriteNext(HardStateSlot slot);

  std::unique_ptr<File> file_;
  HardStateSlot slot_;  // the newer one
  absl::Status broken_;
};

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_HARD_STATE_FILE_H_
