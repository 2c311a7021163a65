#include "tests/simulation/checks/transfer_caught_up.h"

#include <variant>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"

namespace quorate::simulation {

void TransferCaughtUp::OnStart(const MemberView& member,
                               const consensus::DurableState& recovered) {
  // What a copied-back disk had acknowledged stays acknowledged.
  OnDurable(member, recovered);
  last_[member.index] = member.core->log().last();
}

void TransferCaughtUp::OnDurable(const MemberView& member,
                                 const consensus::DurableState& on_disk) {
  disks_[member.core->key()].FollowDisk(on_disk);
}

void TransferCaughtUp::OnOutput(const MemberView& member,
                                const consensus::Output& output) {
  for (const consensus::Envelope& envelope : output.messages) {
    if (std::holds_alternative<consensus::TransferNow>(envelope.message)) {
      CheckOrder(member, envelope);
    }
  }
  last_[member.index] = member.core->log().last();
}

void TransferCaughtUp::CheckOrder(const MemberView& member,
                                  const consensus::Envelope& order) {
  const consensus::Core& core = *member.core;
  const consensus::Member* heir = core.configuration().Find(order.to);
  // What this output appends came after the order, or was there before.
  if (heir != nullptr && disks_[heir->Key()].Contains(last_[member.index])) {
    return;
  }
  Report(absl::StrCat(ToString(core.key()), " hands over to ",
                      ToString(order.to), ", which has not got all up to ",
                      ToString(last_[member.index])));
}

}  // namespace quorate::simulation
