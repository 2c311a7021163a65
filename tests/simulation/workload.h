// Workload: clients that propose at whom they believe to lead, and read.
//
// What was acknowledged to them, and what a read may answer, is checked by the
// members and the checks (see Ledger).

#ifndef QUORATE_TESTS_SIMULATION_WORKLOAD_H_
#define QUORATE_TESTS_SIMULATION_WORKLOAD_H_

#include <memory>

#include "tests/simulation/scene.h"

namespace quorate::simulation {

std::unique_ptr<Actor> MakeWorkload(Scene& scene);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_WORKLOAD_H_
