// The membership rules that admission decides on, one function a rule: nothing
// if the rule has no objection, else its refusal. Internal to admission.
//
// A refusal's retry_after_ms is the earliest time at which this rule could
// agree if members that are in contact stay so, and nobody comes back.

#ifndef QUORATE_COORD_CONSENSUS_ADMISSION_RULES_H_
#define QUORATE_COORD_CONSENSUS_ADMISSION_RULES_H_

#include <optional>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/rule.h"

namespace quorate::consensus {

// A change, and what it is judged by. The limits are those in force: the ones
// that the change brings count from the next change on.
struct AdmissionCase {
  // REQUIRES: both outlive this object; `change` makes sense (CheckSense).
  AdmissionCase(const MembershipChange& requested, const AdmissionFacts& known);

  const MemberFacts& Facts(MemberId id) const;  // REQUIRES: `id` is a member
  bool Promotes(MemberId id) const;
  bool Removes(MemberId id) const;

  const MembershipChange& change;
  const AdmissionFacts& facts;
  const Configuration& present;
  const Limits& limits;
  // The voters once the change is made; ascending.
  std::vector<MemberId> resulting_voters;
  bool changes_voters;
  // From one voter to two: the newcomer is needed for every quorum, so the
  // rules cannot ask for one without it (rules 14 and 15).
  bool is_first_growth;
};

std::optional<Refusal> CheckNoResurrection(const AdmissionCase& c);    // 5
std::optional<Refusal> CheckOneAtATime(const AdmissionCase& c);        // 7
std::optional<Refusal> CheckSettledLeader(const AdmissionCase& c);     // 8
std::optional<Refusal> CheckExpectedVersion(const AdmissionCase& c);   // 11
std::optional<Refusal> CheckBoundedJoining(const AdmissionCase& c);    // 16
std::optional<Refusal> CheckAllProven(const AdmissionCase& c);         // 12
std::optional<Refusal> CheckStability(const AdmissionCase& c);         // 13
std::optional<Refusal> CheckSeasonedMajority(const AdmissionCase& c);  // 14
std::optional<Refusal> CheckLiveQuorum(const AdmissionCase& c);        // 15
std::optional<Refusal> CheckCarefulRemoval(const AdmissionCase& c);    // 17
// Rule 17 on the removals that a leader makes by itself.
std::optional<Refusal> CheckAutomaticRemoval(const AdmissionCase& c);  // 17

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_ADMISSION_RULES_H_
