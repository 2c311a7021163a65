// Files below this machine's directories, as the verbs `snapshot` and `wal`
// use them: errors of the storage become Local ones, with advice.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_SAVED_FILE_H_
#define QUORATE_TOOLS_QUORATE_VERBS_SAVED_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/client/admin.h"
#include "coord/replica/saved_snapshot.h"
#include "coord/storage/file_system.h"

namespace quorate::tools {

// An error of storage, consensus or replica code that ran in this process, as a
// Local error. OK stays OK.
absl::Status AsLocal(const absl::Status& status);

// The 16 bytes of an ensemble id; none if there are not 16.
EnsembleId EnsembleIdOf(absl::string_view bytes);

// Fetches the newest snapshot of a member into a new file `path`, which has its
// name only once it is whole, and reads it back. Errors of the member as they
// came; Local: the file, or what arrived is not what was sent.
absl::StatusOr<replica::SavedSnapshotInfo> SaveSnapshot(
    client::AdminClient& admin, const std::string& endpoint,
    storage::FileSystem& files, const std::string& path);

// Reads all of a saved snapshot. Local: it is damaged, or none.
absl::StatusOr<replica::SavedSnapshotInfo> VerifySavedSnapshot(
    storage::FileSystem& files, const std::string& path);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_SAVED_FILE_H_
