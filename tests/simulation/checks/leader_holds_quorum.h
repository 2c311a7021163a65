// A leader that has not heard from both majorities for twice the shortest
// election time-out does not lead any more: those whom it cannot reach may have
// elected another one.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_LEADER_HOLDS_QUORUM_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_LEADER_HOLDS_QUORUM_H_

#include <cstdint>

#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/per_member.h"
#include "tests/simulation/checks/reign_contacts.h"

namespace quorate::simulation {

class LeaderHoldsQuorum : public Check {
 public:
  LeaderHoldsQuorum() : Check("leader holds a quorum") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnMessage(const MemberView& member,
                 const consensus::Envelope& envelope) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;

 private:
  struct Leader {
    ReignContacts contacts;
    int64_t looked_ms = 0;  // the leader's clock when it was last judged
  };

  PerMember<Leader> leaders_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_LEADER_HOLDS_QUORUM_H_
