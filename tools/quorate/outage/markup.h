// Markup: pieces of HTML and SVG that cannot be malformed by what they show.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_MARKUP_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_MARKUP_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace quorate::tools {

// As text or in an attribute: & < > " ' as entities; bytes that are no UTF-8
// and control characters are shown as quorate::tools::Printable() does.
std::string Escape(absl::string_view text);

std::string Grouped(int64_t number);  // "12,345"
std::string Percent(double share);    // "12.3 %"; 0.5 is 50 %
std::string AsSeconds(int64_t ms);    // "12.3 s"

// A rectangle of SVG with a tooltip. `style`: a class of the page.
std::string Rect(double x, double y, double width, double height,
                 absl::string_view style, absl::string_view tooltip);
// `anchor`: "start", "middle", "end".
std::string Text(double x, double y, absl::string_view style,
                 absl::string_view anchor, absl::string_view text);
std::string Line(double x1, double y1, double x2, double y2,
                 absl::string_view style);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_MARKUP_H_
