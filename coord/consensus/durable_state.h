// What a member must find again after a crash.
//
// The driver stores these with a file layer; the core says in Output when a
// part changed. Nothing else survives a restart, and there is no other source
// of membership (rule 6).

#ifndef QUORATE_COORD_CONSENSUS_DURABLE_STATE_H_
#define QUORATE_COORD_CONSENSUS_DURABLE_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

struct HardState {
  // None: not a member of any ensemble yet (joining or founding).
  EnsembleId ensemble;
  MemberId member;
  Incarnation incarnation;
  // Hash of the manifest this member has confirmed; 0: none. A founder that
  // confirmed one manifest never takes part in founding another (rule 3).
  uint64_t manifest_hash = 0;
  // It was told that it is no member any more (rule 18).
  bool removed = false;
  // Highest epoch in which this member voted or followed, and the vote given
  // in it; none if it only followed. At most one vote an epoch.
  Epoch accepted_epoch = 0;
  MemberKey voted_for;

  bool operator==(const HardState&) const = default;
};

// Describes a snapshot; its content belongs to the layer above.
struct SnapshotMeta {
  Zxid zxid;                       // last record that it contains
  ConfigurationPtr configuration;  // newest one at or before `zxid`
  Zxid configuration_zxid;         // the record that carried it
  uint64_t size_bytes = 0;         // of the content
};

struct DurableState {
  HardState hard_state;
  std::optional<SnapshotMeta> snapshot;  // newest one; nothing: none yet
  // The record before log[0]; none if the log is whole. At most the snapshot's
  // zxid: older records may have been kept.
  Zxid log_base;
  std::vector<Record> log;
};

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_DURABLE_STATE_H_
