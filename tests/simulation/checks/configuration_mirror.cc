#include "tests/simulation/checks/configuration_mirror.h"

#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {

using consensus::Record;
using consensus::Zxid;

void ConfigurationMirror::Start(const consensus::DurableState& recovered) {
  entries_.clear();
  Zxid covered;
  if (recovered.snapshot.has_value()) {
    covered = recovered.snapshot->zxid;
    entries_.push_back({recovered.snapshot->configuration_zxid,
                        recovered.snapshot->configuration});
  }
  for (const Record& record : recovered.log) {
    if (record.CarriesConfiguration() && record.zxid > covered) {
      entries_.push_back({record.zxid, record.configuration});
    }
  }
}

void ConfigurationMirror::Follow(const consensus::Output& output) {
  if (output.install_snapshot.has_value()) {
    entries_.clear();
    entries_.push_back({output.install_snapshot->configuration_zxid,
                        output.install_snapshot->configuration});
  }
  if (output.truncate_after.has_value()) {
    while (!entries_.empty() && entries_.back().zxid > *output.truncate_after) {
      entries_.pop_back();
    }
  }
  for (const Record& record : output.append) {
    if (!record.CarriesConfiguration()) continue;
    entries_.push_back({record.zxid, record.configuration});
  }
}

const ConfigurationMirror::Entry* ConfigurationMirror::Before(Zxid zxid) const {
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->zxid < zxid) return &*entry;
  }
  return nullptr;
}

}  // namespace quorate::simulation
