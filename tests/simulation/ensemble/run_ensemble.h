// RunEnsemble: one seed of the whole-member swarm from beginning to end.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_RUN_ENSEMBLE_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_RUN_ENSEMBLE_H_

#include <cstdint>

#include "tests/simulation/ensemble/ensemble_options.h"
#include "tests/simulation/ensemble/ensemble_statistics.h"
#include "tests/simulation/ensemble/violation.h"
#include "tests/simulation/trace.h"

namespace quorate::simulation {

struct EnsembleResult {
  uint64_t fingerprint = 0;
  EnsembleStatistics statistics;
  EnsembleViolations violations;
  uint64_t sabotaged = 0;  // how often EnsembleOptions::sabotage took place
};

// Founds an ensemble and lets everything in `options` happen to it and its
// clients; then heals all, expects that everything gets on and is answered
// within the bound, and judges the history. `sink`: nullptr for no trace.
EnsembleResult RunEnsemble(const EnsembleOptions& options, Trace::Sink sink);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_RUN_ENSEMBLE_H_
