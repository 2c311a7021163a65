// Changes of configuration: deciding, entering and leaving joint consensus,
// admitting joiners, telling the removed.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/autopilot.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/configuration_history.h"
#include "coord/consensus/core.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/progress.h"
#include "coord/consensus/record.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/static_membership.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

absl::string_view ChangeStateName(ChangeState state) {
  switch (state) {
    case ChangeState::kUnknown:
      return "UNKNOWN";
    case ChangeState::kPending:
      return "PENDING";
    case ChangeState::kJoint:
      return "JOINT";
    case ChangeState::kCommitted:
      return "COMMITTED";
    case ChangeState::kDone:
      return "DONE";
  }
  return "UNKNOWN";
}

// --- Asking for a change
// ------------------------------------------------------------

AdmissionDecision Core::PlanMembership(const MembershipChange& change) const {
  const std::optional<AdmissionFacts> facts = Facts();
  AdmissionDecision decision;
  if (IsUnsafe()) {
    decision.outcome = AdmissionDecision::Outcome::kRefused;
    decision.refusal = StaticMembershipRefusal();
    return decision;
  }
  if (facts.has_value()) {
    decision = DecideAdmission(change, *facts);
    if (decision.outcome != AdmissionDecision::Outcome::kAccepted ||
        !Leaving()) {
      return decision;
    }
    // A leader that is being removed ends its reign with that change.
    decision.outcome = AdmissionDecision::Outcome::kRefused;
    decision.refusal = {Rule::kOrderlyExit,
                        absl::StrCat("leader ", ToString(hard_state_.member),
                                     " was removed and is handing over; ask "
                                     "the next leader"),
                        {},
                        options_.election_ms};
    return decision;
  }
  decision.outcome = AdmissionDecision::Outcome::kRefused;
  decision.refusal = {
      Rule::kSettledLeader,
      absl::StrCat("member ", ToString(hard_state_.member), " is a ",
                   RoleName(), "; ask the leader, which is ",
                   leader().IsNone() ? "unknown" : ToString(leader())),
      {},
      options_.election_ms};
  return decision;
}

AdmissionDecision Core::ChangeMembership(const MembershipChange& change) {
  AdmissionDecision decision = PlanMembership(change);
  if (decision.outcome == AdmissionDecision::Outcome::kRefused) {
    ++refusals_[static_cast<size_t>(decision.refusal.rule)];
    Emit({EventKind::kChangeRefused, MemberId(), decision.refusal.rule,
          configuration().version(), Zxid()});
  }
  if (decision.outcome != AdmissionDecision::Outcome::kAccepted) {
    return decision;
  }
  auto& leader = std::get<Leader>(role_);
  if (!change.promote.empty()) leader.last_promotion_ms = now_ms_;
  if (change.automatic && !change.remove.empty()) {
    leader.last_auto_removal_ms = now_ms_;
  }
  Emit({EventKind::kChangeAccepted, MemberId(), Rule::kNone, decision.version,
        log_.last()});
  AppendConfiguration(decision.next);
  return decision;
}

std::optional<AdmissionFacts> Core::Facts() const {
  const auto* leader = std::get_if<Leader>(&role_);
  if (leader == nullptr) return std::nullopt;
  const ConfigurationHistory::Entry& newest = history_.Newest();
  AdmissionFacts facts;
  facts.configuration = newest.configuration;
  facts.configuration_committed = newest.zxid <= commit_;
  facts.own_epoch_committed = commit_ >= leader->newleader;
  facts.now_ms = now_ms_;
  facts.leader_since_ms = leader->since_ms;
  facts.last_promotion_ms = leader->last_promotion_ms;
  facts.last_auto_removal_ms = leader->last_auto_removal_ms;
  facts.watching_since_ms = leader->watching_since_ms;
  for (const Member& member : newest.configuration->members()) {
    if (member.id == hard_state_.member) {
      MemberFacts own;
      own.key = key();
      own.last_heard_ms = now_ms_;
      own.heard_since_ms = leader->since_ms;
      own.voter_since_ms = leader->own_voter_since_ms;
      own.fsync_ms = fsync_ms_;
      facts.members.push_back(own);
    } else {
      facts.members.push_back(leader->peers.at(member.id).Facts(log_));
    }
  }
  return facts;
}

