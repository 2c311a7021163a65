// What `quorate rescue` tells: what was found, what a rescue costs, and what is
// to be done after it. Pure functions.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_RESCUE_TEXT_H_
#define QUORATE_TOOLS_QUORATE_VERBS_RESCUE_TEXT_H_

#include <string>
#include <utility>
#include <vector>

#include "coord/base/ids.h"
#include "coord/replica/rescue.h"
#include "tools/quorate/text.h"

namespace quorate::tools {

// Names and values, for PrintPairs().
std::vector<std::pair<std::string, std::string>> DescribeFindings(
    const std::string& directory, const replica::RescueFindings& findings);
Json FindingsJson(const std::string& directory,
                  const replica::RescueFindings& findings);

// Signs that this is the wrong member to rescue, or that none is needed; a
// sentence each.
std::vector<std::string> RescueWarnings(
    const replica::RescueFindings& findings);

// What the operator is asked to agree to. REQUIRES: findings.Self().
std::string RescueConsequences(const replica::RescueFindings& findings);

// What to do next, with commands as they are typed. `cluster`: the directory of
// the local cluster that the member is of; empty: of none.
// REQUIRES: findings.Self(), as found before the rescue.
std::string RescueNextSteps(const std::string& directory,
                            const std::string& cluster,
                            const replica::RescueFindings& findings,
                            EnsembleId fresh);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_RESCUE_TEXT_H_
