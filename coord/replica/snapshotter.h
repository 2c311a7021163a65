// Snapshotter: makes the member's own snapshot in small pieces, while the state
// goes on.
//
// At most kMaxInFlight pieces are made and not written, so that neither memory
// nor the thread that drives the replica is held up by a slow disk. It gives
// the jobs of output.h. Not thread-safe.

#ifndef QUORATE_COORD_REPLICA_SNAPSHOTTER_H_
#define QUORATE_COORD_REPLICA_SNAPSHOTTER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "coord/consensus/configuration_history.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/output.h"
#include "coord/tree/snapshot.h"
#include "coord/tree/state_machine.h"

namespace quorate::replica {

class Snapshotter {
 public:
  static constexpr size_t kMaxInFlight = 4;

  explicit Snapshotter(size_t piece_bytes) : piece_bytes_(piece_bytes) {}

  bool IsIdle() const { return !zxid_.has_value(); }

  // Begins a snapshot of the state as it is now; `state` must live until the
  // snapshot has ended or is abandoned. REQUIRES: IsIdle().
  void Begin(tree::StateMachine& state,
             consensus::ConfigurationHistory::Entry configuration,
             std::vector<Job>& jobs);
  // Makes the next piece, if there is room for one.
  void MakePiece(std::vector<Job>& jobs);
  void PieceWritten();

  // The driver has published it: its meta, and idle again. Nothing: it is not
  // the one that is being made.
  std::optional<consensus::SnapshotMeta> Published(consensus::Zxid zxid,
                                                   uint64_t size_bytes);
  // The driver could not write it. False: there is none.
  bool Failed();
  // Gives it up, if there is one.
  void Abandon(std::vector<Job>& jobs);

 private:
  void Forget();

  const size_t piece_bytes_;
  std::optional<consensus::Zxid> zxid_;       // of what is being made
  std::unique_ptr<tree::Snapshot> snapshot_;  // nullptr: all pieces are made
  consensus::ConfigurationHistory::Entry configuration_;
  size_t in_flight_ = 0;
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_SNAPSHOTTER_H_
