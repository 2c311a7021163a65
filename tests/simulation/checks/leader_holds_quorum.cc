#include "tests/simulation/checks/leader_holds_quorum.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "tests/simulation/checks/both_majorities.h"

namespace quorate::simulation {

void LeaderHoldsQuorum::OnStart(const MemberView& member,
                                const consensus::DurableState& /*recovered*/) {
  leaders_[member.index] = {};
}

void LeaderHoldsQuorum::OnMessage(const MemberView& member,
                                  const consensus::Envelope& envelope) {
  ReignContacts& contacts = leaders_[member.index].contacts;
  contacts.Note(*member.core);
  contacts.Deliver(*member.core, envelope);
}

void LeaderHoldsQuorum::OnOutput(const MemberView& member,
                                 const consensus::Output& /*output*/) {
  const consensus::Core& core = *member.core;
  Leader& leader = leaders_[member.index];
  leader.contacts.Note(core);
  // A leader looks at its clock when it ticks; so do we.
  if (!leader.contacts.leads() || core.now_ms() == leader.looked_ms) return;
  leader.looked_ms = core.now_ms();
  const int64_t limit_ms = 2 * core.options().election_ms;
  auto heard = [&](const MemberKey& key) {
    if (key == core.key()) return true;
    const ReignContacts::Contact* contact = leader.contacts.Find(key);
    if (contact == nullptr) return false;
    const int64_t last_ms =
        contact->last_heard_ms.value_or(leader.contacts.since_ms());
    return core.now_ms() - last_ms < limit_ms;
  };
  if (BothMajorities(core.configuration(), heard)) return;
  Report(absl::StrCat(ToString(core.key()), " leads epoch ", core.epoch(),
                      " without having heard from a quorum of ",
                      core.configuration().Describe(), " for ", limit_ms,
                      " ms"));
}

}  // namespace quorate::simulation
