#include "coord/consensus/rule.h"

#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace quorate::consensus {
namespace {

constexpr std::array<absl::string_view, kRuleCount> kNames = {
    "none",
    "ensemble id",
    "no self-start",
    "unanimous bootstrap",
    "incarnation",
    "no resurrection",
    "one truth",
    "one at a time",
    "settled leader",
    "both majorities",
    "effective on append",
    "expected version",
    "learner first, proven",
    "observed stability",
    "seasoned majority",
    "live quorum",
    "bounded joining",
    "careful removal",
    "orderly exit",
    "no disturbance",
    "who votes",
    "stop on bad storage",
    "clients remember",
    "rescue mints",
};

}  // namespace

absl::string_view RuleName(Rule rule) {
  return kNames[static_cast<size_t>(rule)];
}

std::string Describe(const Refusal& refusal) {
  std::string text =
      absl::StrCat("rule ", static_cast<int>(refusal.rule), " (",
                   RuleName(refusal.rule), "): ", refusal.reason);
  if (!refusal.numbers.empty()) {
    absl::StrAppend(&text, " [");
    const char* gap = "";
    for (const auto& [name, value] : refusal.numbers) {
      absl::StrAppend(&text, gap, name, "=", value);
      gap = " ";
    }
    absl::StrAppend(&text, "]");
  }
  if (refusal.retry_after_ms.has_value()) {
    absl::StrAppend(&text, " retry in ", *refusal.retry_after_ms, " ms");
  }
  return text;
}

}  // namespace quorate::consensus
