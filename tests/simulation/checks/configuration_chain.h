// Each configuration follows from the one before as the rules say.
//
// Only what the two configurations show is judged here: versions, joint
// consensus, one change at a time, learner first, identities, the floor. What
// depends on who was heard when is judged in admission_pace.h.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_CONFIGURATION_CHAIN_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_CONFIGURATION_CHAIN_H_

#include <string>

#include "coord/consensus/configuration.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/configuration_mirror.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

// The pure part: why `after` may not follow `before`; empty if it may.
std::string WhyNotAfter(const consensus::Configuration& before,
                        const consensus::Configuration& after);

class ConfigurationChain : public Check {
 public:
  ConfigurationChain() : Check("configuration chain") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;

 private:
  void Appended(const MemberView& member, const consensus::Record& record);

  PerMember<ConfigurationMirror> mirrors_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_CONFIGURATION_CHAIN_H_
