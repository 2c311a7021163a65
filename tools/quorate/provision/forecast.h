// Forecast: all the steps to a target, and how long they will take, if who runs
// goes on running.
//
// The planner's own steps are played through, by the rules as they stand. Only
// two times are guessed: how long a newcomer needs to catch up, and how long a
// change takes to be done. Pure.

#ifndef QUORATE_TOOLS_QUORATE_PROVISION_FORECAST_H_
#define QUORATE_TOOLS_QUORATE_PROVISION_FORECAST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "tools/quorate/provision/planner.h"
#include "tools/quorate/provision/target.h"

namespace quorate::tools {

struct ForecastStep {
  int64_t at_ms = 0;  // from now
  consensus::MembershipChange change;
  size_t voters = 0;    // once it is made
  size_t learners = 0;  // likewise
};

struct Forecast {
  std::vector<ForecastStep> steps;
  int64_t total_ms = 0;
  // Where the steps end, if not at the target: what is in the way then.
  std::optional<Step> blocked;
};

Forecast PlayAhead(const TargetMembers& target, consensus::AdmissionFacts facts,
                   MemberId leader);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_PROVISION_FORECAST_H_
