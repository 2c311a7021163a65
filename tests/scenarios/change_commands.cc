// Changes of membership, as an operator asks for them.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/rule.h"
#include "tests/scenarios/arguments.h"
#include "tests/scenarios/commands.h"
#include "tests/scenarios/settings.h"
#include "tests/scenarios/stage.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/member.h"

namespace quorate::scenarios {
namespace {

using consensus::AdmissionDecision;
using consensus::MembershipChange;
using simulation::Cluster;

// What is asked for, and of whom.
struct Request {
  MembershipChange change;
  int at = -1;  // -1: the leader
  bool has_version = false;
};

MemberId IdOf(Stage& stage, int member) {
  return stage.cluster().member(member).spec().id;
}

absl::Status AddLearners(Stage& stage, Arguments& arguments, Request& request) {
  for (int member : arguments.Members()) {
    if (member < 0) break;
    if (stage.cluster().member(member).disk().IsEmpty()) {
      return absl::FailedPreconditionError(absl::StrCat(
          stage.Name(member), " was never started, so it has no incarnation"));
    }
    request.change.add_learners.push_back(stage.cluster().AsMember(member));
  }
  return absl::OkStatus();
}

void AddIds(Stage& stage, Arguments& arguments, std::vector<MemberId>& ids) {
  for (int member : arguments.Members()) {
    if (member >= 0) ids.push_back(IdOf(stage, member));
  }
}

// "limits NAME=NUMBER..." changes some of those in force at `request.at`.
absl::Status SetLimits(Stage& stage, Arguments& arguments, Request& request) {
  const int at = request.at >= 0 ? request.at : stage.Leader();
  consensus::Limits limits;
  if (at >= 0 && stage.cluster().IsUp(at)) {
    limits = stage.cluster().core(at).configuration().limits();
  }
  for (const auto& [name, value] : arguments.Settings()) {
    if (!SetLimit(name, value, limits)) {
      return absl::InvalidArgumentError(absl::StrCat("no limit ", name));
    }
  }
  request.change.limits = limits;
  return absl::OkStatus();
}

// The rest of a command after what it asks for.
absl::Status ParseRest(Stage& stage, Arguments& arguments, Request& request) {
  while (!arguments.AtEnd()) {
    absl::Status status;
    if (arguments.Take("add")) {
      status = AddLearners(stage, arguments, request);
    } else if (arguments.Take("promote")) {
      AddIds(stage, arguments, request.change.promote);
    } else if (arguments.Take("remove")) {
      AddIds(stage, arguments, request.change.remove);
    } else if (arguments.Take("at")) {
      request.at = arguments.Member();
    } else if (arguments.Take("version")) {
      request.change.expected_version = arguments.Number("a version");
      request.has_version = true;
    } else if (arguments.Take("id")) {
      request.change.change_id = arguments.Number("a change id");
    } else if (arguments.Take("limits")) {
      status = SetLimits(stage, arguments, request);
    } else {
      break;
    }
    if (!status.ok()) return status;
    if (arguments.Failed()) break;
  }
  return arguments.Finish();
}

void Answer(const AdmissionDecision& decision, bool plan, std::string& out) {
  switch (decision.outcome) {
    case AdmissionDecision::Outcome::kAccepted:
      absl::StrAppend(&out, plan ? "would be accepted: " : "accepted: ",
                      decision.next.Describe());
      if (decision.next.version() != decision.version) {
        absl::StrAppend(&out, ", to become v", decision.version);
      }
      break;
    case AdmissionDecision::Outcome::kAlreadyMade:
      absl::StrAppend(&out, "made before, by v", decision.version);
      break;
    case AdmissionDecision::Outcome::kRefused:
      absl::StrAppend(&out, "refused by ", Describe(decision.refusal));
      break;
    case AdmissionDecision::Outcome::kInvalid:
      absl::StrAppend(&out, "invalid: ", std::string(decision.error.message()));
      break;
  }
  absl::StrAppend(&out, "\n");
}

absl::Status Ask(Stage& stage, Arguments& arguments, Request request, bool plan,
                 std::string& out) {
  absl::Status parsed = ParseRest(stage, arguments, request);
  if (!parsed.ok()) return parsed;
  const int at = request.at >= 0 ? request.at : stage.Leader();
  if (at < 0) return absl::FailedPreconditionError("nobody leads; say at whom");
  Cluster& cluster = stage.cluster();
  const MembershipChange fresh = cluster.NewChange(at);
  if (request.change.change_id == 0) request.change.change_id = fresh.change_id;
  if (!request.has_version) {
    request.change.expected_version = fresh.expected_version;
  }
  const absl::StatusOr<AdmissionDecision> decision =
      plan ? cluster.Plan(at, request.change)
           : cluster.Change(at, request.change);
  if (!decision.ok()) {
    absl::StrAppend(
        &out, "not asked: ", std::string(decision.status().message()), "\n");
    return absl::OkStatus();
  }
  const bool made =
      decision->outcome == AdmissionDecision::Outcome::kAccepted ||
      decision->outcome == AdmissionDecision::Outcome::kAlreadyMade;
  if (made && !plan) stage.last_change = request.change.change_id;
  Answer(*decision, plan, out);
  return absl::OkStatus();
}

absl::Status Change(Stage& stage, Arguments& arguments, std::string& out) {
  return Ask(stage, arguments, Request(), false, out);
}

absl::Status Plan(Stage& stage, Arguments& arguments, std::string& out) {
  return Ask(stage, arguments, Request(), true, out);
}

absl::Status AddLearner(Stage& stage, Arguments& arguments, std::string& out) {
  Request request;
  absl::Status status = AddLearners(stage, arguments, request);
  if (!status.ok()) return status;
  return Ask(stage, arguments, std::move(request), false, out);
}

absl::Status Promote(Stage& stage, Arguments& arguments, std::string& out) {
  Request request;
  AddIds(stage, arguments, request.change.promote);
  return Ask(stage, arguments, std::move(request), false, out);
}

absl::Status Remove(Stage& stage, Arguments& arguments, std::string& out) {
  Request request;
  AddIds(stage, arguments, request.change.remove);
  return Ask(stage, arguments, std::move(request), false, out);
}

absl::Status Replace(Stage& stage, Arguments& arguments, std::string& out) {
  Request request;
  AddIds(stage, arguments, request.change.remove);
  arguments.Expect("with");
  AddIds(stage, arguments, request.change.promote);
  return Ask(stage, arguments, std::move(request), false, out);
}

absl::Status State(Stage& stage, Arguments& arguments, std::string& out) {
  const int at = arguments.Take("at") ? arguments.Member() : stage.Leader();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  if (at < 0) return absl::FailedPreconditionError("nobody leads; say at whom");
  absl::StrAppend(
      &out, "the change is ",
      std::string(ChangeStateName(
          stage.cluster().core(at).StateOfChange(stage.last_change))),
      "\n");
  return absl::OkStatus();
}

constexpr Command kCommands[] = {
    {"add-learner", "MEMBER... [at MEMBER] [version N] [id N]", AddLearner},
    {"promote", "MEMBER... [at MEMBER] [version N] [id N]", Promote},
    {"remove", "MEMBER... [at MEMBER] [version N] [id N]", Remove},
    {"replace", "MEMBER... with MEMBER... [at MEMBER] [version N] [id N]",
     Replace},
    {"change",
     "[add M...] [promote M...] [remove M...] [at MEMBER] [version N] [id N] "
     "[limits NAME=NUMBER...]",
     Change},
    {"plan", "as change", Plan},
    {"change-state", "[at MEMBER]", State},
};

}  // namespace

absl::Span<const Command> ChangeCommands() { return kCommands; }

}  // namespace quorate::scenarios
