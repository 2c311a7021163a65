#include "tests/simulation/guard_names.h"

#include <cstddef>
#include <iterator>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/rule.h"

namespace quorate::simulation {
namespace {

using consensus::Guard;

// The protocol steps, in the order of consensus::Guard.
constexpr const char* kSteps[] = {
    "sync before ack",
    "sync before vote",
    "sync before own count",
    "vote once per epoch",
    "history rank in vote",
    "preceding zxid",
    "conflict truncation",
    "own epoch commit",
    "quorum of both in commit",
    "quorum of both in election",
    "quorum of both in reads",
    "pre-vote",
    "stickiness",
    "quorum check",
    "epoch check",
    "snapshot configuration",
    "configuration truncation",
    "read confirmation",
    "read after own commit",
    "commit within match",
    "snapshot chunk order",
    "ack within match",
    "transfer caught up",
};

constexpr int kFirstStep = static_cast<int>(Guard::kSyncBeforeAck);
static_assert(std::size(kSteps) ==
                  static_cast<size_t>(Guard::kCount) - kFirstStep,
              "every guard needs a name");

std::string Letters(const std::string& name) {
  std::string letters;
  for (const char c : name) {
    if (absl::ascii_isalnum(c)) letters += absl::ascii_tolower(c);
  }
  return letters;
}

}  // namespace

std::string GuardName(Guard guard) {
  const int number = static_cast<int>(guard);
  if (guard == Guard::kNone) return "nothing (the core as it ships)";
  if (number >= kFirstStep) return kSteps[number - kFirstStep];
  // Rules come first, by number.
  const auto rule = static_cast<consensus::Rule>(number);
  return absl::StrCat("rule ", number, ": ",
                      std::string(consensus::RuleName(rule)));
}

std::optional<Guard> FindGuard(const std::string& name) {
  const std::string wanted = Letters(name);
  for (int i = 1; i < static_cast<int>(Guard::kCount); ++i) {
    const auto guard = static_cast<Guard>(i);
    const std::string full = GuardName(guard);
    if (Letters(full) == wanted) return guard;
    if (absl::StrContains(full, ":") &&
        Letters(full.substr(0, full.find(':'))) == wanted) {
      return guard;
    }
  }
  return std::nullopt;
}

}  // namespace quorate::simulation
