// EnsembleWorld: what all parts of one simulated ensemble share.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_WORLD_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_WORLD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "coord/base/seeded_random.h"
#include "tests/simulation/ensemble/ensemble_statistics.h"
#include "tests/simulation/ensemble/history.h"
#include "tests/simulation/ensemble/sabotage.h"
#include "tests/simulation/ensemble/scheduler.h"
#include "tests/simulation/ensemble/violation.h"
#include "tests/simulation/trace.h"

namespace quorate::simulation {

struct EnsembleWorld {
  explicit EnsembleWorld(uint64_t seed)
      : random(seed), trace(scheduler.clock()) {}
  EnsembleWorld(const EnsembleWorld&) = delete;
  EnsembleWorld& operator=(const EnsembleWorld&) = delete;

  Micros now() const { return scheduler.now(); }
  // True once in `one_in` times.
  bool OneIn(uint64_t one_in) { return random.Below(one_in) == 0; }

  void Report(const std::string& check, const std::string& text) {
    trace.Line(TraceKind::kViolation, -1, {violations.size()},
               [&] { return check + ": " + text; });
    violations.push_back({check, text});
  }

  Scheduler scheduler;
  SeededRandom random;
  Trace trace;
  EnsembleStatistics statistics;
  History history;
  std::vector<EnsembleViolation> violations;
  Sabotage sabotage = Sabotage::kNone;
  uint64_t sabotaged = 0;  // how often it took place
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_WORLD_H_
