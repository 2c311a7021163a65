// Autopilot: which change of membership a leader makes by itself, if any.
//
// Off unless the limits ask for it. With auto_promote the learner that has been
// fit for the longest time is promoted; with auto_remove_dead the voter that
// has been dead for the longest time is removed; with both it is replaced by
// the learner, in one change, if that is possible.
//
// This only proposes. Whatever it proposes passes the same admission as an
// operator's change, with rule 17's further demands on an automatic removal:
// one voter, dead by dead_ms while the leader watched; at most one such removal
// in a stabilisation time, and none in the first one of a reign; never below
// min_voters; and never so that a quorum needs fewer voters than before, as
// each write would be on fewer disks than operators asked for. So 5 voters may
// become 4, and 3 become 2, but not 4 become 3 without a learner in its place.

#ifndef QUORATE_COORD_CONSENSUS_AUTOPILOT_H_
#define QUORATE_COORD_CONSENSUS_AUTOPILOT_H_

#include <cstdint>
#include <optional>

#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"

namespace quorate::consensus {

// A change with this id, on the present version, that admission accepts now;
// nothing: there is nothing to do, or not yet. REQUIRES: `change_id` is not 0.
std::optional<MembershipChange> ChooseAutomaticChange(
    const AdmissionFacts& facts, uint64_t change_id);

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_AUTOPILOT_H_
