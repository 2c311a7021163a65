// The leader's side of SNAP: chunks, one under way for each follower, so that
// heartbeats and other followers never wait behind a snapshot.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <variant>

#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/progress.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

size_t Core::TransfersUnderWay() const {
  const auto& peers = std::get<Leader>(role_).peers;
  return static_cast<size_t>(
      std::count_if(peers.begin(), peers.end(), [](const auto& entry) {
        return entry.second.state == Progress::State::kSnapshotting;
      }));
}

std::set<Zxid> Core::SnapshotsInUse() const {
  std::set<Zxid> in_use;
  const auto* leader = std::get_if<Leader>(&role_);
  if (leader == nullptr) return in_use;
  for (const auto& [id, peer] : leader->peers) {
    if (peer.state == Progress::State::kSnapshotting) {
      in_use.insert(peer.snapshot.zxid);
    }
  }
  return in_use;
}

void Core::StartSnapshot(Progress& peer) {
  peer.state = Progress::State::kSnapshotDue;
  const bool room =
      TransfersUnderWay() < configuration().limits().max_snapshot_transfers;
  if (!room && On(Guard::kRule16BoundedJoining)) return;
  if (!SnapshotIsFit()) {  // the driver takes one before long
    if (IsUnsafe()) BelieveOwnHistory();
    return;
  }
  peer.state = Progress::State::kSnapshotting;
  peer.snapshot = *snapshot_;
  peer.snapshot_offset = 0;
  Emit({EventKind::kSyncSnapshot, peer.key.id, Rule::kNone, 0,
        peer.snapshot.zxid});
  SendChunk(peer);
}

void Core::SendChunk(Progress& peer) {
  peer.asked_ms = now_ms_;
  const uint64_t left = peer.snapshot.size_bytes - peer.snapshot_offset;
  SendTo(peer.key.id, peer.address,
         SnapshotChunk{epoch(), peer.snapshot, peer.snapshot_offset,
                       std::min(left, options_.snapshot_chunk_bytes), nullptr});
}

// Repeats a chunk that was lost, and frees the place of a follower that is
// gone.
void Core::TickSnapshot(Progress& peer) {
  const int64_t heard =
      peer.last_heard_ms.value_or(std::get<Leader>(role_).since_ms);
  if (now_ms_ - heard >= configuration().limits().dead_ms) {
    return AskHistory(peer);
  }
  if (now_ms_ - peer.asked_ms >= 4 * options_.heartbeat_ms) SendChunk(peer);
}

void Core::OnSnapshotAck(const Envelope& envelope, const SnapshotAck& ack) {
  Progress* peer = PeerOf(envelope, ack.epoch);
  if (peer == nullptr || peer->state != Progress::State::kSnapshotting ||
      ack.snapshot != peer->snapshot.zxid) {
    return;
  }
  if (ack.next_offset >= peer->snapshot.size_bytes) return AskHistory(*peer);
  // 0: the follower started anew. Anything else that is not ahead is late.
  const bool ahead = ack.next_offset > peer->snapshot_offset;
  const bool anew = ack.next_offset == 0 && peer->snapshot_offset > 0;
  if (!ahead && !anew) return;
  peer->snapshot_offset = ack.next_offset;
  SendChunk(*peer);
}

}  // namespace quorate::consensus
