#include "tests/simulation/checks/effective_configuration.h"

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/configuration_history.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {

void EffectiveConfiguration::OnStart(const MemberView& member,
                                     const consensus::DurableState& recovered) {
  mirrors_[member.index].Start(recovered);
  Compare(member);
}

void EffectiveConfiguration::OnOutput(const MemberView& member,
                                      const consensus::Output& output) {
  mirrors_[member.index].Follow(output);
  Compare(member);
}

void EffectiveConfiguration::Compare(const MemberView& member) {
  // A member that found damage at its start does not go on from it.
  if (member.core->IsStopped()) return;
  const ConfigurationMirror::Entry* in_log = mirrors_[member.index].newest();
  const auto& in_force = member.core->configurations().Newest();
  const consensus::Zxid expected =
      in_log == nullptr ? consensus::Zxid() : in_log->zxid;
  if (in_force.zxid == expected &&
      (in_log == nullptr || in_force.configuration == in_log->configuration ||
       *in_force.configuration == *in_log->configuration)) {
    return;
  }
  Report(absl::StrCat(
      ToString(member.core->key()), " goes by ",
      in_force.configuration->Describe(), " of ", ToString(in_force.zxid),
      "; the newest in its log is ",
      in_log == nullptr ? "none" : in_log->configuration->Describe(), " of ",
      ToString(expected)));
}

}  // namespace quorate::simulation
