// The operator of an ensemble with membership rules, and the drill's limits.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_RULES_OPERATOR_H_
#define QUORATE_TOOLS_QUORATE_DRILL_RULES_OPERATOR_H_

#include <memory>
#include <string>
#include <vector>

#include "tools/quorate/drill/patience.h"
#include "tools/quorate/drill/stage.h"
#include "tools/quorate/drill/timeline.h"

namespace quorate::tools {

// Times of the rules, as short as they may be, and bounds wide enough for a
// busy machine: "NAME=VALUE", for coordd's --limit.
std::vector<std::string> DrillLimits();

// Asks whichever of the members leads; `addresses` are theirs, of 1 to 7 in
// this order. `patience` and `timeline` must outlive it.
std::unique_ptr<Operator> MakeRulesOperator(std::vector<std::string> addresses,
                                            const Patience& patience,
                                            Timeline& timeline);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_RULES_OPERATOR_H_
