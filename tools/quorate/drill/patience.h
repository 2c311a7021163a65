// Patience: waiting that Ctrl-C ends.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_PATIENCE_H_
#define QUORATE_TOOLS_QUORATE_DRILL_PATIENCE_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace quorate::tools {

class Interrupt;

class Patience {
 public:
  // `interrupt` must outlive it.
  explicit Patience(const Interrupt& interrupt) : interrupt_(interrupt) {}

  // Cancelled: the user wants to stop.
  absl::Status Wait(absl::Duration time) const;
  // Asks again and again, until it is true. Timeout: it is not after `longest`;
  // the message names `what`. Cancelled: as above.
  absl::Status Until(const std::function<bool()>& is_true,
                     absl::Duration longest, const std::string& what) const;

 private:
  const Interrupt& interrupt_;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_PATIENCE_H_
