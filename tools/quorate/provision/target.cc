#include "tools/quorate/provision/target.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/rule.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/provision/declaration.h"
#include "tools/quorate/provision/view.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

using consensus::Configuration;
using consensus::Member;
using consensus::Rule;

// Whom a declared member means; nullptr: a newcomer.
const Member* FindDeclared(const DeclaredMember& declared,
                           const Configuration& configuration) {
  if (declared.id != 0) return configuration.Find(MemberId{declared.id});
  return configuration.FindAddress(declared.address);
}

absl::StatusOr<TargetMember> ResolveMember(const DeclaredMember& declared,
                                           const Member& member) {
  const std::string name = absl::StrCat("member ", ToString(member.id));
  if (member.address != declared.address) {
    return UsageError(absl::StrCat(
        name, " is declared at ", declared.address, " and stands at ",
        member.address,
        "; the address of a member never changes: declare a newcomer with an "
        "id that was never used"));
  }
  if (member.voter && !declared.voter) {
    return UsageError(absl::StrCat(
        name,
        " votes and is declared a learner; a voter cannot become one: leave "
        "it out and declare a newcomer with an id that was never used"));
  }
  return TargetMember{.id = member.id,
                      .incarnation = {},
                      .address = member.address,
                      .voter = declared.voter,
                      .trouble = ""};
}

absl::Status WasRemovedError(MemberId id, const std::string& address) {
  return RuleError(
      Rule::kNoResurrection,
      absl::StrCat("member ", ToString(id), ", declared at ", address,
                   ", was removed before, and that is for ever; start a "
                   "newcomer with an empty disk, under an id that was never "
                   "used, and declare that one"));
}

// Whether who answers at a declared address could ever be added.
absl::Status CheckNewcomer(const DeclaredMember& declared,
                           const coord::v1::StatusResponse& status,
                           const EnsembleView& view) {
  const Configuration& configuration = view.configuration();
  const MemberId id{status.member_id()};
  const std::string who = absl::StrCat("who answers at ", declared.address);
  if (status.unsafe()) {
    return RuleError(Rule::kEnsembleId,
                     absl::StrCat(who,
                                  " runs without membership rules "
                                  "(--unsafe-static-membership); such a member "
                                  "can never join"));
  }
  if (!status.ensemble_id().empty() &&
      status.ensemble_id() != view.ensemble_id) {
    return RuleError(Rule::kEnsembleId,
                     absl::StrCat(who, " belongs to ensemble ",
                                  FormatId(status.ensemble_id()),
                                  ", and this is ", FormatId(view.ensemble_id),
                                  "; declare a newcomer with an empty disk"));
  }
  if (declared.id != 0 && !id.IsNone() && id.value != declared.id) {
    return UsageError(absl::StrCat(who, " is member ", ToString(id),
                                   ", and declared is ", declared.id,
                                   "; correct the id or the address"));
  }
  if (configuration.WasRemoved(id))
    return WasRemovedError(id, declared.address);
  if (const Member* holder = configuration.Find(id); holder != nullptr) {
    return RuleError(
        Rule::kNoResurrection,
        absl::StrCat(who, " has the id ", ToString(id),
                     ", which the member at ", holder->address,
                     " has; give the newcomer an id that was never used"));
  }
  if (!status.address().empty() && status.address() != declared.address) {
    return UsageError(absl::StrCat(
        who, " tells others to reach it at ", Printable(status.address(), 200),
        " (--advertise); declare that address, or start it with this one"));
  }
  return absl::OkStatus();
}

// Why it cannot be added right now; empty: it can.
std::string TroubleOf(const coord::v1::StatusResponse& status,
                      const std::string& address) {
  const std::string who = absl::StrCat("the member at ", address);
  if (status.has_stopped()) {
    return absl::StrCat(who, " has stopped: ", status.stopped().message());
  }
  if (status.member_id() == 0 || status.incarnation() == 0) {
    return absl::StrCat(who, " does not say who it is yet");
  }
  if (status.role() == "founding") {
    return absl::StrCat(who,
                        " founds an ensemble of its own; start it with an "
                        "empty disk and --join");
  }
  if (!status.ensemble_id().empty()) {
    return absl::StrCat(who, " has come or gone just now");
  }
  return "";
}

