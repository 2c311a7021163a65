// The liveness phase: a random quorum is healed, all other faults become
// permanent, and the healed members must make progress.
//
// The quorum holds in every configuration that may be in force, on both sides
// of a joint one. All others stay down, or run on cut off, or can only send, or
// only hear: none of that may stop the quorum (rule 19). Members without a vote
// keep their links: joiners may go on joining, removed members may go on
// asking.

#ifndef QUORATE_TESTS_SIMULATION_LIVENESS_H_
#define QUORATE_TESTS_SIMULATION_LIVENESS_H_

#include "tests/simulation/scene.h"

namespace quorate::simulation {

// Runs the phase; a failure is reported as a violation of "liveness".
void RunLivenessPhase(Scene& scene);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_LIVENESS_H_
