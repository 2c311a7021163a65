// Acts: what is done in each, and what is claimed of it.
//
// Each fills in its facts as far as it gets, the findings included. An error
// only if it could not be played to its end: Local, Timeout, Cancelled.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_ACTS_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_ACTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/scene.h"

namespace quorate::tools {

// Acts one and two, which share their processes: the outage, and the recovery
// as it was done. `directory` is there and empty. Appends to `acts`.
absl::Status PlayUnsafeActs(const Production& production,
                            const std::string& directory,
                            std::vector<ActFacts>& acts);

// Act three: the same schedule, refused; then growth as it should be.
absl::Status PlaySafeAct(const Production& production,
                         const std::string& directory,
                         std::vector<ActFacts>& acts);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_ACTS_H_
