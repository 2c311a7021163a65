#include "tools/quorate/drill/timeline.h"

#include <ostream>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/quorate/console.h"

namespace quorate::tools {

void Timeline::Say(absl::string_view text) {
  const int64_t at_ms = absl::ToInt64Milliseconds(absl::Now() - began_);
  entries_.push_back({at_ms, std::string(text)});
  if (console_.json) return;
  console_.out << absl::StrFormat("  %6.1f s  %s", at_ms / 1000.0, text)
               << std::endl;
}

}  // namespace quorate::tools
