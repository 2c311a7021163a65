// Messages between members: plain structs in a variant.
//
// Any message may be lost, delayed, duplicated or reordered; none may be
// altered (the transport checks sums). The table in PROTOCOL.md tells who sends
// which to whom and when.

#ifndef QUORATE_COORD_CONSENSUS_MESSAGE_H_
#define QUORATE_COORD_CONSENSUS_MESSAGE_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/record.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

// A run of consecutive records of one epoch.
struct EpochRun {
  Epoch epoch = 0;
  uint32_t first = 0;  // counter of the first record of the run
  uint32_t last = 0;   // and of the last, inclusive
  bool operator==(const EpochRun&) const = default;
};

// --- Election ---------------------------------------------------------------

// Would you vote for me? Changes nothing at the receiver.
struct PreVote {
  Epoch epoch = 0;  // the one the sender would campaign in
  Zxid last_zxid;   // rank of the sender's history
};
struct PreVoteReply {
  Epoch epoch = 0;  // as asked
  bool granted = false;
  Epoch accepted_epoch = 0;  // the replier's, so that the asker can aim higher
};
struct Vote {
  Epoch epoch = 0;
  Zxid last_zxid;
  // Set in a campaign that the leader of this epoch asked for; 0 otherwise.
  Epoch transfer_of = 0;
};
struct VoteReply {
  Epoch epoch = 0;
  bool granted = false;
  Epoch accepted_epoch = 0;
};
// Leader to one up-to-date voter: campaign now, without a pre-vote.
struct TransferNow {
  Epoch epoch = 0;  // of the leader that hands over
};

// --- Synchronisation and broadcast -----------------------------------------

// Leader: which history do you have? (Zab's LEADERINFO.)
struct HistoryRequest {
  Epoch epoch = 0;
  uint64_t ask = 0;  // leader's number, so that a late answer is not believed
};
// Follower: this one. Also sent when Proposals do not fit.
struct HistoryReply {
  Epoch epoch = 0;   // of the leader that is answered
  uint64_t ask = 0;  // as asked; 0: unasked, because Proposals did not fit
  Zxid base;         // what stands before the first run; covered by a snapshot
  Zxid last_zxid;
  std::vector<EpochRun> runs;  // ascending
};
// Records in order, right behind `preceding`. What the follower has beyond a
// record that differs is truncated: the TRUNC of a TRUNC + DIFF.
struct Proposals {
  Epoch epoch = 0;
  Zxid preceding;
  Zxid commit;
  std::vector<Record> records;  // empty: only carries `commit`
};
struct Ack {
  Epoch epoch = 0;
  Zxid durable;  // last record that is on the follower's disk and the leader's
};
struct Heartbeat {
  Epoch epoch = 0;
  Zxid commit;
  uint64_t read_round = 0;  // newest round of read confirmation; 0: none
  int64_t sent_ms = 0;      // leader's clock; echoed, compared by it alone
};
struct HeartbeatAck {
  Epoch epoch = 0;
  uint64_t read_round = 0;
  int64_t sent_ms = 0;
  Zxid received;  // last record that matches the leader's, durable or not
  Zxid durable;   // as in Ack
  int64_t fsync_ms = 0;  // slowest fsync of late, as the follower's driver saw
};
// Anyone to a leader of an epoch that is over for the sender.
struct StaleEpoch {
  Epoch epoch = 0;           // of the message that is answered
  Epoch accepted_epoch = 0;  // the sender's
};
// A piece of a snapshot. The core leaves `data` empty and the driver fills in
// the `length` bytes at `offset` of the snapshot at meta.zxid before sending.
struct SnapshotChunk {
  Epoch epoch = 0;
  SnapshotMeta meta;
  uint64_t offset = 0;
  uint64_t length = 0;
  Bytes data;
};
struct SnapshotAck {
  Epoch epoch = 0;
  Zxid snapshot;
  uint64_t next_offset = 0;  // bytes held so far; size_bytes: installed
};

// --- Reads -------------------------------------------------------------------

// Follower to leader: how far must I have applied to answer these reads?
struct ReadRequest {
  Epoch epoch = 0;
  uint64_t batch = 0;  // the follower's own number
};
struct ReadReply {
  Epoch epoch = 0;
  uint64_t batch = 0;
  Zxid zxid;
};

// --- Founding, joining, refusing ------------------------------------------

// Founder to founder: my disk is empty, and this is my manifest.
struct FoundingConfirm {
  uint64_t manifest_hash = 0;
};
// The ensemble named in the envelope has been founded from this manifest.
struct Founded {
  uint64_t manifest_hash = 0;
  Incarnation incarnation;  // of the founder that is told
  // Of the founding record, so that every founder can bring it to the others;
  // nullptr: compacted away, synchronisation brings what replaced it.
  ConfigurationPtr configuration;
};
// A founder that belongs to an ensemble already, or holds another manifest.
struct FoundingVeto {
  uint64_t manifest_hash = 0;  // of the confirmation that is answered
  Refusal refusal;
};
// Asks a leader to be admitted as a learner; also how a learner that hears no
// leader asks whether it still belongs.
struct JoinRequest {};
struct JoinReply {
  Incarnation incarnation;  // of the joiner that is answered
  bool admitted = false;
  // Where to ask instead; empty: no better address known.
  std::string leader_address;
  // Set if refused; kNone with admitted == false: ask again.
  Refusal refusal;
};
// A message was refused. Never answered, so two refusals cannot chase.
struct Refused {
  Refusal refusal;
};

using Message =
    std::variant<PreVote, PreVoteReply, Vote, VoteReply, TransferNow,
                 HistoryRequest, HistoryReply, Proposals, Ack, Heartbeat,
                 HeartbeatAck, StaleEpoch, SnapshotChunk, SnapshotAck,
                 ReadRequest, ReadReply, FoundingConfirm, Founded, FoundingVeto,
                 JoinRequest, JoinReply, Refused>;

struct Envelope {
  // Rule 1. None only from a member that belongs to no ensemble yet.
  EnsembleId ensemble;
  MemberKey from;
  std::string from_address;
  MemberId to;  // none: whoever listens at to_address
  std::string to_address;
  Message message;
};

// "PreVote epoch=4 last=3:17", for traces and scenarios.
std::string Describe(const Message& message);
// "1->2 PreVote epoch=4 last=3:17".
std::string Describe(const Envelope& envelope);

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_MESSAGE_H_