// What the leader changes by itself, if the limits ask for that.
void Core::TickAutopilot(Leader& leader) {
  const Limits& limits = configuration().limits();
  if (now_ms_ - leader.ticked_ms > limits.contact_ms) {
    leader.watching_since_ms = now_ms_;
  }
  leader.ticked_ms = now_ms_;
  if (!limits.auto_promote && !limits.auto_remove_dead) return;
  if (!leader.transfer_to.IsNone() || Leaving()) return;
  if (leader.automatic_id == 0) leader.automatic_id = random_.Next();
  const std::optional<MembershipChange> change =
      ChooseAutomaticChange(*Facts(), leader.automatic_id);
  if (!change.has_value()) return;
  leader.automatic_id = 0;
  for (MemberId id : change->promote) {
    Emit({EventKind::kAutoPromote, id, Rule::kNone, change->change_id, Zxid()});
  }
  for (MemberId id : change->remove) {
    Emit({EventKind::kAutoRemove, id, Rule::kNone, change->change_id, Zxid()});
  }
  ChangeMembership(*change);
}

ChangeState Core::StateOfChange(uint64_t change_id) const {
  const std::optional<uint64_t> version =
      configuration().VersionOfChange(change_id);
  if (!version.has_value()) return ChangeState::kUnknown;
  const auto& entries = history_.entries();
  const ConfigurationHistory::Entry& newest = entries.back();
  if (newest.configuration->version() < *version) {  // joint, on its way
    return newest.zxid <= commit_ ? ChangeState::kJoint : ChangeState::kPending;
  }
  const ConfigurationHistory::Entry* before = nullptr;
  for (const ConfigurationHistory::Entry& entry : entries) {
    if (entry.configuration->version() == *version) {
      if (entry.zxid < commit_) return ChangeState::kDone;
      if (entry.zxid == commit_) return ChangeState::kCommitted;
      const bool joint = before != nullptr && before->configuration->IsJoint();
      return joint ? ChangeState::kJoint : ChangeState::kPending;
    }
    before = &entry;
  }
  return ChangeState::kDone;  // compacted away long ago
}

// --- Carrying it out
// ------------------------------------------------------------------

void Core::AppendConfiguration(Configuration next) {
  AppendToLog({log_.last().Next(), RecordKind::kConfiguration, nullptr,
               std::make_shared<const Configuration>(std::move(next))});
}

// The leader's peers follow the newest configuration.
void Core::ConfigurationChanged() {
  auto* leader = std::get_if<Leader>(&role_);
  if (leader == nullptr) return;
  const Configuration& newest = configuration();
  std::erase_if(leader->peers, [&](const auto& entry) {
    return newest.Find(entry.second.key) == nullptr;
  });
  for (const Member& member : newest.members()) {
    const bool votes = member.voter || member.outgoing_voter;
    if (member.id == hard_state_.member) {
      if (!votes) leader->own_voter_since_ms.reset();
      if (votes && !leader->own_voter_since_ms.has_value()) {
        leader->own_voter_since_ms = now_ms_;
      }
      continue;
    }
    const auto [entry, added] = leader->peers.try_emplace(
        member.id, member.Key(), member.address, now_ms_);
    Progress& peer = entry->second;
    if (!votes) peer.voter_since_ms.reset();
    if (votes && !peer.voter_since_ms.has_value()) {
      peer.voter_since_ms = now_ms_;
    }
    if (added) AskHistory(peer);
  }
}

// The leader's commit point moved: drives a change on, step by step.
void Core::MembershipCommitted() {
  const ConfigurationHistory::Entry newest = history_.Newest();
  if (newest.zxid > commit_) return;
  if (newest.configuration->IsJoint()) {
    return AppendConfiguration(newest.configuration->LeaveJoint());
  }
  if (Leaving()) return;  // the next tick hands over (rule 18)
  if (newest.zxid == log_.last()) {
    // "Done" needs a commit of the new configuration's own (rule 18).
    AppendToLog({log_.last().Next(), RecordKind::kBarrier, nullptr, nullptr});
  }
  if (newest.zxid < commit_) TellRemoved();
}

// Tells the members that the newest change removed; whoever misses it hears it
// when it asks.
void Core::TellRemoved() {
  auto& leader = std::get<Leader>(role_);
  const Configuration& newest = configuration();
  const auto& entries = history_.entries();
  if (leader.told_version == newest.version() || entries.size() < 2) return;
  leader.told_version = newest.version();
  const Configuration& before = *entries[entries.size() - 2].configuration;
  for (const Member& member : before.members()) {
    if (!newest.WasRemoved(member.id)) continue;
    SendTo(member.id, member.address, Refused{WasRemovedRefusal(member.id)});
  }
}

