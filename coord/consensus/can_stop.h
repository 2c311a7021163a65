// CanStop: may a member be taken down for a while, without a change of the
// membership? What a rolling restart asks before each of its steps.
//
// It stands beside admission and looks at the same facts. A voter may go if
// the others can go on without it: counting it as down, the voters that are in
// contact and lack no more than rule 12 lets a learner lack hold a quorum of
// the configuration, of each side by itself. One that is far behind counts as
// down, too: with it alone, commits would stand still until it had caught up.
// An ensemble of one or two voters has nobody to spare.
//
// A learner may always go: no quorum counts it. Stopping it costs only its own
// time: its clock of rule 13 starts again, and so does a snapshot on its way.

#ifndef QUORATE_COORD_CONSENSUS_CAN_STOP_H_
#define QUORATE_COORD_CONSENSUS_CAN_STOP_H_

#include <optional>

#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/rule.h"

namespace quorate::consensus {

// Nothing: it is safe now. Else the rule in the way: 8 (the leader is not
// settled), 7 (a change is under way) or 15 (the others are no quorum), with
// the numbers; retry_after_ms is there if time alone may help.
// REQUIRES: `id` is a member of `facts.configuration`.
std::optional<Refusal> CheckCanStop(MemberId id, const AdmissionFacts& facts);

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_CAN_STOP_H_
