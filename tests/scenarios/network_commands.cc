// The network is cut, and messages are lost or held.

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "tests/scenarios/arguments.h"
#include "tests/scenarios/commands.h"
#include "tests/scenarios/stage.h"
#include "tests/simulation/cluster.h"

namespace quorate::scenarios {
namespace {

absl::Status Partition(Stage& stage, Arguments& arguments, std::string&) {
  const std::vector<std::vector<int>> groups = arguments.Groups();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.cluster().Partition(groups);
  return absl::OkStatus();
}

absl::Status Isolate(Stage& stage, Arguments& arguments, std::string&) {
  const std::vector<int> members = arguments.Members();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  for (int member : members) stage.cluster().Isolate(member);
  return absl::OkStatus();
}

absl::Status Cut(Stage& stage, Arguments& arguments, std::string&) {
  const int from = arguments.Member();
  const int to = arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.cluster().CutLink(from, to);
  return absl::OkStatus();
}

absl::Status Mend(Stage& stage, Arguments& arguments, std::string&) {
  const int from = arguments.Member();
  const int to = arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.cluster().HealLink(from, to);
  return absl::OkStatus();
}

absl::Status MendAll(Stage& stage, Arguments& arguments, std::string&) {
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.cluster().HealNetwork();
  return absl::OkStatus();
}

// "KIND|all [from MEMBER] [to MEMBER]"
template <bool kHold>
absl::Status AddRule(Stage& stage, Arguments& arguments, std::string&) {
  Stage::MessageRule rule;
  rule.kind = arguments.Word("a kind of message, or all");
  if (rule.kind == "all") rule.kind.clear();
  if (arguments.Take("from")) rule.from = arguments.Member();
  if (arguments.Take("to")) rule.to = arguments.Member();
  rule.hold = kHold;
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.AddRule(std::move(rule));
  return absl::OkStatus();
}

absl::Status StopDropping(Stage& stage, Arguments& arguments, std::string&) {
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.ClearRules();
  return absl::OkStatus();
}

absl::Status Release(Stage& stage, Arguments& arguments, std::string& out) {
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.ClearRules();
  absl::StrAppend(&out,
                  stage.Release() > 0 ? "late messages are on their way"
                                      : "nothing was held",
                  "\n");
  return absl::OkStatus();
}

constexpr Command kCommands[] = {
    {"partition", "{MEMBER...} {MEMBER...}...", Partition},
    {"isolate", "MEMBER...", Isolate},
    {"cut", "FROM TO", Cut},
    {"mend", "FROM TO", Mend},
    {"mend-network", "", MendAll},
    {"drop", "KIND|all [from MEMBER] [to MEMBER]", AddRule<false>},
    {"hold", "KIND|all [from MEMBER] [to MEMBER]", AddRule<true>},
    {"stop-dropping", "", StopDropping},
    {"release", "", Release},
};

}  // namespace

absl::Span<const Command> NetworkCommands() { return kCommands; }

}  // namespace quorate::scenarios
