#include "coord/consensus/can_stop.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/quorum.h"
#include "coord/consensus/rule.h"

namespace quorate::consensus {
namespace {

const MemberFacts& FactsOf(const AdmissionFacts& facts, MemberId id) {
  const auto found = std::find_if(
      facts.members.begin(), facts.members.end(),
      [&](const MemberFacts& member) { return member.key.id == id; });
  QUORATE_CHECK(found != facts.members.end());
  return *found;
}

bool KeepsUp(const MemberFacts& member, const Limits& limits) {
  return member.lag_records <= limits.max_lag_records &&
         member.lag_bytes <= limits.max_lag_bytes;
}

Refusal Unsettled(const AdmissionFacts& facts) {
  return {Rule::kSettledLeader,
          "the leader has not committed anything of its own epoch yet; ask "
          "again when it has",
          {{"leading_for_ms", facts.now_ms - facts.leader_since_ms}},
          facts.configuration->limits().contact_ms};
}

Refusal ChangeUnderWay(const AdmissionFacts& facts) {
  const Configuration& present = *facts.configuration;
  return {
      Rule::kOneAtATime,
      absl::StrCat("the change to configuration version ", present.version(),
                   " is under way; ask again when it is finished"),
      {{"version", static_cast<int64_t>(present.version())},
       {"committed", facts.configuration_committed ? 1 : 0},
       {"joint", present.IsJoint() ? 1 : 0}},
      present.limits().contact_ms};
}

// Those that would be left of the present voters, and how they are.
struct Others {
  int64_t in_contact = 0;
  int64_t keep_up = 0;  // and in contact
};

Refusal NoQuorum(MemberId id, const AdmissionFacts& facts,
                 const Others& others) {
  const Configuration& present = *facts.configuration;
  const Limits& limits = present.limits();
  const auto voters = static_cast<int64_t>(present.voters().size());
  const auto needed = static_cast<int64_t>(MajorityOf(present.voters().size()));
  Refusal refusal;
  refusal.rule = Rule::kLiveQuorum;
  refusal.numbers = {
      {"member", static_cast<int64_t>(id.value)},
      {"others_fit", others.keep_up},
      {"others_in_contact", others.in_contact},
      {"needed", needed},
      {"voters", voters},
      {"max_contact_age_ms", limits.contact_ms},
      {"max_lag_records", static_cast<int64_t>(limits.max_lag_records)},
      {"max_lag_bytes", static_cast<int64_t>(limits.max_lag_bytes)},
  };
  const std::string counted = absl::StrCat(
      "without member ", ToString(id), ", ", others.keep_up, " of the ", voters,
      " voters are in contact and caught up, "
      "and a quorum needs ",
      needed);
  if (voters - 1 < needed) {
    refusal.reason = absl::StrCat(
        counted, ": an ensemble of ", voters,
        " has no voter to spare, and writes would stop; add voters first");
  } else if (others.in_contact >= needed) {
    refusal.reason =
        absl::StrCat(counted, "; ask again when more have caught up");
    refusal.retry_after_ms = limits.contact_ms;
  } else {
    refusal.reason =
        absl::StrCat(counted, "; bring voters that are down back first");
  }
  return refusal;
}

}  // namespace

std::optional<Refusal> CheckCanStop(MemberId id, const AdmissionFacts& facts) {
  const Configuration& present = *facts.configuration;
  const Member* member = present.Find(id);
  QUORATE_CHECK(member != nullptr);
  if (member->IsLearner()) return std::nullopt;
  if (!facts.own_epoch_committed) return Unsettled(facts);
  if (present.IsJoint() || !facts.configuration_committed) {
    return ChangeUnderWay(facts);
  }
  const Limits& limits = present.limits();
  const auto in_contact = [&](MemberId other) {
    return other != id &&
           IsInContact(FactsOf(facts, other), limits, facts.now_ms);
  };
  const auto fit = [&](MemberId other) {
    return in_contact(other) && KeepsUp(FactsOf(facts, other), limits);
  };
  if (present.HasQuorum(fit)) return std::nullopt;
  const std::vector<MemberId>& voters = present.voters();
  Others others;
  others.in_contact = std::count_if(voters.begin(), voters.end(), in_contact);
  others.keep_up = std::count_if(voters.begin(), voters.end(), fit);
  return NoQuorum(id, facts, others);
}

}  // namespace quorate::consensus
