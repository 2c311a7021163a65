// The newest configuration in a member's log is the one that counts for it: it
// takes effect when appended, is taken back when truncated, and comes with a
// snapshot (rules 6 and 10).

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_EFFECTIVE_CONFIGURATION_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_EFFECTIVE_CONFIGURATION_H_

#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/configuration_mirror.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class EffectiveConfiguration : public Check {
 public:
  EffectiveConfiguration() : Check("effective configuration") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;

 private:
  void Compare(const MemberView& member);

  PerMember<ConfigurationMirror> mirrors_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_EFFECTIVE_CONFIGURATION_H_