absl::StatusOr<TargetMember> ResolveNewcomer(const DeclaredMember& declared,
                                             const EnsembleView& view,
                                             const Answers& answers) {
  const Configuration& configuration = view.configuration();
  const MemberId id{declared.id};
  if (configuration.WasRemoved(id))
    return WasRemovedError(id, declared.address);
  const Member* holder = configuration.FindAddress(declared.address);
  if (holder != nullptr) {
    return UsageError(absl::StrCat(
        "member ", ToString(id), " is declared at ", declared.address,
        ", where member ", ToString(holder->id),
        " stands; an address is given to one member only: declare another"));
  }
  TargetMember member{.id = id,
                      .incarnation = {},
                      .address = declared.address,
                      .voter = declared.voter,
                      .trouble = ""};
  const auto answer = answers.find(declared.address);
  if (answer == answers.end() || !answer->second.ok()) {
    member.trouble = absl::StrCat(
        "the newcomer at ", declared.address, " does not answer",
        answer == answers.end()
            ? ""
            : absl::StrCat(" (", answer->second.status().message(), ")"),
        "; start it with an empty disk and --join");
    return member;
  }
  const coord::v1::StatusResponse& status = *answer->second;
  const absl::Status possible = CheckNewcomer(declared, status, view);
  if (!possible.ok()) return possible;
  if (status.member_id() != 0) member.id = MemberId{status.member_id()};
  member.trouble = TroubleOf(status, declared.address);
  if (member.trouble.empty()) {
    member.incarnation = Incarnation{status.incarnation()};
  }
  return member;
}

absl::Status CheckAgainstLimits(const TargetMembers& target,
                                const consensus::Limits& limits) {
  const auto voters = static_cast<size_t>(
      std::count_if(target.begin(), target.end(),
                    [](const TargetMember& member) { return member.voter; }));
  const size_t learners = target.size() - voters;
  if (voters < limits.min_voters) {
    return RuleError(
        Rule::kCarefulRemoval,
        absl::StrCat(voters, " voters are declared, and ", limits.min_voters,
                     " is this ensemble's floor (min_voters); declare more"));
  }
  if (learners > limits.max_learners) {
    return RuleError(
        Rule::kBoundedJoining,
        absl::StrCat(learners,
                     " learners are declared, and this ensemble has "
                     "at most ",
                     limits.max_learners,
                     " at once (max_learners); declare fewer"));
  }
  return absl::OkStatus();
}

absl::Status CheckNobodyTwice(const TargetMembers& target) {
  for (size_t i = 0; i < target.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (target[i].id.IsNone() || target[i].id != target[j].id) continue;
      return UsageError(
          absl::StrCat("member ", ToString(target[i].id), " is declared at ",
                       target[j].address, " and runs at ", target[i].address,
                       " too; every member needs an id of its own"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> NewcomersOf(const Declaration& declaration,
                                     const EnsembleView& view) {
  std::vector<std::string> addresses;
  for (const DeclaredMember& declared : declaration.members) {
    if (FindDeclared(declared, view.configuration()) == nullptr) {
      addresses.push_back(declared.address);
    }
  }
  return addresses;
}

absl::StatusOr<TargetMembers> Resolve(const Declaration& declaration,
                                      const EnsembleView& view,
                                      const Answers& answers) {
  if (!declaration.ensemble_id.empty() &&
      declaration.ensemble_id != view.ensemble_id) {
    return RuleError(
        Rule::kEnsembleId,
        absl::StrCat("declared is ensemble ", FormatId(declaration.ensemble_id),
                     ", and the one that answers is ",
                     FormatId(view.ensemble_id)));
  }
  TargetMembers target;
  for (const DeclaredMember& declared : declaration.members) {
    const Member* known = FindDeclared(declared, view.configuration());
    absl::StatusOr<TargetMember> member =
        known != nullptr ? ResolveMember(declared, *known)
                         : ResolveNewcomer(declared, view, answers);
    if (!member.ok()) return member.status();
    target.push_back(*std::move(member));
  }
  absl::Status status = CheckNobodyTwice(target);
  if (status.ok()) {
    status = CheckAgainstLimits(target, view.configuration().limits());
  }
  if (!status.ok()) return status;
  return target;
}

}  // namespace quorate::tools
