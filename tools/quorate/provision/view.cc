#include "tools/quorate/provision/view.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/client/error.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/rule.h"
#include "proto/coord/v1/admin.pb.h"
#include "proto/coord/v1/error.pb.h"

namespace quorate::tools {
namespace {

namespace v1 = coord::v1;

// The view's clock: late enough for anything that has happened.
constexpr int64_t kNowMs = int64_t{1} << 50;

int64_t Ago(int64_t ms) { return kNowMs - std::clamp<int64_t>(ms, 0, kNowMs); }

absl::Status Senseless(absl::string_view what) {
  return absl::InternalError(absl::StrCat(
      "the leader's answer makes no sense to this release of quorate: ", what));
}

consensus::Limits LimitsOf(const v1::MembershipLimits& proto) {
  consensus::Limits limits;
  limits.stabilisation_ms = proto.stabilisation_ms();
  limits.promotion_distance_ms = proto.promotion_distance_ms();
  limits.contact_ms = proto.contact_ms();
  limits.dead_ms = proto.dead_ms();
  limits.max_lag_records = proto.max_lag_records();
  limits.max_lag_bytes = proto.max_lag_bytes();
  limits.max_fsync_ms = proto.max_fsync_ms();
  limits.max_learners = proto.max_learners();
  limits.max_snapshot_transfers = proto.max_snapshot_transfers();
  limits.min_voters = proto.min_voters();
  return limits;
}

EnsembleId EnsembleOf(absl::string_view bytes) {
  uint64_t words[2] = {0, 0};
  for (size_t i = 0; i < bytes.size() && i < 16; ++i) {
    words[i / 8] = words[i / 8] << 8 | static_cast<uint8_t>(bytes[i]);
  }
  return {words[0], words[1]};
}

absl::StatusOr<consensus::ConfigurationPtr> ConfigurationOf(
    const v1::MembersResponse& members, const consensus::Limits& limits) {
  consensus::Configuration::Parts parts;
  parts.ensemble = EnsembleOf(members.ensemble_id());
  parts.version = members.configuration_version();
  parts.limits = limits;
  for (const v1::MemberInfo& info : members.members()) {
    parts.members.push_back({.id = MemberId{info.id()},
                             .incarnation = Incarnation{info.incarnation()},
                             .address = info.address(),
                             .voter = info.voter(),
                             .outgoing_voter = info.outgoing_voter()});
  }
  for (const uint64_t id : members.removed()) {
    parts.removed.push_back(MemberId{id});
  }
  absl::StatusOr<consensus::Configuration> configuration =
      consensus::Configuration::FromParts(std::move(parts));
  if (!configuration.ok()) return Senseless(configuration.status().message());
  return std::make_shared<const consensus::Configuration>(
      *std::move(configuration));
}

consensus::MemberFacts MemberFactsOf(const v1::MemberInfo& info,
                                     const consensus::Limits& limits) {
  consensus::MemberFacts facts;
  facts.key = {MemberId{info.id()}, Incarnation{info.incarnation()}};
  facts.heard_since_ms = kNowMs;
  if (!info.known()) return facts;
  if (info.has_last_heard_ms()) {
    facts.last_heard_ms = Ago(info.last_heard_ms());
  }
  facts.lag_records = info.lag_records();
  facts.lag_bytes = info.lag_bytes();
  facts.fsync_ms = info.fsync_ms();
  if (info.has_voter_for_ms()) facts.voter_since_ms = Ago(info.voter_for_ms());
  if (info.has_proven_for_ms()) {
    facts.proven_since_ms = Ago(info.proven_for_ms());
  }
  // Since when it was heard is told only by what follows from it.
  if (info.seasoned() && facts.voter_since_ms) {
    facts.heard_since_ms = *facts.voter_since_ms;
  } else if (info.has_seasoned_in_ms()) {
    facts.heard_since_ms =
        kNowMs - limits.stabilisation_ms +
        std::clamp<int64_t>(info.seasoned_in_ms(), 0, limits.stabilisation_ms);
  }
  return facts;
}

// The newest promotion that can be seen: of a voter that is still there, or as
// a refusal of rule 14 has it.
void FindLastPromotion(const v1::MembersResponse& members,
                       consensus::AdmissionFacts& facts) {
  facts.last_promotion_ms = facts.leader_since_ms;
  for (const consensus::MemberFacts& member : facts.members) {
    if (member.voter_since_ms) {
      facts.last_promotion_ms =
          std::max(facts.last_promotion_ms, member.voter_since_ms);
    }
  }
  for (const v1::MemberInfo& info : members.members()) {
    for (const v1::Number& number : info.promotion_refusal().numbers()) {
      if (number.name() != "since_promotion_ms") continue;
      facts.last_promotion_ms = Ago(number.value());
    }
  }
}

}  // namespace

absl::StatusOr<EnsembleView> ViewOf(const v1::MembersResponse& members) {
  QUORATE_CHECK(members.from_leader());
  if (!members.has_limits()) return Senseless("it tells no limits");
  const consensus::Limits limits = LimitsOf(members.limits());
  const absl::Status valid = consensus::ValidateLimits(limits);
  if (!valid.ok()) return Senseless(valid.message());
  absl::StatusOr<consensus::ConfigurationPtr> configuration =
      ConfigurationOf(members, limits);
  if (!configuration.ok()) return configuration.status();
  EnsembleView view;
  view.ensemble_id = members.ensemble_id();
  view.leader = MemberId{members.leader_id()};
  view.facts.configuration = *std::move(configuration);
  view.facts.configuration_committed = true;
  view.facts.own_epoch_committed = true;
  view.facts.now_ms = kNowMs;
  view.facts.leader_since_ms = kNowMs;
  for (const v1::MemberInfo& info : members.members()) {
    view.facts.members.push_back(MemberFactsOf(info, limits));
    // It has voted for as long as it leads.
    if (info.id() == members.leader_id() && info.has_voter_for_ms()) {
      view.facts.leader_since_ms = Ago(info.voter_for_ms());
    }
  }
  FindLastPromotion(members, view.facts);
  return view;
}

const consensus::MemberFacts& FactsOf(const consensus::AdmissionFacts& facts,
                                      MemberId id) {
  const auto found = std::find_if(facts.members.begin(), facts.members.end(),
                                  [id](const consensus::MemberFacts& member) {
                                    return member.key.id == id;
                                  });
  QUORATE_CHECK(found != facts.members.end());
  return *found;
}

absl::Status RuleError(consensus::Rule rule, absl::string_view message) {
  client::ErrorInfo info;
  info.kind = "Refused";
  info.rule = static_cast<uint32_t>(rule);
  info.rule_name = std::string(consensus::RuleName(rule));
  return client::MakeError(absl::StatusCode::kFailedPrecondition, message,
                           info);
}

}  // namespace quorate::tools
