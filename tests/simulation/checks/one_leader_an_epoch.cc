#include "tests/simulation/checks/one_leader_an_epoch.h"

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {

void OneLeaderAnEpoch::OnOutput(const MemberView& member,
                                const consensus::Output& output) {
  const consensus::Core& core = *member.core;
  // A reign may begin and end between two outputs.
  for (const consensus::Event& event : output.events) {
    if (event.kind != consensus::EventKind::kBecameLeader) continue;
    Leads(core.hard_state().ensemble,
          static_cast<consensus::Epoch>(event.number), core.key());
  }
  if (!core.IsLeader() || seen_[member.index] == core.epoch()) return;
  seen_[member.index] = core.epoch();
  Leads(core.hard_state().ensemble, core.epoch(), core.key());
}

void OneLeaderAnEpoch::Leads(const EnsembleId& ensemble, consensus::Epoch epoch,
                             const MemberKey& key) {
  const auto [place, fresh] = leaders_[ensemble].try_emplace(epoch, key);
  if (fresh || place->second == key) return;
  Report(absl::StrCat("epoch ", epoch, " is led by ", ToString(key), " and by ",
                      ToString(place->second)));
}

}  // namespace quorate::simulation
