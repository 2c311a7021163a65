// Quorums as the checks count them: written anew, because the production
// arithmetic is among the things that are being checked.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_BOTH_MAJORITIES_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_BOTH_MAJORITIES_H_

#include <cstddef>

#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"

namespace quorate::simulation {

// True if more than half of the (incoming) voters hold, and, while
// `configuration` is joint, more than half of the outgoing ones too. `holds` is
// asked with the MemberKey of a voter.
template <typename Holds>
bool BothMajorities(const consensus::Configuration& configuration,
                    const Holds& holds) {
  size_t voters = 0;
  size_t outgoing = 0;
  size_t voters_for = 0;
  size_t outgoing_for = 0;
  for (const consensus::Member& member : configuration.members()) {
    if (!member.voter && !member.outgoing_voter) continue;
    const bool held = holds(member.Key());
    if (member.voter) ++voters;
    if (member.voter && held) ++voters_for;
    if (member.outgoing_voter) ++outgoing;
    if (member.outgoing_voter && held) ++outgoing_for;
  }
  return 2 * voters_for > voters &&
         (outgoing == 0 || 2 * outgoing_for > outgoing);
}

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_BOTH_MAJORITIES_H_
