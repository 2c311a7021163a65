#include "tests/simulation/checks/expected_version.h"

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"

namespace quorate::simulation {

void ExpectedVersion::OnChange(const MemberView& member,
                               const consensus::MembershipChange& change,
                               const consensus::AdmissionDecision& decision) {
  if (decision.outcome != consensus::AdmissionDecision::Outcome::kAccepted ||
      decision.next.version() == change.expected_version + 1) {
    return;
  }
  Report(absl::StrCat(ToString(member.core->key()),
                      " accepts a change decided on version ",
                      change.expected_version, " behind version ",
                      decision.next.version() - 1));
}

}  // namespace quorate::simulation
