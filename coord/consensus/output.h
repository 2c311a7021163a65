// Output: what the core wants done, and the contract of whoever does it.
//
//   PERSIST, THEN SEND, THEN APPLY
//
// The driver takes outputs with Core::TakeOutput() and works through each:
//
// 1. If `persist_id` is not 0, make durable, in the order of the fields:
//    `hard_state`, `snapshot_chunks`, `install_snapshot`, `truncate_after`,
//    `append`. Outputs are made durable in the order taken; several may share
//    one sync. Only when that sync has returned may the driver call
//    Core::Persisted(persist_id). If any of it fails, the driver calls
//    Core::StorageFailed() and never retries the sync (rule 21).
// 2. Send `messages`, at any time, in any order; each may be lost. The core
//    holds a message back by itself until what it promises is durable, so
//    there is nothing that the driver could send too early.
// 3. Apply `committed`, in order. The core hands out a record only when it is
//    both committed and durable here.
// 4. Answer `reads` once the record at their zxid has been applied.
//
// A crash may come between any two of these steps. Whatever was not made
// durable is lost, and that is safe, as nothing was promised for it.

#ifndef QUORATE_COORD_CONSENSUS_OUTPUT_H_
#define QUORATE_COORD_CONSENSUS_OUTPUT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/record.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

// Answer to Core::RequestRead().
struct ReadResult {
  uint64_t token = 0;  // as given by the driver
  bool ok = false;     // false: no confirmation; the caller may try again
  Zxid zxid;           // apply up to here, then read locally
};

// News for logs, metrics and traces; data, never a side effect of the core.
enum class EventKind : uint8_t {
  kCampaign,                // number: epoch
  kBecameLeader,            // number: epoch
  kBecameFollower,          // number: epoch, peer: leader or none
  kConfiguration,           // number: version, taken on append
  kConfigurationTakenBack,  // number: version now in force
  kSyncDiff,                // peer, zxid: common point
  kSyncTrunc,       // peer, zxid: common point; the peer has more than that
  kSyncSnapshot,    // peer, zxid: of the snapshot
  kRefused,         // rule, peer, reason: something of a peer was refused
  kChangeRefused,   // rule: a membership change was refused
  kChangeAccepted,  // number: version it leads to
  kAutoPromote,     // peer, number: change id; the leader's own idea
  kAutoRemove,      // the same
  kFounded,         // the ensemble was founded
  kAdmitted,        // this member was admitted
  kTransfer,        // peer: leadership is handed to
  kFreshEpoch,      // number: epoch that the leader moves from
  kRefusedByPeer,   // rule, peer, reason: a peer has refused something of us
  kFoundingWaits,   // reason: which founders have not confirmed yet
  kStopped,         // rule, reason
};
struct Event {
  EventKind kind;
  MemberId peer;
  Rule rule = Rule::kNone;
  uint64_t number = 0;
  Zxid zxid;
  // Of kinds that say so; may be empty. Of a peer: as long as it likes.
  std::string reason = {};
};
// Without the reason.
std::string Describe(const Event& event);

struct Output {
  // 1. To make durable. 0: nothing.
  uint64_t persist_id = 0;
  std::optional<HardState> hard_state;
  // Pieces of an incoming snapshot, in order. A piece at offset 0 starts anew
  // and drops what was received of any other.
  std::vector<SnapshotChunk> snapshot_chunks;
  // The received snapshot is whole: it replaces the log and the state.
  std::optional<SnapshotMeta> install_snapshot;
  // Records above this are removed, if there are any. Applies before `append`.
  std::optional<Zxid> truncate_after;
  std::vector<Record> append;

  // 2. To send.
  std::vector<Envelope> messages;

  // 3. To apply.
  // Unsafe static membership alone: what was applied behind the newest snapshot
  // (or at all, if there is none) is no part of the history any more. Go back
  // to that snapshot's state first; `committed` goes on from there.
  bool roll_back = false;
  std::vector<Record> committed;

  // 4. To answer.
  std::vector<ReadResult> reads;

  std::vector<Event> events;
};

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_OUTPUT_H_
