// EnsembleView: what the leader tells of its ensemble, in the terms in which
// admission decides (coord/consensus/admission.h).
//
// The planner asks the same function as the leader, so that it knows without
// asking which step a rule allows, and when. The leader keeps the last word:
// its answer is some time old, and rounded.

#ifndef QUORATE_TOOLS_QUORATE_PROVISION_VIEW_H_
#define QUORATE_TOOLS_QUORATE_PROVISION_VIEW_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/rule.h"
#include "proto/coord/v1/admin.pb.h"

namespace quorate::tools {

struct EnsembleView {
  std::string ensemble_id;  // 16 bytes
  MemberId leader;
  // Its clock is one of its own: what happened is as long ago as the leader
  // said. Taken as committed, which a refusal of the leader corrects.
  consensus::AdmissionFacts facts;

  const consensus::Configuration& configuration() const {
    return *facts.configuration;
  }
};

// REQUIRES: `members` comes from a leader (from_leader). Internal: it makes no
// sense, or comes from another release.
absl::StatusOr<EnsembleView> ViewOf(const coord::v1::MembersResponse& members);

// What is known of a member. REQUIRES: it belongs to the configuration.
const consensus::MemberFacts& FactsOf(const consensus::AdmissionFacts& facts,
                                      MemberId id);

// An error that names the rule, and so ends with the exit code for refusals.
absl::Status RuleError(consensus::Rule rule, absl::string_view message);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_PROVISION_VIEW_H_
