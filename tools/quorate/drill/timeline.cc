#include "tools/quorate/drill/timeline.h"

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "tools/quorate/console.h"

namespace quorate::tools {

int64_t Timeline::NowMs() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now() - began_)
      .count();
}

void Timeline::Say(absl::string_view text) {
  const int64_t at_ms = NowMs();
  entries_.push_back({at_ms, std::string(text)});
  if (console_.json) return;
  console_.out << absl::StrFormat("  %6.1f s  %s", at_ms / 1000.0, text)
               << std::endl;
}

}  // namespace quorate::tools
