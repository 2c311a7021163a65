#include "tools/quorate/provision/sim_ensemble.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/rule.h"
#include "proto/coord/v1/admin.pb.h"
#include "proto/coord/v1/error.pb.h"
#include "tools/quorate/provision/target.h"

namespace quorate::tools {
namespace {

namespace v1 = coord::v1;
using consensus::AdmissionDecision;
using consensus::AdmissionFacts;
using consensus::Configuration;
using consensus::Member;
using consensus::MemberFacts;

constexpr int64_t kTickMs = 20;
constexpr int64_t kElectionMs = 300;
constexpr int64_t kLongestCommitMs = 60;
constexpr int64_t kLongestCatchUpMs = 900;
constexpr EnsembleId kEnsemble = {0xabc, 0xdef};

std::string EnsembleBytes() {
  std::string bytes(16, '\0');
  for (int i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(kEnsemble.high >> (56 - 8 * i));
    bytes[8 + i] = static_cast<char>(kEnsemble.low >> (56 - 8 * i));
  }
  return bytes;
}

Member MemberOf(uint64_t id) {
  return {.id = MemberId{id},
          .incarnation = Incarnation{100 + id},
          .address = SimAddress(id)};
}

v1::ErrorDetail DetailOf(const AdmissionDecision& decision) {
  v1::ErrorDetail detail;
  detail.set_kind("Refused");
  if (decision.outcome == AdmissionDecision::Outcome::kInvalid) {
    detail.set_message(std::string(decision.error.message()));
    return detail;
  }
  const consensus::Refusal& refusal = decision.refusal;
  detail.set_rule(static_cast<uint32_t>(refusal.rule));
  detail.set_message(refusal.reason);
  for (const auto& [name, value] : refusal.numbers) {
    v1::Number& number = *detail.add_numbers();
    number.set_name(name);
    number.set_value(value);
  }
  if (refusal.retry_after_ms) {
    detail.set_retry_after_ms(*refusal.retry_after_ms);
  }
  return detail;
}

void PutLimits(const consensus::Limits& limits, v1::MembershipLimits& out) {
  out.set_stabilisation_ms(limits.stabilisation_ms);
  out.set_promotion_distance_ms(limits.promotion_distance_ms);
  out.set_contact_ms(limits.contact_ms);
  out.set_dead_ms(limits.dead_ms);
  out.set_max_lag_records(limits.max_lag_records);
  out.set_max_lag_bytes(limits.max_lag_bytes);
  out.set_max_fsync_ms(limits.max_fsync_ms);
  out.set_max_learners(limits.max_learners);
  out.set_max_snapshot_transfers(limits.max_snapshot_transfers);
  out.set_min_voters(limits.min_voters);
}

void PutFacts(const MemberFacts& member, const consensus::Limits& limits,
              int64_t now_ms, v1::MemberInfo& info) {
  info.set_known(true);
  if (member.last_heard_ms)
    info.set_last_heard_ms(now_ms - *member.last_heard_ms);
  info.set_lag_records(member.lag_records);
  info.set_seasoned(consensus::IsSeasoned(member, limits, now_ms));
  if (member.voter_since_ms) {
    info.set_voter_for_ms(now_ms - *member.voter_since_ms);
    if (!info.seasoned() && consensus::IsInContact(member, limits, now_ms)) {
      info.set_seasoned_in_ms(
          std::max(*member.voter_since_ms, member.heard_since_ms) +
          limits.stabilisation_ms - now_ms);
    }
  }
  if (member.proven_since_ms) {
    info.set_proven_for_ms(now_ms - *member.proven_since_ms);
  }
}

}  // namespace

std::string SimAddress(uint64_t id) { return absl::StrCat("host:", id); }

SimEnsemble::SimEnsemble(const std::vector<uint64_t>& founders,
                         const consensus::Limits& limits, uint64_t seed)
    : random_(seed) {
  std::vector<Member> members;
  for (const uint64_t id : founders) {
    members.push_back(MemberOf(id));
    processes_[id].belongs = true;
  }
  configuration_ = std::make_shared<const Configuration>(
      Configuration::Found(kEnsemble, std::move(members), limits));
  before_ = configuration_;
  Elect();
}

void SimEnsemble::Advance(int64_t ms) {
  const int64_t until_ms = now_ms_ + ms;
  while (now_ms_ < until_ms) {
    now_ms_ = std::min(until_ms, now_ms_ + kTickMs);
    Tick();
  }
}

void SimEnsemble::Tick() {
  if (!leader_.IsNone() && (!Runs(leader_.value) || !HasQuorum())) {
    leader_ = MemberId();
    elects_at_ms_ = now_ms_ + kElectionMs;
  }
  if (leader_.IsNone()) {
    if (elects_at_ms_ && now_ms_ >= *elects_at_ms_) Elect();
    return;
  }
  Hear();
  Commit();
}

// What the leader learns of its members.
void SimEnsemble::Hear() {
  const consensus::Limits& limits = configuration_->limits();
  for (const Member& member : configuration_->members()) {
    MemberFacts& facts = FactsOfMember(member);
    const Process& process = processes_[member.id.value];
    const bool votes = member.voter || member.outgoing_voter;
    if (!votes) facts.voter_since_ms.reset();
    if (votes && !facts.voter_since_ms) facts.voter_since_ms = now_ms_;
    if (process.runs) {
      const bool gap = !facts.last_heard_ms ||
                       now_ms_ - *facts.last_heard_ms > limits.contact_ms;
      if (gap && member.id != leader_) {
        facts.heard_since_ms = now_ms_;
        facts.proven_since_ms.reset();
      }
      facts.last_heard_ms = now_ms_;
    }
    facts.lag_records = now_ms_ < process.caught_up_at_ms ? 100'000 : 0;
    if (consensus::CheckProven(facts, limits, now_ms_).has_value()) {
      facts.proven_since_ms.reset();
    } else if (!facts.proven_since_ms) {
      facts.proven_since_ms = now_ms_;
    }
  }
}

void SimEnsemble::Commit() {
  if (committed_ || now_ms_ < commits_at_ms_ || now_ms_ < settled_at_ms_) {
    return;
  }
  committed_ = true;
  before_ = configuration_;
  if (configuration_->IsJoint()) return Adopt(configuration_->LeaveJoint());
  for (auto& [id, process] : processes_) {
    if (!process.belongs || configuration_->Find(MemberId{id}) != nullptr) {
      continue;
    }
    process.belongs = false;
    process.removed = true;
    process.runs = false;
  }
  if (!configuration_->IsVoter(
          {leader_, MemberOf(leader_.value).incarnation})) {
    leader_ = MemberId();  // it hands over (rule 18)
    elects_at_ms_ = now_ms_ + kTickMs;
  }
}

void SimEnsemble::Adopt(Configuration next) {
  configuration_ = std::make_shared<const Configuration>(std::move(next));
  committed_ = false;
  commits_at_ms_ = now_ms_ + random_.Between(1, kLongestCommitMs);
  std::erase_if(facts_, [&](const auto& entry) {
    return configuration_->Find(MemberId{entry.first}) == nullptr;
  });
  for (const Member& member : configuration_->members()) {
    Process& process = processes_[member.id.value];
    if (process.belongs) continue;
    process.belongs = true;
    process.caught_up_at_ms = now_ms_ + random_.Between(0, kLongestCatchUpMs);
  }
  Hear();
}

bool SimEnsemble::HasQuorum() const {
  return configuration_->HasQuorum([&](MemberId id) { return Runs(id.value); });
}

// Somebody who runs and votes leads, and knows nothing of what was before.
void SimEnsemble::Elect() {
  elects_at_ms_ = now_ms_ + kElectionMs;
  leader_ = MemberId();
  // What was not committed may be lost; what is joint is finished in any case.
  if (!committed_ && random_.Chance(500'000)) {
    configuration_ = before_;
    committed_ = true;
    for (auto& [id, process] : processes_) {
      if (configuration_->Find(MemberId{id}) == nullptr && process.belongs) {
        process.belongs = false;  // it was never told
      }
    }
  }
  if (!HasQuorum()) return;
  std::vector<MemberId> able;
  for (const MemberId id : configuration_->voters()) {
    if (Runs(id.value)) able.push_back(id);
  }
  QUORATE_CHECK(!able.empty());
  leader_ = able[random_.Below(able.size())];
  leader_since_ms_ = now_ms_;
  settled_at_ms_ = now_ms_ + random_.Between(1, kLongestCommitMs);
  last_promotion_ms_.reset();
  elects_at_ms_.reset();
  facts_.clear();
  if (configuration_->IsJoint()) {
    committed_ = false;
    commits_at_ms_ = settled_at_ms_;
  }
  // Voters vote under it from the start of its reign.
  for (const Member& member : configuration_->members()) FactsOfMember(member);
  facts_.at(leader_.value).last_heard_ms = now_ms_;
}

MemberFacts& SimEnsemble::FactsOfMember(const Member& member) {
  const auto [found, added] = facts_.try_emplace(member.id.value);
  if (added) {
    found->second.key = member.Key();
    found->second.heard_since_ms = now_ms_;
    if (member.voter || member.outgoing_voter) {
      found->second.voter_since_ms = now_ms_;
    }
  }
  return found->second;
}

void SimEnsemble::StartNewcomer(uint64_t id) { processes_[id] = Process(); }

void SimEnsemble::Stop(uint64_t id) { processes_.at(id).runs = false; }

void SimEnsemble::Start(uint64_t id) {
  Process& process = processes_.at(id);
  if (!process.removed) process.runs = true;
}

bool SimEnsemble::Runs(uint64_t id) const {
  const auto found = processes_.find(id);
  return found != processes_.end() && found->second.runs;
}

void SimEnsemble::ChangeLeader() {
  if (!leader_.IsNone()) Elect();
}

AdmissionFacts SimEnsemble::Facts() const {
  QUORATE_CHECK(!leader_.IsNone());
  AdmissionFacts facts;
  facts.configuration = configuration_;
  facts.configuration_committed = committed_;
  facts.own_epoch_committed = now_ms_ >= settled_at_ms_;
  facts.now_ms = now_ms_;
  facts.leader_since_ms = leader_since_ms_;
  facts.last_promotion_ms = last_promotion_ms_;
  for (const Member& member : configuration_->members()) {
    const auto found = facts_.find(member.id.value);
    MemberFacts known;
    if (found != facts_.end()) known = found->second;
    known.key = member.Key();
    if (member.id == leader_) known.last_heard_ms = now_ms_;
    facts.members.push_back(known);
  }
  return facts;
}

std::optional<v1::MembersResponse> SimEnsemble::Members() const {
  if (leader_.IsNone()) return std::nullopt;
  const AdmissionFacts facts = Facts();
  const consensus::Limits& limits = configuration_->limits();
  v1::MembersResponse response;
  response.set_ensemble_id(EnsembleBytes());
  response.set_configuration_version(configuration_->version());
  response.set_joint(configuration_->IsJoint());
  response.set_leader_id(leader_.value);
  response.set_from_leader(true);
  PutLimits(limits, *response.mutable_limits());
  for (size_t i = 0; i < configuration_->members().size(); ++i) {
    const Member& member = configuration_->members()[i];
    v1::MemberInfo& info = *response.add_members();
    info.set_id(member.id.value);
    info.set_incarnation(member.incarnation.value);
    info.set_address(member.address);
    info.set_voter(member.voter);
    info.set_outgoing_voter(member.outgoing_voter);
    PutFacts(facts.members[i], limits, now_ms_, info);
    if (!member.IsLearner()) continue;
    consensus::MembershipChange change;
    change.change_id = 1;
    change.expected_version = configuration_->version();
    change.promote = {member.id};
    const AdmissionDecision decision =
        consensus::DecideAdmission(change, facts);
    if (decision.outcome != AdmissionDecision::Outcome::kAccepted) {
      *info.mutable_promotion_refusal() = DetailOf(decision);
    }
  }
  for (const MemberId id : configuration_->removed()) {
    response.add_removed(id.value);
  }
  return response;
}

Answers SimEnsemble::Ask(const std::vector<std::string>& addresses) const {
  Answers answers;
  for (const std::string& address : addresses) {
    absl::StatusOr<v1::StatusResponse> answer =
        absl::UnavailableError("connection refused");
    for (const auto& [id, process] : processes_) {
      if (SimAddress(id) != address || !process.runs) continue;
      v1::StatusResponse status;
      status.set_member_id(id);
      status.set_incarnation(MemberOf(id).incarnation.value);
      status.set_address(address);
      status.set_role(process.belongs ? "learner" : "joining");
      if (process.belongs) status.set_ensemble_id(EnsembleBytes());
      answer = status;
    }
    answers.emplace(address, std::move(answer));
  }
  return answers;
}

std::optional<v1::ChangeMembershipResponse> SimEnsemble::Change(
    const v1::ChangeMembershipRequest& request) {
  if (leader_.IsNone()) return std::nullopt;
  consensus::MembershipChange change;
  change.change_id = request.change_id();
  change.expected_version = request.expected_version();
  for (const v1::NewMember& member : request.add_learners()) {
    change.add_learners.push_back(MemberOf(member.id()));
  }
  for (const uint64_t id : request.promote()) {
    change.promote.push_back(MemberId{id});
  }
  for (const uint64_t id : request.remove()) {
    change.remove.push_back(MemberId{id});
  }
  const AdmissionDecision decision =
      consensus::DecideAdmission(change, Facts());
  v1::ChangeMembershipResponse response;
  switch (decision.outcome) {
    case AdmissionDecision::Outcome::kAccepted:
      if (!change.promote.empty()) last_promotion_ms_ = now_ms_;
      Adopt(decision.next);
      response.set_outcome(v1::ChangeMembershipResponse::OUTCOME_ACCEPTED);
      return response;
    case AdmissionDecision::Outcome::kAlreadyMade:
      response.set_outcome(v1::ChangeMembershipResponse::OUTCOME_ALREADY_MADE);
      return response;
    case AdmissionDecision::Outcome::kRefused:
      response.set_outcome(v1::ChangeMembershipResponse::OUTCOME_REFUSED);
      break;
    case AdmissionDecision::Outcome::kInvalid:
      response.set_outcome(v1::ChangeMembershipResponse::OUTCOME_INVALID);
      break;
  }
  *response.mutable_refusal() = DetailOf(decision);
  return response;
}

}  // namespace quorate::tools
