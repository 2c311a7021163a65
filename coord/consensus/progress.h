// Progress: the leader's view of one other member.
//
// It tells what the member has, what is on its way to it, and what rule 12 to
// 15 need to know about its health. Flow control is per member, so a slow one
// slows nobody else.

#ifndef QUORATE_COORD_CONSENSUS_PROGRESS_H_
#define QUORATE_COORD_CONSENSUS_PROGRESS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/log_view.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

struct Progress {
  enum class State {
    kAsking,        // its history is unknown: HistoryRequest goes out
    kStreaming,     // records flow behind `sent`
    kSnapshotDue,   // it needs a snapshot and waits for a free transfer
    kSnapshotting,  // chunks flow; one is under way at a time
    kShunned,       // it lost what it had acknowledged: never fed again
  };

  Progress(const MemberKey& member, std::string peer_address, int64_t now_ms);

  MemberKey key;
  std::string address;
  State state = State::kAsking;

  // Replication. Invariant: match <= received, and match never goes back.
  Zxid match;     // durable there and part of our log
  Zxid received;  // held there, durable or not, and part of our log
  Zxid sent;      // kStreaming: last record sent, or the common point
  std::optional<Zxid> commit_sent;  // nothing: it has yet to learn our history
  int64_t sent_ms = 0;              // when records were last sent
  int64_t asked_ms = 0;  // when HistoryRequest or a chunk was last sent
  uint64_t ask = 0;      // number of the newest HistoryRequest
  Zxid match_when_asked;

  // kSnapshotting.
  SnapshotMeta snapshot;
  uint64_t snapshot_offset = 0;  // bytes acknowledged

  // Newest read round that it has answered.
  uint64_t read_round = 0;

  // Health, on the leader's clock (see MemberFacts).
  std::optional<int64_t> last_heard_ms;
  int64_t heard_since_ms = 0;
  std::optional<int64_t> proven_since_ms;
  std::optional<int64_t> voter_since_ms;
  int64_t fsync_ms = 0;
  int64_t fsync_sent_ms = 0;  // of the heartbeat whose answer told it

  // A message of the member arrived.
  void Heard(int64_t now_ms, const Limits& limits);

  // Bytes sent and not acknowledged, as of `log`.
  uint64_t InflightBytes(const LogView& log) const;

  MemberFacts Facts(const LogView& log) const;

  // Starts or stops the clock of rule 13.
  void ObserveFitness(const LogView& log, const Limits& limits, int64_t now_ms);
};

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_PROGRESS_H_
