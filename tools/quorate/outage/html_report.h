// HtmlReport: the facts of an outage as one page that needs nothing else: no
// network, no script. Made for a width of 1280 pixels.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_HTML_REPORT_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_HTML_REPORT_H_

#include <string>

#include "tools/quorate/outage/facts.h"

namespace quorate::tools {

std::string HtmlReport(const OutageFacts& facts);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_HTML_REPORT_H_
