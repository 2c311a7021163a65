#include "coord/rpc/codec/admin_codec.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/can_stop.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/replica.h"
#include "coord/rpc/codec/error.h"
#include "coord/rpc/codec/error_codec.h"
#include "coord/rpc/codec/ids_codec.h"
#include "coord/tree/sessions.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/tree.h"
#include "proto/coord/v1/admin.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

namespace {

using consensus::Configuration;
using consensus::Core;

// A dry run changes nothing, so any number does that no change is remembered
// by.
constexpr uint64_t kDryRunChangeId = 0x6472'7920'7275'6e21;

std::string LeaderAddress(const Core& core) {
  if (core.IsLeader()) return core.options().address;
  const consensus::Member* leader = core.configuration().Find(core.leader());
  return leader == nullptr ? std::string() : leader->address;
}

const consensus::MemberFacts* FactsOf(
    const std::optional<consensus::AdmissionFacts>& facts,
    const MemberKey& key) {
  if (!facts) return nullptr;
  for (const consensus::MemberFacts& member : facts->members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

consensus::Zxid AckedBy(const Core& core, const MemberKey& key) {
  if (key == core.key()) return core.durable();
  const auto* leader = std::get_if<consensus::Leader>(&core.role());
  if (leader == nullptr) return consensus::Zxid();
  const auto it = leader->peers.find(key.id);
  return it == leader->peers.end() ? consensus::Zxid() : it->second.match;
}

void PutFacts(const consensus::MemberFacts& member,
              const consensus::AdmissionFacts& facts, v1::MemberInfo& info) {
  info.set_known(true);
  if (member.last_heard_ms) {
    info.set_last_heard_ms(facts.now_ms - *member.last_heard_ms);
  }
  info.set_lag_records(member.lag_records);
  info.set_lag_bytes(member.lag_bytes);
  info.set_fsync_ms(member.fsync_ms);
  const consensus::Limits& limits = facts.configuration->limits();
  info.set_seasoned(consensus::IsSeasoned(member, limits, facts.now_ms));
  const std::optional<int64_t> seasoned_at_ms =
      consensus::SeasonedAtMs(member, limits, facts.now_ms);
  if (seasoned_at_ms && !info.seasoned()) {
    info.set_seasoned_in_ms(*seasoned_at_ms - facts.now_ms);
  }
  if (member.voter_since_ms) {
    info.set_voter_for_ms(facts.now_ms - *member.voter_since_ms);
  }
  if (member.proven_since_ms) {
    info.set_proven_for_ms(facts.now_ms - *member.proven_since_ms);
  }
}

consensus::Limits ReadLimits(const v1::MembershipLimits& proto) {
  return {.stabilisation_ms = proto.stabilisation_ms(),
          .promotion_distance_ms = proto.promotion_distance_ms(),
          .contact_ms = proto.contact_ms(),
          .dead_ms = proto.dead_ms(),
          .max_lag_records = proto.max_lag_records(),
          .max_lag_bytes = proto.max_lag_bytes(),
          .max_fsync_ms = proto.max_fsync_ms(),
          .max_learners = proto.max_learners(),
          .max_snapshot_transfers = proto.max_snapshot_transfers(),
          .min_voters = proto.min_voters(),
          .auto_promote = proto.auto_promote(),
          .auto_remove_dead = proto.auto_remove_dead()};
}

void PutLimits(const consensus::Limits& limits, v1::MembershipLimits& proto) {
  proto.set_stabilisation_ms(limits.stabilisation_ms);
  proto.set_promotion_distance_ms(limits.promotion_distance_ms);
  proto.set_contact_ms(limits.contact_ms);
  proto.set_dead_ms(limits.dead_ms);
  proto.set_max_lag_records(limits.max_lag_records);
  proto.set_max_lag_bytes(limits.max_lag_bytes);
  proto.set_max_fsync_ms(limits.max_fsync_ms);
  proto.set_max_learners(limits.max_learners);
  proto.set_max_snapshot_transfers(limits.max_snapshot_transfers);
  proto.set_min_voters(limits.min_voters);
  proto.set_auto_promote(limits.auto_promote);
  proto.set_auto_remove_dead(limits.auto_remove_dead);
}

// The refusal or error of a decision; nothing if it is neither.
std::optional<v1::ErrorDetail> WhyNot(
    const consensus::AdmissionDecision& decision) {
  using Outcome = consensus::AdmissionDecision::Outcome;
  switch (decision.outcome) {
    case Outcome::kRefused:
      return ToErrorDetail(decision.refusal);
    case Outcome::kInvalid:
      return ToErrorDetail(decision.error);
    case Outcome::kAccepted:
    case Outcome::kAlreadyMade:
      break;
  }
  return std::nullopt;
}

// What promoting this learner, and nothing else, would be answered now.
void PutPromotion(const replica::Replica& replica, MemberId learner,
                  v1::MemberInfo& info) {
  consensus::MembershipChange change;
  change.change_id = kDryRunChangeId;
  change.expected_version = replica.core().configuration().version();
  change.promote = {learner};
  const std::optional<v1::ErrorDetail> why =
      WhyNot(replica.PlanMembership(change));
  if (why) *info.mutable_promotion_refusal() = *why;
}

v1::ChangeMembershipResponse::Outcome OutcomeOf(
    consensus::AdmissionDecision::Outcome outcome) {
  using Outcome = consensus::AdmissionDecision::Outcome;
  switch (outcome) {
    case Outcome::kAccepted:
      return v1::ChangeMembershipResponse::OUTCOME_ACCEPTED;
    case Outcome::kAlreadyMade:
      return v1::ChangeMembershipResponse::OUTCOME_ALREADY_MADE;
    case Outcome::kRefused:
      return v1::ChangeMembershipResponse::OUTCOME_REFUSED;
    case Outcome::kInvalid:
      break;
  }
  return v1::ChangeMembershipResponse::OUTCOME_INVALID;
}

void DescribeCore(const Core& core, v1::StatusResponse& status) {
  const Configuration& configuration = core.configuration();
  status.set_ensemble_id(EncodeEnsembleId(core.hard_state().ensemble));
  status.set_parent_ensemble_id(EncodeEnsembleId(configuration.parent()));
  status.set_member_id(core.key().id.value);
  status.set_incarnation(core.key().incarnation.value);
  status.set_address(core.options().address);
  status.set_role(std::string(core.RoleName()));
  status.set_leader_id(core.leader().value);
  status.set_leader_address(LeaderAddress(core));
  status.set_epoch(core.epoch());
  status.set_last_zxid(core.log().last().value());
  status.set_commit_zxid(core.commit().value());
  if (core.snapshot()) {
    status.set_snapshot_zxid(core.snapshot()->zxid.value());
  }
  status.set_configuration_version(configuration.version());
  status.set_joint(configuration.IsJoint());
  status.set_unsafe(core.IsUnsafe());
}

}  // namespace

v1::StatusResponse DescribeStatus(const replica::Replica& replica) {
  v1::StatusResponse status;
  DescribeCore(replica.core(), status);
  status.set_applied_zxid(replica.state().applied().value());
  status.set_digest(replica.state().digest());
  status.set_serving(replica.IsServing());
  status.set_disk_full(replica.disk_full());
  if (const absl::Status why = replica.stop_reason(); !why.ok()) {
    *status.mutable_stopped() = ToErrorDetail(why);
  }
  const replica::Counters counters = replica.counters();
  status.set_connections(counters.connections);
  status.set_sessions(counters.sessions);
  status.set_watches(counters.watches);
  status.set_znodes(counters.znodes);
  status.set_waiting_requests(counters.waiting_requests);
  return status;
}

v1::MembersResponse DescribeMembers(const replica::Replica& replica) {
  const Core& core = replica.core();
  const Configuration& configuration = core.configuration();
  const std::optional<consensus::AdmissionFacts> facts = core.Facts();
  v1::MembersResponse response;
  response.set_ensemble_id(EncodeEnsembleId(core.hard_state().ensemble));
  response.set_configuration_version(configuration.version());
  response.set_joint(configuration.IsJoint());
  response.set_leader_id(core.leader().value);
  response.set_from_leader(core.IsLeader());
  response.set_configuration(configuration.Describe());
  response.set_unsafe(core.IsUnsafe());
  for (const consensus::Member& member : configuration.members()) {
    v1::MemberInfo& info = *response.add_members();
    info.set_id(member.id.value);
    info.set_incarnation(member.incarnation.value);
    info.set_address(member.address);
    info.set_voter(member.voter);
    info.set_outgoing_voter(member.outgoing_voter);
    if (const auto* seen = FactsOf(facts, member.Key())) {
      PutFacts(*seen, *facts, info);
      info.set_last_zxid(AckedBy(core, member.Key()).value());
      if (member.IsLearner()) PutPromotion(replica, member.id, info);
    }
  }
  for (const MemberId id : configuration.removed()) {
    response.add_removed(id.value);
  }
  PutLimits(configuration.limits(), *response.mutable_limits());
  return response;
}

v1::DumpResponse DescribeContent(const replica::Replica& replica,
                                 uint32_t limit) {
  v1::DumpResponse response;
  response.set_unsafe(replica.core().IsUnsafe());
  const tree::StateMachine& state = replica.state();
  for (const auto& [id, session] : state.sessions().sessions()) {
    if (static_cast<uint32_t>(response.sessions_size()) >= limit) {
      response.set_more(true);
      break;
    }
    v1::DumpResponse::Session& out = *response.add_sessions();
    out.set_session_id(id.value);
    out.set_timeout_ms(session.timeout_ms);
    const tree::Tree::PathSet* ephemerals = state.tree().EphemeralsOf(id);
    out.set_ephemerals(ephemerals == nullptr ? 0 : ephemerals->size());
    out.set_attached_here(replica.IsAttachedHere(id));
  }
  replica.ForEachWatch(
      [&](absl::string_view path, tree::SessionId session, uint8_t kinds) {
        if (static_cast<uint32_t>(response.watches_size()) >= limit) {
          response.set_more(true);
          return false;
        }
        v1::DumpResponse::Watch& out = *response.add_watches();
        out.set_path(std::string(path));
        out.set_session_id(session.value);
        out.set_kinds(kinds);
        return true;
      });
  return response;
}

absl::Status CheckLeads(const replica::Replica& replica) {
  const Core& core = replica.core();
  if (core.IsLeader()) return absl::OkStatus();
  return NotLeaderError(LeaderAddress(core));
}

absl::StatusOr<consensus::MembershipChange> ReadChange(
    const v1::ChangeMembershipRequest& request, uint64_t current) {
  if (request.change_id() == 0 && !request.dry_run()) {
    return MalformedError(
        "a change of membership has a change_id, drawn at random; found 0");
  }
  consensus::MembershipChange change;
  change.change_id =
      request.change_id() == 0 ? kDryRunChangeId : request.change_id();
  change.expected_version =
      request.expected_version() == 0 ? current : request.expected_version();
  for (const v1::NewMember& member : request.add_learners()) {
    change.add_learners.push_back(
        {.id = MemberId{member.id()},
         .incarnation = Incarnation{member.incarnation()},
         .address = member.address()});
  }
  for (const uint64_t id : request.promote()) {
    change.promote.push_back(MemberId{id});
  }
  for (const uint64_t id : request.remove()) {
    change.remove.push_back(MemberId{id});
  }
  if (request.has_limits()) change.limits = ReadLimits(request.limits());
  return change;
}

v1::ChangeMembershipResponse DescribeDecision(
    const consensus::AdmissionDecision& decision) {
  using Outcome = consensus::AdmissionDecision::Outcome;
  v1::ChangeMembershipResponse response;
  response.set_outcome(OutcomeOf(decision.outcome));
  response.set_version(decision.version);
  if (decision.outcome == Outcome::kAccepted) {
    response.set_configuration(decision.next.Describe());
  }
  const std::optional<v1::ErrorDetail> why = WhyNot(decision);
  if (why) *response.mutable_refusal() = *why;
  return response;
}

v1::ChangeStateResponse DescribeChange(const replica::Replica& replica,
                                       uint64_t change_id) {
  const Core& core = replica.core();
  const consensus::ChangeState state = core.StateOfChange(change_id);
  v1::ChangeStateResponse response;
  response.set_state(std::string(consensus::ChangeStateName(state)));
  response.set_version(
      core.configuration().VersionOfChange(change_id).value_or(0));
  if (state != consensus::ChangeState::kUnknown) return response;
  const consensus::AdmissionDecision* refused =
      replica.RefusedChange(change_id);
  if (refused == nullptr) return response;
  response.set_state("REFUSED");
  *response.mutable_refusal() = *WhyNot(*refused);
  return response;
}

absl::StatusOr<v1::CanStopResponse> DescribeCanStop(
    const replica::Replica& replica, MemberId member) {
  const std::optional<consensus::AdmissionFacts> facts = replica.core().Facts();
  if (!facts) return CheckLeads(replica);
  if (facts->configuration->Find(member) == nullptr) {
    return MalformedError(absl::StrCat("there is no member ", ToString(member),
                                       " in the configuration ",
                                       facts->configuration->Describe()));
  }
  v1::CanStopResponse response;
  const std::optional<consensus::Refusal> refusal =
      consensus::CheckCanStop(member, *facts);
  response.set_safe(!refusal.has_value());
  if (refusal) *response.mutable_refusal() = ToErrorDetail(*refusal);
  return response;
}

}  // namespace quorate::rpc
