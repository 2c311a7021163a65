// FinalState: what a member holds when all has been healed is the whole of what
// was committed, so that nothing acknowledged is lost anywhere.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_CHECKS_FINAL_STATE_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_CHECKS_FINAL_STATE_H_

#include "coord/tree/state_machine.h"
#include "coord/tree/test_plain_model.h"
#include "tests/simulation/ensemble/violation.h"

namespace quorate::simulation {

// `model` has carried out the whole log.
void CheckFinalState(int member, const tree::StateMachine& state,
                     const tree::PlainModel& model,
                     EnsembleViolations& violations);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_CHECKS_FINAL_STATE_H_
