// The membership rules by number and name, and the shape of a refusal.
//
// The statements of the rules are in PROTOCOL.md. Refusals, counters, traces
// and mutation tables all use these numbers.

#ifndef QUORATE_COORD_CONSENSUS_RULE_H_
#define QUORATE_COORD_CONSENSUS_RULE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace quorate::consensus {

enum class Rule : uint8_t {
  kNone = 0,
  kEnsembleId = 1,
  kNoSelfStart = 2,
  kUnanimousBootstrap = 3,
  kIncarnation = 4,
  kNoResurrection = 5,
  kOneTruth = 6,
  kOneAtATime = 7,
  kSettledLeader = 8,
  kBothMajorities = 9,
  kEffectiveOnAppend = 10,
  kExpectedVersion = 11,
  kProvenLearner = 12,
  kObservedStability = 13,
  kSeasonedMajority = 14,
  kLiveQuorum = 15,
  kBoundedJoining = 16,
  kCarefulRemoval = 17,
  kOrderlyExit = 18,
  kNoDisturbance = 19,
  kWhoVotes = 20,
  kBadStorage = 21,
  kClientsRemember = 22,
  kRescueMints = 23,
};

inline constexpr int kRuleCount = 24;  // rules 1 to 23, and kNone

// "seasoned majority" for rule 14; "none" for kNone.
absl::string_view RuleName(Rule rule);

// Why something was refused, in a form that programs and people both can use.
struct Refusal {
  Rule rule = Rule::kNone;
  // One sentence: what was expected, what was found, what to do.
  std::string reason;
  // The figures that the rule looked at, by name, units in the names.
  std::vector<std::pair<std::string, int64_t>> numbers;
  // Earliest time, in milliseconds from now, at which the same request could
  // be accepted if nothing else changes. Nothing: waiting does not help.
  std::optional<int64_t> retry_after_ms;

  bool operator==(const Refusal&) const = default;
};

// "rule 14 (seasoned majority): REASON [a=1 b=2] retry in 300 ms".
std::string Describe(const Refusal& refusal);

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_RULE_H_
