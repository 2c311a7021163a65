// Outage: the whole of it in three acts, and the report.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_OUTAGE_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_OUTAGE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"

namespace quorate::tools {

class Context;

struct OutageOptions {
  std::string input;            // empty: a file that every Debian has
  std::string out;              // where the report goes; empty: nowhere
  std::optional<int64_t> seed;  // nothing: drawn
  std::string coordd;           // empty: found by itself
  std::string brokerd;          // likewise
  bool keep = false;            // the processes' directories
};

// `quorate drill outage`. NotObserved: a claim was not met; the message says
// which. Local, Timeout: it could not be played to its end; what was seen is in
// the report all the same, and the directories are kept. No process is left
// running in any case.
absl::Status RunOutageDrill(Context& context, const OutageOptions& options);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_OUTAGE_H_
