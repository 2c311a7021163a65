// What MemberStorage splits between threads, for who has only one.

#ifndef QUORATE_COORD_STORAGE_TESTING_WHOLE_STEPS_H_
#define QUORATE_COORD_STORAGE_TESTING_WHOLE_STEPS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/snapshot_writer.h"

namespace quorate::storage {

inline absl::Status PublishSnapshot(MemberStorage& storage,
                                    const SnapshotWriter& writer) {
  absl::Status s = storage.CheckSnapshot(writer);
  if (s.ok()) s = storage.NameSnapshot(writer);
  if (s.ok()) storage.AddSnapshot(writer.info());
  return s;
}

inline absl::Status CompactAndRemove(MemberStorage& storage,
                                     consensus::Zxid zxid,
                                     absl::Span<const consensus::Zxid> in_use) {
  const absl::StatusOr<std::vector<std::string>> files =
      storage.Compact(zxid, in_use);
  return files.ok() ? storage.RemoveFiles(*files) : files.status();
}

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_TESTING_WHOLE_STEPS_H_
