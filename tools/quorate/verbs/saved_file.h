// Files below this machine's directories, as the verbs `snapshot` and `wal`
// use them: errors of the storage become Local ones, with advice.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_SAVED_FILE_H_
#define QUORATE_TOOLS_QUORATE_VERBS_SAVED_FILE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coord/base/ids.h"
#include "coord/client/admin.h"
#include "coord/client/types.h"
#include "coord/replica/saved_snapshot.h"
#include "coord/storage/file_system.h"
#include "tools/quorate/console.h"

namespace quorate::tools {

// An error of storage, consensus or replica code that ran in this process, as a
// Local error. OK stays OK.
absl::Status AsLocal(const absl::Status& status);

// The 16 bytes of an ensemble id; none if there are not 16.
EnsembleId EnsembleIdOf(absl::string_view bytes);

// What an ensemble had acknowledged when this was asked: no saved snapshot may
// be older. 0, with a remark, if no quorum answers.
client::Zxid AcknowledgedZxid(client::AdminClient& admin,
                              const Console& console);

// Lets a member take a snapshot that holds at least what it has applied now,
// and `at_least`. Errors as TakeSnapshot(); Timeout: it is behind `at_least`.
absl::Status TakeFreshSnapshot(client::AdminClient& admin,
                               const std::string& endpoint,
                               client::Zxid at_least, absl::Duration patience);

// Fetches the newest snapshot of a member into the file `path`, replacing what
// is there, and reads it back. It has its name only once it is whole and
// verified. `progress` hears of bytes so far and in all; not OK ends it. Errors
// of the member as they came; Local: the file, or what arrived is not what was
// sent.
absl::StatusOr<replica::SavedSnapshotInfo> SaveSnapshot(
    client::AdminClient& admin, const std::string& endpoint,
    storage::FileSystem& files, const std::string& path,
    const std::function<absl::Status(uint64_t done, uint64_t all)>& progress);

// Reads all of a saved snapshot. Local: it is damaged, or none.
absl::StatusOr<replica::SavedSnapshotInfo> VerifySavedSnapshot(
    storage::FileSystem& files, const std::string& path);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_SAVED_FILE_H_
