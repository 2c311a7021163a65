// Looking at members.

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "coord/consensus/core.h"
#include "coord/consensus/log_view.h"
#include "coord/consensus/record.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "tests/scenarios/arguments.h"
#include "tests/scenarios/commands.h"
#include "tests/scenarios/describe.h"
#include "tests/scenarios/stage.h"
#include "tests/simulation/cluster.h"

namespace quorate::scenarios {
namespace {

using consensus::Core;

absl::Status Status(Stage& stage, Arguments& arguments, std::string& out) {
  std::vector<int> members;
  if (arguments.AtEnd()) {
    for (int i = 0; i < stage.cluster().size(); ++i) members.push_back(i);
  } else {
    members = arguments.Members();
  }
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  for (int member : members) {
    absl::StrAppend(&out, DescribeStatus(stage, member), "\n");
  }
  return absl::OkStatus();
}

absl::Status Log(Stage& stage, Arguments& arguments, std::string& out) {
  const int member = arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  if (!stage.cluster().IsUp(member)) {
    return absl::FailedPreconditionError("it is down");
  }
  const Core& core = stage.cluster().core(member);
  const consensus::LogView& log = core.log();
  if (!log.base().IsNone()) {
    absl::StrAppend(&out, "up to ", ToString(log.base()), " in a snapshot\n");
  }
  for (const consensus::Record* record = log.After(log.base());
       record != nullptr; record = log.After(record->zxid)) {
    absl::StrAppend(&out, DescribeRecord(*record),
                    record->zxid > core.commit() ? " (not committed)" : "",
                    "\n");
  }
  return absl::OkStatus();
}

absl::Status Config(Stage& stage, Arguments& arguments, std::string& out) {
  const int member = arguments.AtEnd() ? stage.Leader() : arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  if (member < 0 || !stage.cluster().IsUp(member)) {
    return absl::FailedPreconditionError("nobody to ask");
  }
  const Core& core = stage.cluster().core(member);
  const auto& newest = core.configurations().Newest();
  absl::StrAppend(&out, newest.configuration->Describe(),
                  newest.zxid > core.commit() ? " (not committed)" : "", "\n");
  return absl::OkStatus();
}

absl::Status Refusals(Stage& stage, Arguments& arguments, std::string& out) {
  const int member = arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  if (!stage.cluster().IsUp(member)) {
    return absl::FailedPreconditionError("it is down");
  }
  const auto& counts = stage.cluster().core(member).refusals();
  std::string rules;
  for (int rule = 1; rule < consensus::kRuleCount; ++rule) {
    if (counts[rule] == 0) continue;
    absl::StrAppend(
        &rules, rules.empty() ? "" : ", ", rule, " (",
        std::string(consensus::RuleName(static_cast<consensus::Rule>(rule))),
        ")");
  }
  absl::StrAppend(&out, stage.Name(member), " has refused ",
                  rules.empty() ? "nothing" : "by rules " + rules, "\n");
  return absl::OkStatus();
}

absl::Status Show(Stage& stage, Arguments& arguments, std::string&) {
  if (arguments.Take("syncs")) {
    if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
    stage.events().ShowSyncs();
    return absl::OkStatus();
  }
  arguments.Expect("messages");
  std::vector<std::string> kinds;
  do {
    kinds.push_back(arguments.Word("a kind of message"));
  } while (!arguments.AtEnd());
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.events().ShowMessages(kinds);
  return absl::OkStatus();
}

absl::Status Hide(Stage& stage, Arguments& arguments, std::string&) {
  arguments.Expect("refusals");
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.events().HideRefusals();
  return absl::OkStatus();
}

constexpr Command kCommands[] = {
    {"status", "[MEMBER...]", Status},
    {"log", "MEMBER", Log},
    {"config", "[MEMBER]", Config},
    {"refusals", "MEMBER", Refusals},
    {"show", "syncs | messages KIND...", Show},
    {"hide", "refusals", Hide},
};

}  // namespace

absl::Span<const Command> ViewCommands() { return kCommands; }

}  // namespace quorate::scenarios
