#include "coord/consensus/autopilot.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"

namespace quorate::consensus {
namespace {

using Outcome = AdmissionDecision::Outcome;

// The learner that has been fit for the longest time; none: there is none.
MemberId BestLearner(const AdmissionFacts& facts) {
  const MemberFacts* best = nullptr;
  for (const MemberFacts& member : facts.members) {
    const Member* known = facts.configuration->Find(member.key);
    if (known == nullptr || !known->IsLearner()) continue;
    if (!member.proven_since_ms.has_value()) continue;
    if (best == nullptr || *member.proven_since_ms < *best->proven_since_ms) {
      best = &member;
    }
  }
  return best == nullptr ? MemberId() : best->key.id;
}

// The voter that has been dead for the longest time; none: there is none.
MemberId DeadVoter(const AdmissionFacts& facts) {
  const MemberFacts* worst = nullptr;
  for (const MemberFacts& member : facts.members) {
    const Member* known = facts.configuration->Find(member.key);
    if (known == nullptr || !known->voter || !IsDead(member, facts)) continue;
    // Not heard at all comes before any time.
    if (worst == nullptr || member.last_heard_ms < worst->last_heard_ms) {
      worst = &member;
    }
  }
  return worst == nullptr ? MemberId() : worst->key.id;
}

}  // namespace

std::optional<MembershipChange> ChooseAutomaticChange(
    const AdmissionFacts& facts, uint64_t change_id) {
  const Limits& limits = facts.configuration->limits();
  const MemberId learner =
      limits.auto_promote ? BestLearner(facts) : MemberId();
  const MemberId dead = limits.auto_remove_dead ? DeadVoter(facts) : MemberId();
  const auto accepted = [&](MemberId promote, MemberId remove) {
    MembershipChange change;
    change.change_id = change_id;
    change.expected_version = facts.configuration->version();
    change.automatic = true;
    if (!promote.IsNone()) change.promote = {promote};
    if (!remove.IsNone()) change.remove = {remove};
    const bool yes =
        DecideAdmission(change, facts).outcome == Outcome::kAccepted;
    return yes ? std::optional(change) : std::nullopt;
  };
  std::optional<MembershipChange> change;
  if (!learner.IsNone() && !dead.IsNone()) change = accepted(learner, dead);
  if (!change && !dead.IsNone()) change = accepted(MemberId(), dead);
  if (!change && !learner.IsNone()) change = accepted(learner, MemberId());
  return change;
}

}  // namespace quorate::consensus
