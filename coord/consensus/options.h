// Options: how one member runs. None of these is about who belongs to the
// ensemble (rule 6), and none can switch a rule off; but for static_members,
// with which a member belongs to no safe ensemble.

#ifndef QUORATE_COORD_CONSENSUS_OPTIONS_H_
#define QUORATE_COORD_CONSENSUS_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "coord/base/ids.h"
#include "coord/consensus/limits.h"

namespace quorate::consensus {

// The order to found an ensemble, the same at every founder (rule 3).
struct Manifest {
  struct Founder {
    MemberId id;
    std::string address;
    bool operator==(const Founder&) const = default;
  };
  std::vector<Founder> founders;  // ascending by id, ids and addresses unique
  Limits limits;

  // Hash over every field, never 0; equal manifests hash equally everywhere.
  uint64_t Hash() const;
};

// "1=host:port,2=host:port".
std::string DescribeFounders(const Manifest& manifest);

// InvalidArgument: no founder or too many, ids that do not ascend, an address
// missing, too long or used twice, or bad limits.
absl::Status ValidateManifest(const Manifest& manifest);

struct Options {
  std::string address;  // where this member's peers reach it

  // For a member with an empty disk, exactly one of these; both are ignored
  // once it belongs to an ensemble, except that a manifest other than the one
  // the ensemble was founded from is an error.
  std::optional<Manifest> manifest;  // bootstrap order
  std::vector<std::string> seeds;    // addresses to ask for admission (rule 2)

  // UNSAFE, to show the outage: if not empty, the member believes this list
  // and nothing else (static_membership.h). Ascending by id; with neither
  // manifest nor seeds.
  std::vector<Manifest::Founder> static_members;

  // 128 random bits drawn by the program from the system's entropy; used only
  // if this member happens to be the one that mints (rules 1 and 3).
  EnsembleId fresh_ensemble_id;

  // Times in milliseconds. The election time-out is drawn anew from
  // [election_ms, 2 * election_ms) each time. election_ms is at least three
  // times heartbeat_ms.
  int64_t heartbeat_ms = 100;
  int64_t election_ms = 500;
  // A leader whose own disk has not finished a write for this long hands over.
  int64_t disk_stall_ms = 2'000;

  // Flow control, in bytes. One message carries at most max_batch_bytes of
  // records (or one record); each follower has at most max_inflight_bytes
  // unacknowledged; the leader refuses proposals while more than
  // max_uncommitted_bytes wait for a quorum.
  uint64_t max_batch_bytes = 256 << 10;
  uint64_t max_inflight_bytes = 4 << 20;
  uint64_t max_uncommitted_bytes = 64 << 20;
  uint64_t snapshot_chunk_bytes = 256 << 10;
  // Records kept behind a snapshot, so that a follower that was away for a
  // short while gets a DIFF instead of a SNAP.
  uint64_t retained_log_bytes = 16 << 20;

  // Counter at which a leader moves to a fresh epoch. Below 2^32 by a wide
  // margin; tests make it small.
  uint32_t last_counter = 0xF000'0000;
};

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_OPTIONS_H_
