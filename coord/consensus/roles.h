// The roles of a member, each with the state that exists only in it.
//
// They form a variant, so that touching the state of a role that the member
// does not have fails at once. A learner is a Follower that the configuration
// gives no vote.

#ifndef QUORATE_COORD_CONSENSUS_ROLES_H_
#define QUORATE_COORD_CONSENSUS_ROLES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/progress.h"
#include "coord/consensus/read_queue.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

// Empty disk, no bootstrap order: asks its seeds for admission (rule 2).
struct Joining {
  int64_t ask_at_ms = 0;
  std::string redirect;  // address of a leader that somebody named
  Refusal last_refusal;  // the newest answer, for the operator
};

// Empty disk and a bootstrap order: waits for all founders (rule 3).
struct Founding {
  int64_t send_at_ms = 0;
  std::map<MemberId, Incarnation> confirmed;  // self included
  Refusal veto;                               // kNone: nobody objected
  // When it tells next whom it waits for; 0: not drawn yet.
  int64_t tell_at_ms = 0;
};

struct Follower {
  MemberId leader;  // none: no leader heard in this epoch
  std::string leader_address;
  int64_t heard_ms = 0;  // when it was last heard; valid if there is a leader
  // Last record known to match the leader's log.
  Zxid matched;
  // Incoming snapshot; its zxid is none if there is none.
  Zxid snapshot;
  uint64_t snapshot_offset = 0;
  // Reads that go to the leader with the next output, and those on their way,
  // by batch.
  std::vector<uint64_t> new_reads;
  struct ReadBatch {
    std::vector<uint64_t> tokens;
    int64_t sent_ms = 0;
  };
  std::map<uint64_t, ReadBatch> reads;
};

struct Candidate {
  bool pre = true;        // asking for pre-votes; else for votes
  Epoch epoch = 0;        // the one it campaigns in
  Epoch transfer_of = 0;  // leader's epoch that asked for it; 0: none
  // Answers by voter; its own is added once its vote is durable.
  std::map<MemberId, bool> votes;
};

struct Leader {
  int64_t since_ms = 0;
  Zxid newleader;
  std::map<MemberId, Progress> peers;  // every member but itself
  int64_t heartbeat_at_ms = 0;
  ReadQueue reads;
  uint64_t confirmed_round = 0;  // newest read round that a quorum answered
  std::optional<int64_t> last_promotion_ms;
  // Of the autopilot: its last removal, the id of its next change (0: not drawn
  // yet), the last tick, and since when ticks have come without a gap.
  std::optional<int64_t> last_auto_removal_ms;
  uint64_t automatic_id = 0;
  int64_t ticked_ms = 0;
  int64_t watching_since_ms = 0;
  std::optional<int64_t> own_voter_since_ms;  // nothing: it has no vote
  // Handing over: proposals pause until `transfer_until_ms`.
  MemberId transfer_to;  // none: no transfer under way
  int64_t transfer_until_ms = 0;
  // Version of the configuration whose removed members have been told.
  uint64_t told_version = 0;
};

// Takes part in nothing any more; only a restart or an operator helps.
struct Stopped {
  Refusal why;
};

using Role =
    std::variant<Joining, Founding, Follower, Candidate, Leader, Stopped>;

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_ROLES_H_
