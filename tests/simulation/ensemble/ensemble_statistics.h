// EnsembleStatistics: what a run of whole members did, to be added up over many
// seeds.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_ENSEMBLE_STATISTICS_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_ENSEMBLE_STATISTICS_H_

#include <cstdint>
#include <string>

#include "absl/container/btree_map.h"

namespace quorate::simulation {

struct EnsembleStatistics {
  // What was done to the members, and what clients did, by name.
  absl::btree_map<std::string, uint64_t> faults;
  absl::btree_map<std::string, uint64_t> operations;
  // What came of it, by name.
  absl::btree_map<std::string, uint64_t> outcomes;

  uint64_t seeds = 0;
  uint64_t repeated_seeds = 0;
  uint64_t simulated_us = 0;

  void Add(const EnsembleStatistics& other);
  // `real_seconds` is what the run took, on `jobs` threads.
  std::string Describe(double real_seconds, int jobs) const;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_ENSEMBLE_STATISTICS_H_
