// RunSeed: one seed of the swarm from beginning to end.

#ifndef QUORATE_TESTS_SIMULATION_RUN_SEED_H_
#define QUORATE_TESTS_SIMULATION_RUN_SEED_H_

#include <cstdint>
#include <vector>

#include "tests/simulation/checks/check.h"
#include "tests/simulation/statistics.h"
#include "tests/simulation/swarm_options.h"
#include "tests/simulation/trace.h"

namespace quorate::simulation {

struct SeedResult {
  uint64_t fingerprint = 0;
  Statistics statistics;
  std::vector<Violation> violations;  // the run ends soon after the first
};

// Founds an ensemble, lets everything in `options` happen to it for the safety
// phase, then runs the liveness phase. `sink`: nullptr for no trace.
SeedResult RunSeed(const SwarmOptions& options, Trace::Sink sink);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_RUN_SEED_H_
