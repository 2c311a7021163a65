// The facts of an outage as JSON: what the HTML report shows, for programs.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_FACTS_JSON_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_FACTS_JSON_H_

#include "tools/quorate/outage/facts.h"
#include "tools/quorate/text.h"

namespace quorate::tools {

Json FactsJson(const OutageFacts& facts);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_FACTS_JSON_H_
