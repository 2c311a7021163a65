// Facts for tests: three acts, invented, that went as they should.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_SAMPLE_FACTS_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_SAMPLE_FACTS_H_

#include "tools/quorate/outage/facts.h"

namespace quorate::tools {

OutageFacts SampleFacts();

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_SAMPLE_FACTS_H_
