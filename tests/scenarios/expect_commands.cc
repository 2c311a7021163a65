// Expectations: what must hold at this point, said aloud. The expected output
// shows what happened; these say what matters.

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/log_view.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "tests/scenarios/arguments.h"
#include "tests/scenarios/commands.h"
#include "tests/scenarios/describe.h"
#include "tests/scenarios/stage.h"
#include "tests/simulation/cluster.h"

namespace quorate::scenarios {
namespace {

using consensus::Core;
using consensus::LogView;
using consensus::Record;
using simulation::Cluster;

absl::Status Unmet(const std::string& why) {
  return absl::FailedPreconditionError(absl::StrCat("not so: ", why));
}

absl::Status ExpectLeader(Stage& stage, Arguments& arguments) {
  const int member = arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  Cluster& cluster = stage.cluster();
  if (cluster.IsUp(member) && cluster.core(member).IsLeader()) {
    return absl::OkStatus();
  }
  return Unmet(DescribeStatus(stage, member));
}

absl::Status ExpectNoLeader(Stage& stage, Arguments& arguments) {
  std::vector<int> members;
  if (arguments.Take("among")) {
    members = arguments.Members();
  } else {
    for (int i = 0; i < stage.cluster().size(); ++i) members.push_back(i);
  }
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  for (int member : members) {
    if (stage.cluster().IsUp(member) &&
        stage.cluster().core(member).IsLeader()) {
      return Unmet(DescribeStatus(stage, member));
    }
  }
  return absl::OkStatus();
}

absl::Status ExpectRole(Stage& stage, Arguments& arguments) {
  const int member = arguments.Member();
  const std::string role = arguments.Word("a role");
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  Cluster& cluster = stage.cluster();
  const std::string found = cluster.IsUp(member)
                                ? std::string(cluster.core(member).RoleName())
                                : "down";
  return found == role ? absl::OkStatus()
                       : Unmet(DescribeStatus(stage, member));
}

absl::Status ExpectEpoch(Stage& stage, Arguments& arguments) {
  const int member = arguments.Member();
  const uint64_t epoch = arguments.Number("an epoch");
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  Cluster& cluster = stage.cluster();
  if (cluster.IsUp(member) && cluster.core(member).epoch() == epoch) {
    return absl::OkStatus();
  }
  return Unmet(DescribeStatus(stage, member));
}

bool HasApplied(const Cluster& cluster, int member, const std::string& text) {
  if (!cluster.IsUp(member)) return false;
  const Core& core = cluster.core(member);
  const LogView& log = core.log();
  for (const Record* record = log.After(log.base()); record != nullptr;
       record = log.After(record->zxid)) {
    if (record->zxid > core.applied()) return false;
    if (record->payload != nullptr && *record->payload == text) return true;
  }
  return false;
}

// The text must still be in the log, above its base.
absl::Status ExpectApplied(Stage& stage, Arguments& arguments, bool wanted) {
  const std::string text = arguments.Word("a text");
  arguments.Expect("at");
  const std::vector<int> members = arguments.Members();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  for (int member : members) {
    if (HasApplied(stage.cluster(), member, text) == wanted) continue;
    return Unmet(absl::StrCat(stage.Name(member), " has ",
                              wanted ? "not applied " : "applied ", text));
  }
  return absl::OkStatus();
}

absl::Status ExpectSameLog(Stage& stage, Arguments& arguments) {
  const std::vector<int> members = arguments.Members();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  Cluster& cluster = stage.cluster();
  for (int member : members) {
    if (!cluster.IsUp(member) ||
        cluster.core(member).log().last() !=
            cluster.core(members.front()).log().last()) {
      return Unmet(absl::StrCat(DescribeStatus(stage, members.front()), "; ",
                                DescribeStatus(stage, member)));
    }
  }
  return absl::OkStatus();
}

absl::Status ExpectOneEnsemble(Stage& stage, Arguments& arguments) {
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  std::set<EnsembleId> ensembles;
  for (int i = 0; i < stage.cluster().size(); ++i) {
    const EnsembleId id = stage.cluster().member(i).ensemble();
    if (!id.IsNone()) ensembles.insert(id);
  }
  return ensembles.size() == 1
             ? absl::OkStatus()
             : Unmet(absl::StrCat("there are ", ensembles.size()));
}

absl::Status ExpectOutside(Stage& stage, Arguments& arguments) {
  const std::vector<int> members = arguments.Members();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  for (int member : members) {
    if (stage.cluster().member(member).ensemble().IsNone()) continue;
    return Unmet(DescribeStatus(stage, member));
  }
  return absl::OkStatus();
}

absl::Status ExpectAgreement(Stage& stage, Arguments& arguments) {
  const std::vector<int> members = arguments.Members();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  Cluster& cluster = stage.cluster();
  for (int member : members) {
    if (!cluster.IsUp(member) || !(cluster.member(member).applied() ==
                                   cluster.member(members.front()).applied())) {
      return Unmet(absl::StrCat(DescribeStatus(stage, members.front()), "; ",
                                DescribeStatus(stage, member)));
    }
  }
  return absl::OkStatus();
}

absl::Status Expect(Stage& stage, Arguments& arguments, std::string&) {
  if (arguments.Take("leader")) return ExpectLeader(stage, arguments);
  if (arguments.Take("no-leader")) return ExpectNoLeader(stage, arguments);
  if (arguments.Take("role")) return ExpectRole(stage, arguments);
  if (arguments.Take("epoch")) return ExpectEpoch(stage, arguments);
  if (arguments.Take("applied")) return ExpectApplied(stage, arguments, true);
  if (arguments.Take("not-applied")) {
    return ExpectApplied(stage, arguments, false);
  }
  if (arguments.Take("same-log")) return ExpectSameLog(stage, arguments);
  if (arguments.Take("agreement")) return ExpectAgreement(stage, arguments);
  if (arguments.Take("one-ensemble")) {
    return ExpectOneEnsemble(stage, arguments);
  }
  if (arguments.Take("outside")) return ExpectOutside(stage, arguments);
  return absl::InvalidArgumentError("there is no such expectation");
}

constexpr Command kCommands[] = {
    {"expect",
     "leader MEMBER | no-leader [among MEMBER...] | role MEMBER ROLE | "
     "epoch MEMBER EPOCH | applied TEXT at MEMBER... | "
     "not-applied TEXT at MEMBER... | same-log MEMBER... | "
     "agreement MEMBER... | one-ensemble | outside MEMBER...",
     Expect},
};

}  // namespace

absl::Span<const Command> ExpectCommands() { return kCommands; }

}  // namespace quorate::scenarios
