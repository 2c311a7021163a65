// A change that is accepted was decided on the configuration that it follows
// (rule 11).

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_EXPECTED_VERSION_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_EXPECTED_VERSION_H_

#include "tests/simulation/checks/check.h"

namespace quorate::simulation {

class ExpectedVersion : public Check {
 public:
  ExpectedVersion() : Check("expected version") {}

  void OnChange(const MemberView& member,
                const consensus::MembershipChange& change,
                const consensus::AdmissionDecision& decision) override;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_EXPECTED_VERSION_H_
