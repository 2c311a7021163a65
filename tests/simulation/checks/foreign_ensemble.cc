#include "tests/simulation/checks/foreign_ensemble.h"

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/message.h"

namespace quorate::simulation {
namespace {

bool IsForeign(const MemberView& member, const consensus::Envelope& envelope) {
  const EnsembleId& own = member.core->hard_state().ensemble;
  return !envelope.ensemble.IsNone() && !own.IsNone() &&
         envelope.ensemble != own;
}

}  // namespace

void ForeignEnsemble::OnMessage(const MemberView& member,
                                const consensus::Envelope& envelope) {
  if (IsForeign(member, envelope)) before_ = StateOf(*member.core);
}

void ForeignEnsemble::OnMessageDone(const MemberView& member,
                                    const consensus::Envelope& envelope) {
  if (!IsForeign(member, envelope)) return;
  Compare(envelope, before_, StateOf(*member.core));
}

ForeignEnsemble::State ForeignEnsemble::StateOf(const consensus::Core& core) {
  return {core.hard_state(), core.role().index(),
          core.leader(),     core.log().last(),
          core.commit(),     core.configuration().version()};
}

void ForeignEnsemble::Compare(const consensus::Envelope& envelope,
                              const State& before, const State& after) {
  if (before == after) return;
  Report(absl::StrCat("member ", ToString(before.hard_state.member),
                      " of ensemble ", ToString(before.hard_state.ensemble),
                      " was changed by ", Describe(envelope), " of ensemble ",
                      ToString(envelope.ensemble)));
}

}  // namespace quorate::simulation
