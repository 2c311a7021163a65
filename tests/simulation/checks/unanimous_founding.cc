#include "tests/simulation/checks/unanimous_founding.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/options.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"

namespace quorate::simulation {

using consensus::Configuration;
using consensus::HardState;
using consensus::Manifest;

void UnanimousFounding::OnStart(const MemberView& member,
                                const consensus::DurableState& recovered) {
  disks_[member.core->key()] = recovered.hard_state;
}

void UnanimousFounding::OnDurable(const MemberView& member,
                                  const consensus::DurableState& on_disk) {
  disks_[member.core->key()] = on_disk.hard_state;
}

void UnanimousFounding::OnOutput(const MemberView& member,
                                 const consensus::Output& output) {
  for (const consensus::Record& record : output.append) {
    if (record.kind != consensus::RecordKind::kFounding) continue;
    const consensus::Core& core = *member.core;
    const bool mints =
        minters_.try_emplace(record.configuration->ensemble(), core.key())
            .second;
    if (!mints) continue;  // it only replicates the founding record
    if (core.options().manifest.has_value()) {
      Founded(core.key(), *core.options().manifest, *record.configuration);
    } else {
      Report(absl::StrCat(ToString(core.key()),
                          " founds an ensemble without a bootstrap order"));
    }
  }
}

void UnanimousFounding::Founded(const MemberKey& minter,
                                const Manifest& manifest,
                                const Configuration& configuration) {
  const uint64_t hash = manifest.Hash();
  for (const Manifest::Founder& founder : manifest.founders) {
    const consensus::Member* member = configuration.Find(founder.id);
    if (member == nullptr || !member->voter) {
      Report(absl::StrCat(ToString(minter), " founds ensemble ",
                          ToString(configuration.ensemble()),
                          " without founder ", ToString(founder.id)));
      continue;
    }
    if (member->Key() == minter) continue;
    const HardState& disk = disks_[member->Key()];
    const bool empty =
        disk.ensemble.IsNone() || disk.ensemble == configuration.ensemble();
    if (empty && disk.manifest_hash == hash) continue;
    Report(absl::StrCat(ToString(minter), " founds ensemble ",
                        ToString(configuration.ensemble()), " with ",
                        ToString(member->Key()),
                        empty ? ", which has not confirmed the manifest"
                              : ", which belongs to ensemble ",
                        empty ? "" : ToString(disk.ensemble)));
  }
  if (configuration.voters().size() != manifest.founders.size()) {
    Report(absl::StrCat(ToString(minter), " founds ensemble ",
                        ToString(configuration.ensemble()), " with ",
                        configuration.voters().size(),
                        " voters from a manifest"
                        " of ",
                        manifest.founders.size()));
  }
}

}  // namespace quorate::simulation
