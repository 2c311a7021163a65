// Nemesis, second part: what an operator does.

#include <cstdint>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/replica/replica.h"
#include "tests/simulation/ensemble/nemesis.h"

namespace quorate::simulation {

using consensus::Configuration;
using consensus::Member;
using consensus::MembershipChange;

bool Nemesis::IsDestroyed(MemberId id) const {
  return ensemble_.IndexOf(id) < 0;
}

// All must be well, so that every configuration that may still come into force
// is known.
bool Nemesis::MayWipe(int victim) {
  const int leader = ensemble_.Leader();
  if (leader < 0) return false;
  const consensus::Core& core = ensemble_.member(leader).replica().core();
  const Configuration& configuration = core.configuration();
  const auto& newest = core.configurations().Newest();
  if (newest.zxid > core.commit() || configuration.IsJoint()) return false;
  for (const Member& member : configuration.members()) {
    if (IsDestroyed(member.id)) return false;
  }
  for (const int index : ensemble_.Living()) {
    const WholeMember& each = ensemble_.member(index);
    if (!each.running()) return false;
    const Configuration& its = each.replica().core().configuration();
    if (its.version() != configuration.version() &&
        configuration.Find(each.spec().id) != nullptr) {
      return false;
    }
  }
  const Member* member = configuration.Find(ensemble_.member(victim).spec().id);
  return member == nullptr || member->IsLearner() ||
         configuration.voters().size() >= 3;
}

void Nemesis::Wipe() {
  const int victim = AnyRunning();
  if (victim < 0 || !MayWipe(victim)) return;
  Count("disk lost for ever");
  ensemble_.member(victim).Destroy();
}

void Nemesis::Join() {
  if (ensemble_.size() >= ensemble_.options().max_members) return;
  if (ensemble_.Leader() < 0) return;
  Count("member joins");
  ensemble_.AddJoiner();
}

void Nemesis::Promote(MembershipChange& change) {
  for (const Member& member : ensemble_.configuration().members()) {
    if (!member.IsLearner() || IsDestroyed(member.id)) continue;
    change.promote.push_back(member.id);
    if (!world_.OneIn(4)) return;
  }
}

void Nemesis::Remove(MembershipChange& change) {
  const Configuration& configuration = ensemble_.configuration();
  for (const Member& member : configuration.members()) {
    if (IsDestroyed(member.id)) {
      change.remove.push_back(member.id);
      return;  // and nobody else before it is gone
    }
  }
  if (configuration.voters().size() < 3 || !world_.OneIn(3)) return;
  const std::vector<Member>& members = configuration.members();
  change.remove.push_back(members[world_.random.Below(members.size())].id);
}

void Nemesis::Change() {
  const int leader = ensemble_.Leader();
  if (leader < 0 || ensemble_.configuration().IsJoint()) return;
  MembershipChange change;
  change.change_id = world_.random.Next() | 1;
  change.expected_version = ensemble_.configuration().version();
  if (!world_.OneIn(3)) Promote(change);
  if (world_.OneIn(2)) Remove(change);
  if (change.promote.empty() && change.remove.empty()) return;
  ++world_.statistics.operations["membership change asked"];
  ensemble_.member(leader).Feed([&](replica::Replica& replica) {
    const consensus::AdmissionDecision decision =
        replica.ChangeMembership(change);
    world_.trace.Add(static_cast<uint64_t>(decision.outcome));
  });
}

void Nemesis::Transfer() {
  const int leader = ensemble_.Leader();
  if (leader < 0) return;
  ++world_.statistics.operations["leadership transfer asked"];
  ensemble_.member(leader).Feed([](replica::Replica& replica) {
    replica.TransferLeadership(MemberId()).IgnoreError();
  });
}

void Nemesis::Snapshot() {
  const int index = AnyRunning();
  if (index < 0 || !ensemble_.member(index).active()) return;
  ++world_.statistics.operations["snapshot ordered"];
  ensemble_.member(index).Feed(
      [](replica::Replica& replica) { replica.TakeSnapshot().IgnoreError(); });
}

}  // namespace quorate::simulation
