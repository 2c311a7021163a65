#include "coord/consensus/admission.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission_rules.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/rule.h"

namespace quorate::consensus {
namespace {

using Outcome = AdmissionDecision::Outcome;
using RuleCheck = std::optional<Refusal> (*)(const AdmissionCase&);

// If one of these refuses, the others cannot be judged yet: a leader that is
// not settled has heard from nobody.
constexpr RuleCheck kFirst[] = {CheckNoResurrection, CheckOneAtATime,
                                CheckSettledLeader};

// All are asked, because the change can be made only when the last of them
// agrees. The answer is that of the first which refuses whatever time passes,
// and only if there is none, of the first that refuses: who is told to wait for
// one rule while another one stays in the way waits in vain.
constexpr RuleCheck kRest[] = {
    CheckExpectedVersion, CheckBoundedJoining,   CheckAllProven,
    CheckStability,       CheckSeasonedMajority, CheckLiveQuorum,
    CheckCarefulRemoval,  CheckAutomaticRemoval,
};

AdmissionDecision Refuse(Refusal refusal) {
  AdmissionDecision decision;
  decision.outcome = Outcome::kRefused;
  decision.refusal = std::move(refusal);
  return decision;
}

AdmissionDecision Invalid(absl::Status error) {
  AdmissionDecision decision;
  decision.outcome = Outcome::kInvalid;
  decision.error = std::move(error);
  return decision;
}

std::optional<Refusal> Judge(const AdmissionCase& c) {
  for (RuleCheck check : kFirst) {
    if (std::optional<Refusal> refusal = check(c)) return refusal;
  }
  std::optional<Refusal> answer;
  int64_t retry_after_ms = 0;
  for (RuleCheck check : kRest) {
    std::optional<Refusal> refusal = check(c);
    if (!refusal.has_value()) continue;
    if (!refusal->retry_after_ms.has_value()) return refusal;
    retry_after_ms = std::max(retry_after_ms, *refusal->retry_after_ms);
    if (!answer.has_value()) answer = std::move(refusal);
  }
  if (answer.has_value()) answer->retry_after_ms = retry_after_ms;
  return answer;
}

// The first bound of rule 12 that `member` exceeds, as a sentence; else empty.
std::string WhyUnfit(const MemberFacts& member, const Limits& limits,
                     int64_t now_ms) {
  const std::string name = absl::StrCat("learner ", ToString(member.key.id));
  if (!member.last_heard_ms.has_value()) {
    return absl::StrCat(name,
                        " has not been heard by this leader yet; check "
                        "that it runs and can reach the leader");
  }
  if (!IsInContact(member, limits, now_ms)) {
    return absl::StrCat(name, " was last heard ",
                        now_ms - *member.last_heard_ms, " ms ago, at most ",
                        limits.contact_ms,
                        " are allowed; check that it runs and its network");
  }
  if (member.lag_records > limits.max_lag_records) {
    return absl::StrCat(name, " lacks ", member.lag_records,
                        " records, at most ", limits.max_lag_records,
                        " are allowed; wait until it has caught up");
  }
  if (member.lag_bytes > limits.max_lag_bytes) {
    return absl::StrCat(name, " lacks ", member.lag_bytes,
                        " bytes of records, at most ", limits.max_lag_bytes,
                        " are allowed; wait until it has caught up");
  }
  if (member.fsync_ms > limits.max_fsync_ms) {
    return absl::StrCat(name, " needs ", member.fsync_ms,
                        " ms for an fsync, at most ", limits.max_fsync_ms,
                        " are allowed; give it a faster disk");
  }
  return "";
}

}  // namespace

AdmissionDecision DecideAdmission(const MembershipChange& change,
                                  const AdmissionFacts& facts) {
  QUORATE_CHECK(facts.configuration != nullptr);
  const Configuration& present = *facts.configuration;
  const std::optional<uint64_t> made =
      present.VersionOfChange(change.change_id);
  if (made.has_value()) {
    AdmissionDecision decision;
    decision.outcome = Outcome::kAlreadyMade;
    decision.version = *made;
    return decision;
  }
  absl::Status sense = present.CheckSense(change);
  if (!sense.ok()) return Invalid(std::move(sense));
  std::optional<Refusal> refusal = Judge(AdmissionCase(change, facts));
  if (refusal.has_value()) return Refuse(*std::move(refusal));
  absl::StatusOr<Configuration> next = present.Enter(change);
  if (!next.ok()) return Invalid(next.status());
  AdmissionDecision decision;
  decision.outcome = Outcome::kAccepted;
  decision.next = *std::move(next);
  decision.version = *decision.next.VersionOfChange(change.change_id);
  return decision;
}

std::optional<Refusal> CheckProven(const MemberFacts& member,
                                   const Limits& limits, int64_t now_ms) {
  if (!On(Guard::kRule12ProvenLearner)) return std::nullopt;
  std::string why = WhyUnfit(member, limits, now_ms);
  if (why.empty()) return std::nullopt;
  Refusal refusal;
  refusal.rule = Rule::kProvenLearner;
  refusal.reason = std::move(why);
  refusal.numbers = {
      {"member", static_cast<int64_t>(member.key.id.value)},
      {"max_contact_age_ms", limits.contact_ms},
      {"lag_records", static_cast<int64_t>(member.lag_records)},
      {"max_lag_records", static_cast<int64_t>(limits.max_lag_records)},
      {"lag_bytes", static_cast<int64_t>(member.lag_bytes)},
      {"max_lag_bytes", static_cast<int64_t>(limits.max_lag_bytes)},
      {"fsync_ms", member.fsync_ms},
      {"max_fsync_ms", limits.max_fsync_ms},
  };
  if (member.last_heard_ms.has_value()) {
    refusal.numbers.insert(refusal.numbers.begin() + 1,
                           {"contact_age_ms", now_ms - *member.last_heard_ms});
  }
  // Were it fit at once, it would have to stay so for that long (rule 13).
  refusal.retry_after_ms = limits.stabilisation_ms;
  return refusal;
}

bool IsInContact(const MemberFacts& member, const Limits& limits,
                 int64_t now_ms) {
  return member.last_heard_ms.has_value() &&
         now_ms - *member.last_heard_ms <= limits.contact_ms;
}

std::optional<int64_t> SeasonedAtMs(const MemberFacts& member,
                                    const Limits& limits, int64_t now_ms) {
  if (!member.voter_since_ms.has_value() ||
      !IsInContact(member, limits, now_ms)) {
    return std::nullopt;
  }
  return std::max(*member.voter_since_ms, member.heard_since_ms) +
         limits.stabilisation_ms;
}

bool IsSeasoned(const MemberFacts& member, const Limits& limits,
                int64_t now_ms) {
  const std::optional<int64_t> at_ms = SeasonedAtMs(member, limits, now_ms);
  return at_ms.has_value() && *at_ms <= now_ms;
}

bool IsDead(const MemberFacts& member, const AdmissionFacts& facts) {
  const int64_t silent_since_ms =
      std::max(member.last_heard_ms.value_or(facts.leader_since_ms),
               facts.leader_since_ms);
  return facts.now_ms - silent_since_ms >=
         facts.configuration->limits().dead_ms;
}

}  // namespace quorate::consensus
