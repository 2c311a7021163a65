// Settings: the numbers that a scenario may set by name.

#ifndef QUORATE_TESTS_SCENARIOS_SETTINGS_H_
#define QUORATE_TESTS_SCENARIOS_SETTINGS_H_

#include <cstdint>
#include <string>

#include "coord/consensus/limits.h"
#include "tests/simulation/cluster.h"

namespace quorate::scenarios {

// Both return false if there is no such name.

// The fields of consensus::Limits.
bool SetLimit(const std::string& name, int64_t value,
              consensus::Limits& limits);

// Numbers of consensus::Options, of the driver, the network and the disks.
bool SetOption(const std::string& name, int64_t value,
               simulation::ClusterOptions& options);

}  // namespace quorate::scenarios

#endif  // QUORATE_TESTS_SCENARIOS_SETTINGS_H_
