#include "coord/consensus/admission_rules.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/quorum.h"
#include "coord/consensus/rule.h"

namespace quorate::consensus {
namespace {

bool Contains(const std::vector<MemberId>& ids, MemberId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

int64_t CountIf(const std::vector<MemberId>& ids,
                absl::FunctionRef<bool(MemberId)> holds) {
  return std::count_if(ids.begin(), ids.end(), holds);
}

int64_t Needed(const std::vector<MemberId>& voters) {
  return static_cast<int64_t>(MajorityOf(voters.size()));
}

int64_t SizeOf(const std::vector<MemberId>& ids) {
  return static_cast<int64_t>(ids.size());
}

// Rule 14, on how many: one promotion a change.
std::optional<Refusal> CheckOnePromotion(const AdmissionCase& c) {
  if (c.change.promote.size() <= 1) return std::nullopt;
  Refusal refusal;
  refusal.rule = Rule::kSeasonedMajority;
  refusal.reason =
      absl::StrCat("a change may promote one learner, this one asks for ",
                   c.change.promote.size(), "; promote them one after another");
  refusal.numbers = {{"promotions", SizeOf(c.change.promote)},
                     {"max_promotions", 1}};
  return refusal;
}

// Rule 14, on how soon. A new leader does not know when the last promotion was,
// so it counts from the start of its reign.
std::optional<Refusal> CheckPromotionDistance(const AdmissionCase& c) {
  if (c.change.promote.empty()) return std::nullopt;
  const int64_t last_ms =
      std::max(c.facts.last_promotion_ms.value_or(c.facts.leader_since_ms),
               c.facts.leader_since_ms);
  const int64_t passed_ms = c.facts.now_ms - last_ms;
  if (passed_ms >= c.limits.promotion_distance_ms) return std::nullopt;
  Refusal refusal;
  refusal.rule = Rule::kSeasonedMajority;
  refusal.reason = absl::StrCat(
      "the last promotion, or the start of this leader's reign, was ",
      passed_ms, " ms ago, at least ", c.limits.promotion_distance_ms,
      " must pass; ask again later");
  refusal.numbers = {{"since_promotion_ms", passed_ms},
                     {"promotion_distance_ms", c.limits.promotion_distance_ms}};
  refusal.retry_after_ms = c.limits.promotion_distance_ms - passed_ms;
  return refusal;
}

// The same for a voter; nothing if it is leaving, or was none.
std::optional<int64_t> VoterSeasonedAtMs(const AdmissionCase& c, MemberId id) {
  if (!c.present.Find(id)->voter) return std::nullopt;
  return SeasonedAtMs(c.Facts(id), c.limits, c.facts.now_ms);
}

// When a majority of `voters` will be seasoned; nothing if never.
std::optional<int64_t> MajoritySeasonedAtMs(
    const AdmissionCase& c, const std::vector<MemberId>& voters) {
  std::vector<int64_t> times_ms;
  for (MemberId id : voters) {
    const std::optional<int64_t> time_ms = VoterSeasonedAtMs(c, id);
    if (time_ms.has_value()) times_ms.push_back(*time_ms);
  }
  std::sort(times_ms.begin(), times_ms.end());
  const size_t majority = MajorityOf(voters.size());
  if (times_ms.size() < majority) return std::nullopt;
  return times_ms[majority - 1];
}

// When all voters that the change removes may be called dead, as rule 17 lets
// them go then whoever is seasoned. Nothing if never, or if it promotes.
std::optional<int64_t> OnlyDeadRemovedAtMs(const AdmissionCase& c) {
  if (!c.change.promote.empty()) return std::nullopt;
  int64_t at_ms = c.facts.leader_since_ms;
  for (MemberId id : c.change.remove) {
    if (c.present.Find(id)->IsLearner()) continue;
    const MemberFacts& facts = c.Facts(id);
    if (!IsDead(facts, c.facts) &&
        IsInContact(facts, c.limits, c.facts.now_ms)) {
      return std::nullopt;
    }
    at_ms = std::max(
        at_ms, std::max(facts.last_heard_ms.value_or(c.facts.leader_since_ms),
                        c.facts.leader_since_ms) +
                   c.limits.dead_ms);
  }
  return at_ms;
}

// Since when nothing was heard of `member`, to this leader's knowledge: while
// it did not lead, or stood still itself, it could hear nobody.
int64_t SilentSinceMs(const MemberFacts& member, const AdmissionCase& c) {
  return std::max({member.last_heard_ms.value_or(c.facts.leader_since_ms),
                   c.facts.leader_since_ms, c.facts.watching_since_ms});
}

// Rule 14, on who: the seasoned voters alone decide, on both sides.
std::optional<Refusal> CheckSeasonedQuorums(const AdmissionCase& c) {
  const std::vector<MemberId>& present = c.present.voters();
  const std::optional<int64_t> present_ms = MajoritySeasonedAtMs(c, present);
  const std::optional<int64_t> resulting_ms =
      c.is_first_growth ? present_ms
                        : MajoritySeasonedAtMs(c, c.resulting_voters);
  // Either way agrees: enough seasoned voters, or only dead ones to remove.
  std::optional<int64_t> agrees_ms = OnlyDeadRemovedAtMs(c);
  if (present_ms.has_value() && resulting_ms.has_value()) {
    const int64_t seasoned_ms = std::max(*present_ms, *resulting_ms);
    agrees_ms = std::min(agrees_ms.value_or(seasoned_ms), seasoned_ms);
  }
  const int64_t now_ms = c.facts.now_ms;
  if (agrees_ms.has_value() && *agrees_ms <= now_ms) return std::nullopt;

  const auto seasoned = [&](MemberId id) {
    const std::optional<int64_t> at_ms = VoterSeasonedAtMs(c, id);
    return at_ms.has_value() && *at_ms <= now_ms;
  };
  Refusal refusal;
  refusal.rule = Rule::kSeasonedMajority;
  refusal.numbers = {
      {"seasoned_voters", CountIf(c.resulting_voters, seasoned)},
      {"needed", Needed(c.resulting_voters)},
      {"resulting_voters", SizeOf(c.resulting_voters)},
      {"present_seasoned_voters", CountIf(present, seasoned)},
      {"present_needed", Needed(present)},
      {"present_voters", SizeOf(present)},
      {"stabilisation_ms", c.limits.stabilisation_ms},
  };
  refusal.reason = absl::StrCat(
      "of the ", c.resulting_voters.size(), " resulting voters ",
      refusal.numbers[0].second, " are seasoned and ",
      Needed(c.resulting_voters), " must be, and of the ", present.size(),
      " present ones ", refusal.numbers[3].second, " of ", Needed(present),
      "; let voters prove themselves before others join or leave");
  if (agrees_ms.has_value()) refusal.retry_after_ms = *agrees_ms - now_ms;
  return refusal;
}

}  // namespace

AdmissionCase::AdmissionCase(const MembershipChange& requested,
                             const AdmissionFacts& known)
    : change(requested),
      facts(known),
      present(*known.configuration),
      limits(present.limits()),
      changes_voters(change.ChangesVoters(present)) {
  for (const Member& member : present.members()) {
    const bool votes =
        (member.voter && !Removes(member.id)) || Promotes(member.id);
    if (votes) resulting_voters.push_back(member.id);
  }
  is_first_growth = present.voters().size() == 1 &&
                    resulting_voters.size() == 2 &&
                    Contains(resulting_voters, present.voters().front());
}

const MemberFacts& AdmissionCase::Facts(MemberId id) const {
  const auto found = std::find_if(
      facts.members.begin(), facts.members.end(),
      [&](const MemberFacts& member) { return member.key.id == id; });
  QUORATE_CHECK(found != facts.members.end());
  return *found;
}

bool AdmissionCase::Promotes(MemberId id) const {
  return Contains(change.promote, id);
}

bool AdmissionCase::Removes(MemberId id) const {
  return Contains(change.remove, id);
}

std::optional<Refusal> CheckNoResurrection(const AdmissionCase& c) {
  const absl::Status status = c.present.CheckIdentities(c.change);
  if (status.ok()) return std::nullopt;
  Refusal refusal;
  refusal.rule = Rule::kNoResurrection;
  refusal.reason = std::string(status.message());
  refusal.numbers = {{"removed_members", SizeOf(c.present.removed())}};
  return refusal;
}

std::optional<Refusal> CheckOneAtATime(const AdmissionCase& c) {
  if (!On(Guard::kRule7OneAtATime)) return std::nullopt;
  const bool joint = c.present.IsJoint();
  if (!joint && c.facts.configuration_committed) return std::nullopt;
  Refusal refusal;
  refusal.rule = Rule::kOneAtATime;
  refusal.reason = absl::StrCat(
      "the change to configuration version ", c.present.version(), " is ",
      joint ? "joint" : "not committed", " yet; ask again when it is finished");
  refusal.numbers = {{"version", static_cast<int64_t>(c.present.version())},
                     {"committed", c.facts.configuration_committed ? 1 : 0},
                     {"joint", joint ? 1 : 0}};
  refusal.retry_after_ms = c.limits.contact_ms;
  return refusal;
}

std::optional<Refusal> CheckSettledLeader(const AdmissionCase& c) {
  if (!On(Guard::kRule8SettledLeader)) return std::nullopt;
  if (c.facts.own_epoch_committed) return std::nullopt;
  Refusal refusal;
  refusal.rule = Rule::kSettledLeader;
  refusal.reason =
      "the leader has not committed anything of its own epoch yet; ask again "
      "when it has";
  refusal.numbers = {
      {"leading_for_ms", c.facts.now_ms - c.facts.leader_since_ms}};
  refusal.retry_after_ms = c.limits.contact_ms;
  return refusal;
}

std::optional<Refusal> CheckExpectedVersion(const AdmissionCase& c) {
  if (!On(Guard::kRule11ExpectedVersion)) return std::nullopt;
  if (c.change.expected_version == c.present.version()) return std::nullopt;
  Refusal refusal;
  refusal.rule = Rule::kExpectedVersion;
  refusal.reason = absl::StrCat(
      "the change was decided on configuration version ",
      c.change.expected_version, ", but version ", c.present.version(),
      " is in force; look at that one and decide again");
  refusal.numbers = {
      {"expected_version", static_cast<int64_t>(c.change.expected_version)},
      {"found_version", static_cast<int64_t>(c.present.version())}};
  return refusal;
}

std::optional<Refusal> CheckBoundedJoining(const AdmissionCase& c) {
  if (!On(Guard::kRule16BoundedJoining)) return std::nullopt;
  if (c.change.add_learners.empty()) return std::nullopt;
  const auto staying =
      std::count_if(c.present.members().begin(), c.present.members().end(),
                    [&](const Member& member) {
                      return member.IsLearner() && !c.Promotes(member.id) &&
                             !c.Removes(member.id);
                    });
  const auto learners =
      staying + static_cast<int64_t>(c.change.add_learners.size());
  if (learners <= c.limits.max_learners) return std::nullopt;
  Refusal refusal;
  refusal.rule = Rule::kBoundedJoining;
  refusal.reason = absl::StrCat(
      "there would be ", learners, " learners, at most ", c.limits.max_learners,
      " may be at once; promote or remove some before others join");
  refusal.numbers = {
      {"learners", learners},
      {"joining", static_cast<int64_t>(c.change.add_learners.size())},
      {"max_learners", c.limits.max_learners}};
  return refusal;
}

std::optional<Refusal> CheckAllProven(const AdmissionCase& c) {
  for (MemberId id : c.change.promote) {
    std::optional<Refusal> refusal =
        CheckProven(c.Facts(id), c.limits, c.facts.now_ms);
    if (refusal.has_value()) return refusal;
  }
  return std::nullopt;
}

std::optional<Refusal> CheckStability(const AdmissionCase& c) {
  if (!On(Guard::kRule13ObservedStability)) return std::nullopt;
  std::optional<Refusal> answer;
  for (MemberId id : c.change.promote) {
    // Nothing seen in an earlier reign counts.
    const int64_t since_ms =
        std::max(c.Facts(id).proven_since_ms.value_or(c.facts.now_ms),
                 c.facts.leader_since_ms);
    const int64_t proven_ms = c.facts.now_ms - since_ms;
    const int64_t remaining_ms = c.limits.stabilisation_ms - proven_ms;
    if (remaining_ms <= 0) continue;
    if (answer.has_value() && *answer->retry_after_ms >= remaining_ms) continue;
    answer.emplace();
    answer->rule = Rule::kObservedStability;
    answer->reason = absl::StrCat(
        "learner ", ToString(id), " has been fit for ", proven_ms,
        " ms under this leader, at least ", c.limits.stabilisation_ms,
        " without a gap are needed; ask again later");
    answer->numbers = {{"member", static_cast<int64_t>(id.value)},
                       {"proven_for_ms", proven_ms},
                       {"stabilisation_ms", c.limits.stabilisation_ms}};
    answer->retry_after_ms = remaining_ms;
  }
  return answer;
}

std::optional<Refusal> CheckSeasonedMajority(const AdmissionCase& c) {
  if (!On(Guard::kRule14SeasonedMajority)) return std::nullopt;
  if (!c.changes_voters) return std::nullopt;
  if (auto refusal = CheckOnePromotion(c)) return refusal;
  std::optional<Refusal> distance = CheckPromotionDistance(c);
  std::optional<Refusal> quorums = CheckSeasonedQuorums(c);
  if (!distance.has_value()) return quorums;
  if (quorums.has_value()) {
    // No waiting helps: then there is no later.
    if (!quorums->retry_after_ms.has_value()) return quorums;
    // Both must agree: with the later one.
    distance->retry_after_ms =
        std::max(distance->retry_after_ms, quorums->retry_after_ms);
  }
  return distance;
}

std::optional<Refusal> CheckLiveQuorum(const AdmissionCase& c) {
  if (!On(Guard::kRule15LiveQuorum)) return std::nullopt;
  if (!c.changes_voters) return std::nullopt;
  const auto heard = [&](MemberId id) {
    return !c.Promotes(id) &&
           IsInContact(c.Facts(id), c.limits, c.facts.now_ms);
  };
  const std::vector<MemberId>& present = c.present.voters();
  if (HasMajority(present, heard) &&
      (c.is_first_growth || HasMajority(c.resulting_voters, heard))) {
    return std::nullopt;
  }
  Refusal refusal;
  refusal.rule = Rule::kLiveQuorum;
  refusal.numbers = {
      {"voters_in_contact", CountIf(c.resulting_voters, heard)},
      {"needed", Needed(c.resulting_voters)},
      {"resulting_voters", SizeOf(c.resulting_voters)},
      {"present_voters_in_contact", CountIf(present, heard)},
      {"present_needed", Needed(present)},
      {"present_voters", SizeOf(present)},
      {"max_contact_age_ms", c.limits.contact_ms},
  };
  refusal.reason = absl::StrCat(
      "not counting newcomers, ", refusal.numbers[0].second, " of the ",
      c.resulting_voters.size(), " resulting voters are in contact and ",
      Needed(c.resulting_voters), " must be, and of the ", present.size(),
      " present ones ", refusal.numbers[3].second, " of ", Needed(present),
      "; bring voters that are down back first");
  return refusal;
}

std::optional<Refusal> CheckCarefulRemoval(const AdmissionCase& c) {
  if (!On(Guard::kRule17CarefulRemoval)) return std::nullopt;
  const size_t resulting = c.resulting_voters.size();
  uint32_t floor = 0;
  // A lower floor must be in force before anybody goes below the present one.
  if (resulting < c.present.voters().size()) floor = c.limits.min_voters;
  if (c.change.limits.has_value()) {
    floor = std::max(floor, c.change.limits->min_voters);
  }
  if (resulting >= floor) return std::nullopt;
  Refusal refusal;
  refusal.rule = Rule::kCarefulRemoval;
  refusal.reason = absl::StrCat(
      "the change would leave ", resulting, " voters, and ", floor,
      " is the floor; promote others first, or replace a voter in one change");
  refusal.numbers = {{"resulting_voters", SizeOf(c.resulting_voters)},
                     {"min_voters", floor}};
  return refusal;
}

// A new leader does not know when the last one was, so it counts from the start
// of its reign.
std::optional<Refusal> CheckAutomaticRemoval(const AdmissionCase& c) {
  if (!On(Guard::kRule17CarefulRemoval)) return std::nullopt;
  if (!c.change.automatic || c.change.remove.empty()) return std::nullopt;
  const MemberId id = c.change.remove.front();
  const int64_t silent_ms = c.facts.now_ms - SilentSinceMs(c.Facts(id), c);
  const int64_t last_ms =
      std::max(c.facts.last_auto_removal_ms.value_or(c.facts.leader_since_ms),
               c.facts.leader_since_ms);
  const int64_t passed_ms = c.facts.now_ms - last_ms;
  Refusal refusal;
  refusal.rule = Rule::kCarefulRemoval;
  refusal.numbers = {
      {"member", static_cast<int64_t>(id.value)},
      {"auto_remove_dead", c.limits.auto_remove_dead ? 1 : 0},
      {"removals", SizeOf(c.change.remove)},
      {"silent_ms", silent_ms},
      {"dead_ms", c.limits.dead_ms},
      {"since_removal_ms", passed_ms},
      {"stabilisation_ms", c.limits.stabilisation_ms},
      {"needed", Needed(c.resulting_voters)},
      {"present_needed", Needed(c.present.voters())},
  };
  if (!c.limits.auto_remove_dead || c.change.remove.size() > 1 ||
      !Contains(c.present.voters(), id)) {
    refusal.reason =
        "a leader removes one dead voter at a time, and only if "
        "auto_remove_dead is set";
    return refusal;
  }
  if (Needed(c.resulting_voters) < Needed(c.present.voters())) {
    refusal.reason = absl::StrCat(
        "a quorum would need ", Needed(c.resulting_voters),
        " voters instead of ", Needed(c.present.voters()),
        ", which is for an operator to decide; add a learner in its place");
    return refusal;
  }
  const int64_t remaining_ms = std::max(c.limits.dead_ms - silent_ms,
                                        c.limits.stabilisation_ms - passed_ms);
  if (remaining_ms <= 0) return std::nullopt;
  refusal.reason = absl::StrCat(
      "voter ", ToString(id), " has been silent for ", silent_ms, " ms of ",
      c.limits.dead_ms,
      ", and the last automatic removal, or the start of "
      "this leader's reign, was ",
      passed_ms, " ms ago, at least ", c.limits.stabilisation_ms, " must pass");
  refusal.retry_after_ms = remaining_ms;
  return refusal;
}

}  // namespace quorate::consensus
