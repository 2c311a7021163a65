// ConfigurationMirror: the configurations in one member's log, followed from
// outside by what the member does to that log.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_CONFIGURATION_MIRROR_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_CONFIGURATION_MIRROR_H_

#include <cstddef>
#include <vector>

#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {

class ConfigurationMirror {
 public:
  struct Entry {
    consensus::Zxid zxid;
    consensus::ConfigurationPtr configuration;
  };

  void Start(const consensus::DurableState& recovered);
  void Follow(const consensus::Output& output);

  // The newest one; nullptr if there is none.
  const Entry* newest() const {
    return entries_.empty() ? nullptr : &entries_.back();
  }
  // The last one before `zxid`; nullptr if there is none.
  const Entry* Before(consensus::Zxid zxid) const;
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;  // ascending
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_CONFIGURATION_MIRROR_H_