Refusal Core::WasRemovedRefusal(MemberId id) const {
  return {Rule::kOrderlyExit,
          absl::StrCat("member ", ToString(id), " was removed by version ",
                       configuration().version(),
                       " of the configuration; stop it, and join with an "
                       "empty disk under a new id"),
          {},
          {}};
}

Refusal Core::OtherIncarnation(const Member& known) const {
  return {Rule::kIncarnation,
          absl::StrCat("member ", ToString(known.id),
                       " was admitted with data directory ",
                       ToString(known.incarnation),
                       "; a wiped or copied disk is another member: remove ",
                       ToString(known.id), " and join under a new id"),
          {},
          {}};
}

// --- Joiners and the removed
// ------------------------------------------------------------

void Core::OnJoinRequest(const Envelope& envelope) {
  const Incarnation incarnation = envelope.from.incarnation;
  if (IsUnsafe()) {
    Count(Rule::kEnsembleId, envelope.from.id);
    return Send(envelope,
                JoinReply{incarnation, false, "", UnsafeEnsembleRefusal()});
  }
  if (SettledAway(envelope.from.id) && !envelope.ensemble.IsNone()) {
    return Refuse(envelope, WasRemovedRefusal(envelope.from.id));
  }
  if (IsLeader()) return AdmitJoiner(envelope);
  const auto* follower = std::get_if<Follower>(&role_);
  if (follower == nullptr) return;
  Send(envelope, JoinReply{incarnation, false, follower->leader_address, {}});
}

void Core::AdmitJoiner(const Envelope& envelope) {
  JoinReply reply;
  reply.incarnation = envelope.from.incarnation;
  const Member* known = configuration().Find(envelope.from.id);
  if (known != nullptr) {
    if (known->incarnation != envelope.from.incarnation &&
        On(Guard::kRule4Incarnation)) {
      reply.refusal = OtherIncarnation(*known);
      // What is not committed may be taken back: not the last word yet.
      if (history_.Newest().zxid > commit_) {
        reply.refusal.retry_after_ms = options_.election_ms;
      }
      Count(reply.refusal.rule, envelope.from.id, reply.refusal.reason);
    } else {
      const Configuration& committed = *history_.At(commit_).configuration;
      reply.admitted = committed.Find(known->Key()) != nullptr;
    }
    return Send(envelope, std::move(reply));
  }
  if (configuration().WasRemoved(envelope.from.id) &&
      On(Guard::kRule5NoResurrection)) {
    reply.refusal = {Rule::kNoResurrection,
                     absl::StrCat("id ", ToString(envelope.from.id),
                                  " was removed and is never admitted again; "
                                  "join under an id that was never used"),
                     {},
                     {}};
    if (history_.Newest().zxid > commit_) {
      reply.refusal.retry_after_ms = options_.election_ms;
    }
    Count(reply.refusal.rule, envelope.from.id, reply.refusal.reason);
    return Send(envelope, std::move(reply));
  }
  MembershipChange change;
  change.change_id = envelope.from.incarnation.value;
  change.expected_version = configuration().version();
  change.add_learners.push_back({envelope.from.id, envelope.from.incarnation,
                                 envelope.from_address, false, false});
  const AdmissionDecision decision = ChangeMembership(change);
  if (decision.outcome == AdmissionDecision::Outcome::kRefused) {
    reply.refusal = decision.refusal;
  } else if (decision.outcome == AdmissionDecision::Outcome::kInvalid) {
    reply.refusal = {
        Rule::kNoSelfStart, std::string(decision.error.message()), {}, {}};
  }
  Send(envelope, std::move(reply));
}

// What others refuse of us. Two refusals are final: we were removed, or our
// data directory is not the one that was admitted.
void Core::OnRefused(const Envelope& envelope, const Refused& refused) {
  Emit({EventKind::kRefusedByPeer, envelope.from.id, refused.refusal.rule, 0,
        Zxid(), refused.refusal.reason});
  if (hard_state_.ensemble.IsNone() ||
      envelope.ensemble != hard_state_.ensemble) {
    return;
  }
  if (refused.refusal.rule == Rule::kOrderlyExit) {
    hard_state_.removed = true;
    SaveHardState();
    Stop(refused.refusal);
  } else if (refused.refusal.rule == Rule::kIncarnation) {
    Stop(refused.refusal);
  }
}

}  // namespace quorate::consensus
