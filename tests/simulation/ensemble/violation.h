// EnsembleViolation: what a check of whole members found.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_VIOLATION_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_VIOLATION_H_

#include <string>
#include <vector>

namespace quorate::simulation {

struct EnsembleViolation {
  std::string check;  // the name of the check
  std::string text;   // what was expected and what was found
};

using EnsembleViolations = std::vector<EnsembleViolation>;

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_VIOLATION_H_
