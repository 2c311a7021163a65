#include "tools/quorate/drill/patience.h"

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/interrupt.h"

namespace quorate::tools {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(50);

}  // namespace

absl::Status Patience::Wait(absl::Duration time) const {
  if (interrupt_.Wait(time)) return absl::CancelledError("interrupted");
  return absl::OkStatus();
}

absl::Status Patience::Until(const std::function<bool()>& is_true,
                             absl::Duration longest,
                             const std::string& what) const {
  const absl::Time deadline = absl::Now() + longest;
  while (!is_true()) {
    if (absl::Now() >= deadline) {
      return TimeoutError(
          absl::StrCat(what, ": not within ", absl::FormatDuration(longest)));
    }
    const absl::Status status = Wait(kPause);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace quorate::tools
