#include "tests/scenarios/describe.h"

#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/record.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "tests/scenarios/stage.h"
#include "tests/simulation/cluster.h"

namespace quorate::scenarios {
namespace {

using consensus::Core;
using consensus::Record;
using consensus::RecordKind;

std::string OfRefusal(const std::string& what,
                      const consensus::Refusal& refusal) {
  if (refusal.rule == consensus::Rule::kNone) return what;
  return absl::StrCat(what, ": ", consensus::Describe(refusal));
}

}  // namespace

std::string DescribeStatus(Stage& stage, int member) {
  const std::string& name = stage.Name(member);
  if (!stage.cluster().IsUp(member)) return absl::StrCat(name, " is down");
  const Core& core = stage.cluster().core(member);
  if (core.stop_reason() != nullptr) {
    return OfRefusal(absl::StrCat(name, " stopped"), *core.stop_reason());
  }
  if (const auto* joining = std::get_if<consensus::Joining>(&core.role())) {
    return OfRefusal(absl::StrCat(name, " joining"), joining->last_refusal);
  }
  if (const auto* founding = std::get_if<consensus::Founding>(&core.role())) {
    return OfRefusal(absl::StrCat(name, " founding"), founding->veto);
  }
  return absl::StrCat(
      name, " ", std::string(core.RoleName()), " epoch=", core.epoch(),
      " log=", ToString(core.log().last()), " commit=", ToString(core.commit()),
      " ", core.configuration().Describe());
}

std::string DescribeRecord(const Record& record) {
  std::string what;
  switch (record.kind) {
    case RecordKind::kTxn:
      what = record.payload == nullptr ? "" : *record.payload;
      // Proposals of the cluster's own are numbers.
      for (char& letter : what) {
        if (letter < ' ' || letter > '~') letter = '.';
      }
      break;
    case RecordKind::kNewLeader:
      what = "NEWLEADER";
      break;
    case RecordKind::kBarrier:
      what = "(barrier)";
      break;
    case RecordKind::kConfiguration:
    case RecordKind::kFounding:
      what = record.configuration->Describe();
      break;
  }
  return absl::StrCat(ToString(record.zxid), " ", what);
}

}  // namespace quorate::scenarios
