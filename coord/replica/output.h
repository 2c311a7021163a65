// Output: what a replica wants done, and the contract of whoever does it.
//
// The driver takes outputs with Replica::TakeOutput() after each input or batch
// of inputs and carries them out. All disk work is given as jobs, so that the
// thread that drives the replica never waits for a disk:
//
// 1. `jobs` go to the member's storage, in order and each output's behind those
//    of the outputs before. A driver may do snapshot jobs on another thread
//    than WriteBatch and Compact, as long as each kind stays in order.
// 2. `consensus_messages` and `peer_messages` may be sent at once, in any
//    order; each may be lost. A SnapshotChunk has no data yet: the driver reads
//    `length` bytes at `offset` of the snapshot at meta.zxid into it before it
//    sends it, on a thread that may wait for the disk; if it cannot, it drops
//    the message.
// 3. `deliveries` go to their connections, in order. To one that is gone they
//    are dropped.

#ifndef QUORATE_COORD_REPLICA_OUTPUT_H_
#define QUORATE_COORD_REPLICA_OUTPUT_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "coord/base/bytes.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/replica/peer_message.h"
#include "coord/storage/member_storage.h"

namespace quorate::replica {

// MemberStorage::Write(), then Sync() (one for several batches that wait), then
// Replica::Written(id) of the last one. On kDiskFull the driver tells
// Replica::SetDiskFull(true), tries the same call again now and then, and says
// SetDiskFull(false) when it succeeds. On any other error:
// Replica::StorageFailed(), and no further job.
struct WriteBatch {
  uint64_t id = 0;
  storage::Batch batch;
};

// The member's own snapshot, in pieces: BeginSnapshot(), Append() for each
// piece and Replica::SnapshotPieceWritten() after each, Finish(meta), then its
// publication in three steps, then Replica::SnapshotPublished(). On any error
// the driver discards the writer and tells Replica::SnapshotFailed().
struct SnapshotBegin {
  consensus::Zxid zxid;
};
struct SnapshotPiece {
  consensus::Zxid zxid;  // as in SnapshotBegin
  std::string data;
};
struct SnapshotFinish {
  consensus::Zxid zxid;
  std::string meta;
};
// Give the snapshot up, e.g. because another was installed. No answer.
struct SnapshotAbandon {
  consensus::Zxid zxid;
};

// A snapshot was installed by the last WriteBatch: read it into a new state
// machine (recovery.h), then Replica::SnapshotLoaded().
struct LoadSnapshot {
  consensus::Zxid zxid;
};

// MemberStorage::Compact(), then, on any thread, RemoveFiles(). No answer
// unless it fails: StorageFailed().
struct Compact {
  consensus::Zxid zxid;
  std::vector<consensus::Zxid> snapshots_in_use;
};

using Job =
    std::variant<WriteBatch, SnapshotBegin, SnapshotPiece, SnapshotFinish,
                 SnapshotAbandon, LoadSnapshot, Compact>;

struct Output {
  std::vector<Job> jobs;
  std::vector<consensus::Envelope> consensus_messages;
  std::vector<PeerEnvelope> peer_messages;
  std::vector<Delivery> deliveries;
  // News for logs and metrics.
  std::vector<consensus::Event> events;

  bool IsEmpty() const {
    return jobs.empty() && consensus_messages.empty() &&
           peer_messages.empty() && deliveries.empty() && events.empty();
  }
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_OUTPUT_H_
