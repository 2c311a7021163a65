// Drill: schedules, each on the stages of each mode, one after the other.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_DRILL_H_
#define QUORATE_TOOLS_QUORATE_DRILL_DRILL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/quorate/context.h"

namespace quorate::tools {

struct DrillOptions {
  std::vector<std::string> schedules;  // names; empty: all
  std::string against;                 // "zookeeper", or empty
  std::optional<int64_t> seed;         // nothing: drawn
  std::string coordd;                  // empty: as quorate cluster up finds it
  bool keep = false;                   // the members' directories
};

// `quorate drill split-brain`. NotObserved: a claim was not met; the message
// says which. Local, Timeout: a schedule could not be carried out. No process
// is left running in any case.
absl::Status RunSplitBrainDrill(Context& context, const DrillOptions& options);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_DRILL_H_
