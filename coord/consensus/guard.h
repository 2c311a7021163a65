// Guards: the membership rules and protocol steps that a mutation run can
// switch off, one at a time, to prove that the checks would notice.
//
// In every normal build On() is the constant true and costs nothing. Only test
// targets compiled with QUORATE_MUTATIONS (see consensus_library in
// coord/consensus/core.bzl) can switch a guard off, through SwitchOff().

#ifndef QUORATE_COORD_CONSENSUS_GUARD_H_
#define QUORATE_COORD_CONSENSUS_GUARD_H_

namespace quorate::consensus {

enum class Guard {
  kNone,
  // Membership rules, by number.
  kRule1EnsembleId,
  kRule2NoSelfStart,
  kRule3UnanimousBootstrap,
  kRule4Incarnation,
  kRule5NoResurrection,
  kRule6OneTruth,
  kRule7OneAtATime,
  kRule8SettledLeader,
  kRule9BothMajorities,
  kRule10EffectiveOnAppend,
  kRule11ExpectedVersion,
  kRule12ProvenLearner,
  kRule13ObservedStability,
  kRule14SeasonedMajority,
  kRule15LiveQuorum,
  kRule16BoundedJoining,
  kRule17CarefulRemoval,
  kRule18OrderlyExit,
  kRule19NoDisturbance,
  kRule20WhoVotes,
  kRule21BadStorage,
  kRule22ClientsRemember,
  kRule23RescueMints,
  // Protocol steps.
  kSyncBeforeAck,
  kSyncBeforeVote,
  kSyncBeforeOwnCount,
  kVoteOncePerEpoch,
  kHistoryRankInVote,
  kPrecedingZxid,
  kConflictTruncation,
  kOwnEpochCommit,
  kQuorumOfBothInCommit,
  kQuorumOfBothInElection,
  kQuorumOfBothInReads,
  kPreVote,
  kStickiness,
  kQuorumCheck,
  kEpochCheck,
  kSnapshotConfiguration,
  kConfigurationTruncation,
  kReadConfirmation,
  kReadAfterOwnCommit,
  kCommitWithinMatch,
  kSnapshotChunkOrder,
  kAckWithinMatch,
  kTransferCaughtUp,
  kCount,
};

#ifdef QUORATE_MUTATIONS
inline Guard guard_switched_off = Guard::kNone;
inline bool On(Guard guard) { return guard != guard_switched_off; }
// Call before threads start; Guard::kNone switches every guard on again.
inline void SwitchOff(Guard guard) { guard_switched_off = guard; }
#else
constexpr bool On(Guard) { return true; }
#endif

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_GUARD_H_
