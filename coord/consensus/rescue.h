// Rescue: recovery of an ensemble that has lost its quorum for good (rule 23).
//
// An offline command runs it on the stored state of one stopped member. That
// member becomes the only voter of a new ensemble, whose id is fresh and names
// the old one as its parent. All others are removed for ever, so a member of
// the old ensemble that comes back is refused by its ensemble id, and clients
// that have pinned the old id must be told to follow.
//
// What the old ensemble had committed and this member lacks is lost; what this
// member holds and was never committed is committed by the rescue.

#ifndef QUORATE_COORD_CONSENSUS_RESCUE_H_
#define QUORATE_COORD_CONSENSUS_RESCUE_H_

#include "absl/status/statusor.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

// The state that the member is to be started with, made from that it was
// stopped with: a configuration record behind the last one, the new ensemble id
// and no vote. The accepted epoch stays, so that no epoch is used twice; so
// does the snapshot, which still names the old ensemble.
//
// `fresh` is 128 random bits drawn for this call. InvalidArgument: `fresh` is
// none, or an id that the ensemble has or had. FailedPrecondition: the member
// belongs to no ensemble yet (joining, founding), was removed, has no history,
// or is not in its newest configuration. ResourceExhausted: no record fits into
// the last epoch any more. DataLoss: the parts of `stopped` contradict each
// other.
absl::StatusOr<DurableState> RescueMember(DurableState stopped,
                                          EnsembleId fresh);

// The hard state is stored first: it says to which ensemble all the rest
// belongs. If a crash came before the record, this appends that to `state.log`
// and returns true. False: nothing is missing, or no rescue explains it.
bool FinishRescue(DurableState& state);

// The newest configuration in the state; nullptr: it holds none.
ConfigurationPtr NewestConfiguration(const DurableState& state);
// Its last record; none: it is empty.
Zxid LastZxid(const DurableState& state);

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_RESCUE_H_
