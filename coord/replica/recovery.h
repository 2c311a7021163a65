// Recovery: from what storage found on disk to what a replica starts with, and
// what a fresh directory is formatted with.
//
// Reads the newest snapshot, so it may take a while: call it before the replica
// serves, or on a thread of its own.

#ifndef QUORATE_COORD_REPLICA_RECOVERY_H_
#define QUORATE_COORD_REPLICA_RECOVERY_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/tree/state_machine.h"

namespace quorate::replica {

struct Recovered {
  consensus::DurableState durable;
  // At the newest snapshot; the state before the first record if there is none.
  std::unique_ptr<tree::StateMachine> state;
};

// Called now and then with bytes read so far and in all.
using LoadProgress = std::function<void(uint64_t done, uint64_t all)>;

// Makes an empty directory that of `member`, which belongs to no ensemble yet.
// Errors as MemberStorage::Format().
absl::Status FormatMember(storage::FileSystem& files,
                          absl::string_view directory, MemberKey member,
                          const storage::LogOptions& options);

// Decodes what `storage` recovered, and loads the newest snapshot. A rescue
// that a crash has interrupted is completed, durably. DataLoss, naming what
// does not fit: a record, configuration or snapshot that checksums hold good is
// not what this program writes. Unimplemented: a newer program wrote it.
absl::StatusOr<Recovered> Recover(storage::MemberStorage& storage,
                                  storage::RecoveredState found,
                                  const LoadProgress& progress);

// The state machine in a snapshot. DataLoss: it cannot be read.
absl::StatusOr<std::unique_ptr<tree::StateMachine>> LoadState(
    storage::SnapshotReader& reader, const LoadProgress& progress);

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_RECOVERY_H_
