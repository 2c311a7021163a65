#include "tests/simulation/checks/nothing_goes_back.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {
namespace {

using consensus::HardState;

MemberKey KeyOf(const HardState& state) {
  return {state.member, state.incarnation};
}

}  // namespace

void NothingGoesBack::OnStart(const MemberView& member,
                              const consensus::DurableState& recovered) {
  const consensus::Core& core = *member.core;
  marks_[member.index] = {core.hard_state(), core.commit(), core.applied(), 0};
  HardState& durable = durable_[member.index];
  durable = recovered.hard_state;
  // The one id that may be given back: a crash came between it and the founding
  // record, so no ensemble ever had it.
  const bool minted_in_vain =
      recovered.log.empty() && recovered.log_base.IsNone() &&
      !recovered.snapshot.has_value() && durable.manifest_hash != 0;
  if (minted_in_vain && core.hard_state().ensemble.IsNone()) {
    durable.ensemble = EnsembleId();
  }
}

void NothingGoesBack::OnOutput(const MemberView& member,
                               const consensus::Output& output) {
  const consensus::Core& core = *member.core;
  Marks& before = marks_[member.index];
  if (output.truncate_after.has_value() &&
      *output.truncate_after < before.commit) {
    Report(absl::StrCat(ToString(core.key()), " cuts its log behind ",
                        ToString(*output.truncate_after),
                        ", below its commit point ", ToString(before.commit)));
  }
  Marks now = {core.hard_state(), core.commit(), core.applied(),
               before.configuration};
  if (now.commit != before.commit) {
    now.configuration =
        core.configurations().At(core.commit()).configuration->version();
  }
  Compare(before, now);
  before = std::move(now);
}

void NothingGoesBack::OnDurable(const MemberView& member,
                                const consensus::DurableState& on_disk) {
  HardState& before = durable_[member.index];
  if (before == on_disk.hard_state) return;
  CompareHardStates(before, on_disk.hard_state);
  before = on_disk.hard_state;
}

void NothingGoesBack::Compare(const Marks& before, const Marks& now) {
  if (!(before.hard_state == now.hard_state)) {
    CompareHardStates(before.hard_state, now.hard_state);
  }
  const MemberKey key = KeyOf(now.hard_state);
  if (now.commit < before.commit) {
    Report(absl::StrCat(ToString(key), " takes its commit point back from ",
                        ToString(before.commit), " to ", ToString(now.commit)));
  }
  if (now.applied < before.applied) {
    Report(absl::StrCat(ToString(key), " applied ", ToString(before.applied),
                        " and goes back to ", ToString(now.applied)));
  }
  if (now.configuration < before.configuration) {
    Report(absl::StrCat(ToString(key), " goes back from committed version ",
                        before.configuration, " of the configuration to ",
                        now.configuration));
  }
}

void NothingGoesBack::CompareHardStates(const HardState& before,
                                        const HardState& now) {
  const MemberKey key = KeyOf(now);
  if (KeyOf(before) != key) {
    Report(absl::StrCat(ToString(KeyOf(before)), " becomes ", ToString(key)));
  }
  if (now.accepted_epoch < before.accepted_epoch) {
    Report(absl::StrCat(ToString(key), " goes back from epoch ",
                        before.accepted_epoch, " to ", now.accepted_epoch));
  }
  if (!before.ensemble.IsNone() && now.ensemble != before.ensemble) {
    Report(absl::StrCat(ToString(key), " moves from ensemble ",
                        ToString(before.ensemble), " to ",
                        ToString(now.ensemble)));
  }
  if (before.manifest_hash != 0 && now.manifest_hash != before.manifest_hash) {
    Report(absl::StrCat(ToString(key), " confirms a second manifest"));
  }
  if (before.removed && !now.removed) {
    Report(absl::StrCat(ToString(key), " was removed and forgets it"));
  }
}

}  // namespace quorate::simulation
