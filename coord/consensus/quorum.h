// Quorum arithmetic: majorities, and the two majorities of a joint
// configuration. It knows sets of member ids and nothing else.
//
// Whoever asks passes a function over ids, so that nothing is copied and no
// container is imposed. A joint question is answered by asking both sides and
// combining the answers; voters are never pooled into a union (rule 9).

#ifndef QUORATE_COORD_CONSENSUS_QUORUM_H_
#define QUORATE_COORD_CONSENSUS_QUORUM_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

enum class VoteResult { kPending, kWon, kLost };

// The smallest number of `voters` that is more than half; 1 for no voters,
// which nobody can reach: an empty set decides nothing.
constexpr size_t MajorityOf(size_t voters) { return voters / 2 + 1; }

// True if a majority of `voters` satisfies `holds`. False for no voters.
bool HasMajority(absl::Span<const MemberId> voters,
                 absl::FunctionRef<bool(MemberId)> holds);

// The highest zxid that a majority of `voters` has reached, by `reached`;
// none for no voters.
Zxid MajorityZxid(absl::Span<const MemberId> voters,
                  absl::FunctionRef<Zxid(MemberId)> reached);

// Likewise over plain numbers, used for read confirmations.
uint64_t MajorityNumber(absl::Span<const MemberId> voters,
                        absl::FunctionRef<uint64_t(MemberId)> reached);

// Outcome of a vote: `vote` answers true, false, or nothing for "not yet".
// Lost as soon as the missing votes cannot make a majority any more.
VoteResult MajorityVote(absl::Span<const MemberId> voters,
                        absl::FunctionRef<std::optional<bool>(MemberId)> vote);

// One side lost: lost. Both won: won. Otherwise pending.
VoteResult JointVote(VoteResult incoming, VoteResult outgoing);

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_QUORUM_H_
