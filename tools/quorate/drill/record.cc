#include "tools/quorate/drill/record.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace quorate::tools {
namespace {

bool Contains(const std::vector<uint64_t>& ids, uint64_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

std::vector<uint64_t> LeadersOf(const Round& round) {
  std::vector<uint64_t> leaders;
  for (const View& view : round.views) {
    if (view.leads()) leaders.push_back(view.id);
  }
  return leaders;
}

std::optional<Split> SplitOf(const Round& round) {
  const std::vector<uint64_t> leaders = LeadersOf(round);
  for (const Attempt& one : round.writes) {
    for (const Attempt& other : round.writes) {
      if (one.member < other.member && one.acked && other.acked &&
          Contains(leaders, one.member) && Contains(leaders, other.member) &&
          Contains(one.missed_by, other.member) &&
          Contains(other.missed_by, one.member)) {
        return Split{one.member, other.member};
      }
    }
  }
  return std::nullopt;
}

bool TookWrites(const Round& round) {
  return std::any_of(round.writes.begin(), round.writes.end(),
                     [](const Attempt& write) { return write.acked; });
}

const char* NameOf(Phase phase) {
  switch (phase) {
    case Phase::kBefore:
      return "before";
    case Phase::kDuring:
      return "during";
    case Phase::kAfter:
      return "after";
    case Phase::kRegular:
      return "regular";
  }
  return "";
}

Refusal ParseRefusal(absl::string_view words) {
  Refusal refusal;
  refusal.message = std::string(words);
  const size_t at = words.find("rule ");
  if (at == absl::string_view::npos) return refusal;
  const absl::string_view rest = words.substr(at + 5);
  const size_t open = rest.find(" (");
  const size_t close = rest.find("): ");
  if (open == absl::string_view::npos || close == absl::string_view::npos ||
      close < open || !absl::SimpleAtoi(rest.substr(0, open), &refusal.rule)) {
    refusal.rule = 0;
    return refusal;
  }
  refusal.rule_name = std::string(rest.substr(open + 2, close - open - 2));
  refusal.message = std::string(rest.substr(close + 3));
  return refusal;
}

std::string Describe(const Refusal& refusal) {
  std::string text = "refused";
  if (refusal.rule != 0) {
    absl::StrAppend(&text, " by rule ", refusal.rule, " (", refusal.rule_name,
                    ")");
  }
  absl::StrAppend(&text, ": ", refusal.message);
  if (!refusal.numbers.empty()) {
    absl::StrAppend(&text, " [");
    const char* gap = "";
    for (const auto& [name, value] : refusal.numbers) {
      absl::StrAppend(&text, gap, name, "=", value);
      gap = " ";
    }
    absl::StrAppend(&text, "]");
  }
  if (refusal.retry_after_ms) {
    absl::StrAppendFormat(&text, ", again in %.1f s",
                          *refusal.retry_after_ms / 1000.0);
  }
  return text;
}

}  // namespace quorate::tools
