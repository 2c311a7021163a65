// Restore: makes a member of a new ensemble out of a saved snapshot.
//
// For when an ensemble is lost as a whole, or a copy of its state is wanted
// elsewhere. The member is the only voter of an ensemble with a fresh id that
// names the old one as its parent (rule 23): members and clients of the old one
// refuse it, and clients must be told to follow. Others join it as learners.
//
// Offline: the directory must be in no one's use. May take as long as reading
// and writing the snapshot does.

#ifndef QUORATE_COORD_REPLICA_RESTORE_H_
#define QUORATE_COORD_REPLICA_RESTORE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/recovery.h"
#include "coord/storage/file_system.h"
#include "coord/storage/member_storage.h"

namespace quorate::replica {

struct RestorePlan {
  MemberKey member;          // with a freshly drawn incarnation
  std::string address;       // where its peers and clients will reach it
  EnsembleId ensemble;       // 128 random bits drawn for this call
  EnsembleId parent;         // the ensemble that the snapshot is of
  consensus::Limits limits;  // min_voters counts as 1
  consensus::Zxid zxid;      // of the snapshot
  uint64_t size_bytes = 0;   // of its content
  storage::LogOptions log;
};

// The next bytes of the content, at most so many; "" at its end.
using ContentSource =
    std::function<absl::StatusOr<std::string>(size_t max_bytes)>;

// Makes `directory`, which is empty or missing (its parent must be there) or in
// which restoring was interrupted, the member's. The content is read once,
// loaded and checked, and the copy read back, before the member can be started.
//
// InvalidArgument: the plan makes no sense, or the content is no snapshot.
// DataLoss: the content is not the snapshot that the plan says, or damaged.
// Unimplemented: a newer program wrote it. FailedPrecondition: the directory is
// not empty. An error of the source or of storage. After any error nothing is
// left that could be started.
absl::Status RestoreMember(storage::FileSystem& files,
                           absl::string_view directory, const RestorePlan& plan,
                           const ContentSource& content,
                           const LoadProgress& progress);

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_RESTORE_H_
