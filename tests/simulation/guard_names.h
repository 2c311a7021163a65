// Names of the guards that a mutation run switches off.

#ifndef QUORATE_TESTS_SIMULATION_GUARD_NAMES_H_
#define QUORATE_TESTS_SIMULATION_GUARD_NAMES_H_

#include <optional>
#include <string>

#include "coord/consensus/guard.h"

namespace quorate::simulation {

// "rule 14: seasoned majority", "sync before ack".
std::string GuardName(consensus::Guard guard);

// The guard with this name, or, for a rule, "rule14"; case, spaces and signs do
// not matter.
std::optional<consensus::Guard> FindGuard(const std::string& name);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_GUARD_NAMES_H_
