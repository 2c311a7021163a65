// A linearizable read sees whatever was acknowledged to any client before it
// began.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_LINEARIZABLE_READS_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_LINEARIZABLE_READS_H_

#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"

namespace quorate::simulation {

class LinearizableReads : public Check {
 public:
  LinearizableReads() : Check("linearizable reads") {}

  void OnRead(const MemberView& member, consensus::Zxid began,
              consensus::Zxid answered) override;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_LINEARIZABLE_READS_H_
