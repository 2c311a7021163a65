// Nobody serves before it was admitted (rule 2), and nobody campaigns or leads
// who is no voter (rule 20).
//
// A member without an ensemble sends nothing but confirmations and vetoes of a
// founder and requests to join; it hands out no record and answers no read. A
// candidate or leader votes in the newest configuration of its log, or in the
// one before, as long as nobody knows whether the newest is committed.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_ADMITTED_BEFORE_SERVICE_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_ADMITTED_BEFORE_SERVICE_H_

#include "coord/consensus/message.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/configuration_mirror.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class AdmittedBeforeService : public Check {
 public:
  AdmittedBeforeService() : Check("admitted before service") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;

 private:
  void CheckMessage(const MemberView& member,
                    const consensus::Envelope& envelope);
  void CheckNewcomer(const MemberView& member, const consensus::Output& output);
  bool Votes(const MemberView& member);

  PerMember<ConfigurationMirror> mirrors_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_ADMITTED_BEFORE_SERVICE_H_
