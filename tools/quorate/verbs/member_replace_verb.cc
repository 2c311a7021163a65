// member replace

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "coord/client/admin.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/member_verbs.h"
#include "tools/quorate/verbs/membership_change.h"

namespace quorate::tools {
namespace {

using coord::v1::ChangeMembershipRequest;
using coord::v1::ChangeMembershipResponse;
using coord::v1::MemberInfo;
using coord::v1::MembersResponse;
using coord::v1::NewMember;

// A newcomer has to prove itself first: minutes, with the default limits.
constexpr absl::Duration kDefaultRetry = absl::Minutes(5);

struct ReplaceOptions {
  std::string old_member;
  std::string by;  // an id, or an address
  ChangeOptions change;
};

const MemberInfo* Find(const MembersResponse& all, uint64_t id) {
  const auto found =
      std::find_if(all.members().begin(), all.members().end(),
                   [&](const MemberInfo& member) { return member.id() == id; });
  return found == all.members().end() ? nullptr : &*found;
}

bool WasRemoved(const MembersResponse& all, uint64_t id) {
  return std::find(all.removed().begin(), all.removed().end(), id) !=
         all.removed().end();
}

// Who is to come: a member, by id or address, or somebody who runs there.
absl::StatusOr<NewMember> FindNewcomer(client::AdminClient& admin,
                                       const MembersResponse& all,
                                       const std::string& by) {
  uint64_t id = 0;
  const bool is_id = absl::SimpleAtoi(by, &id);
  for (const MemberInfo& member : all.members()) {
    if (is_id ? member.id() != id : member.address() != by) continue;
    NewMember known;
    known.set_id(member.id());
    known.set_incarnation(member.incarnation());
    known.set_address(member.address());
    return known;
  }
  if (is_id) {
    return UsageError(absl::StrCat(
        "there is no member ", id, " in ", all.configuration(),
        "; for one that is to be added, give the address where it runs: --by "
        "HOST:PORT"));
  }
  return AskNewcomer(admin, by);
}

// Makes a learner of it, unless it is a member: it may have joined by itself.
absl::Status AddNewcomer(Context& context, client::AdminClient& admin,
                         const NewMember& newcomer,
                         const ReplaceOptions& options) {
  ChangeOptions add = options.change;
  add.expected_version = 0;
  add.no_wait = false;
  add.change_id.clear();
  const absl::StatusOr<uint64_t> change_id = ChangeIdFor(add);
  if (!change_id.ok()) return change_id.status();
  ChangeMembershipRequest request;
  request.set_change_id(*change_id);
  *request.add_add_learners() = newcomer;
  const absl::Status added = CarryOut(context, request, add).status();
  if (!added.ok()) {
    const absl::StatusOr<MembersResponse> now = admin.Members();
    if (!now.ok()) return added;
    const MemberInfo* member = Find(*now, newcomer.id());
    if (member == nullptr || member->incarnation() != newcomer.incarnation()) {
      return added;
    }
  }
  context.console().Remark(absl::StrCat(
      "member ", newcomer.id(), " is a learner now and has to prove itself"));
  return absl::OkStatus();
}

// Usage: why this makes no sense; OK otherwise.
absl::Status CheckSense(const MembersResponse& all, uint64_t old_id,
                        const NewMember& newcomer) {
  if (newcomer.id() == old_id) {
    return UsageError(
        "a member cannot be replaced by itself: a new one has "
        "another id and an empty disk");
  }
  const MemberInfo* old = Find(all, old_id);
  if (old == nullptr) {
    return UsageError(absl::StrCat("there is no member ", old_id, " in ",
                                   all.configuration()));
  }
  const MemberInfo* known = Find(all, newcomer.id());
  if (known != nullptr && known->voter()) {
    return UsageError(absl::StrCat("member ", known->id(),
                                   " votes already; to let the other one go: "
                                   "quorate member remove ",
                                   old_id));
  }
  return absl::OkStatus();
}

absl::Status RunReplace(Context& context, ReplaceOptions options) {
  const absl::StatusOr<uint64_t> old_id = ParseMemberId(options.old_member);
  if (!old_id.ok()) return old_id.status();
  const absl::StatusOr<uint64_t> change_id = ChangeIdFor(options.change);
  if (!change_id.ok()) return change_id.status();
  if (!options.change.retry_for) options.change.retry_for = kDefaultRetry;
  const absl::StatusOr<client::AdminClient*> admin = context.Admin();
  if (!admin.ok()) return admin.status();
  const absl::StatusOr<MembersResponse> all = (*admin)->Members();
  if (!all.ok()) return all.status();
  const absl::StatusOr<NewMember> newcomer =
      FindNewcomer(**admin, *all, options.by);
  if (!newcomer.ok()) return newcomer.status();

  ChangeMembershipRequest request;
  request.set_change_id(*change_id);
  request.add_promote(newcomer->id());
  request.add_remove(*old_id);
  const MemberInfo* known = Find(*all, newcomer->id());
  if (WasRemoved(*all, *old_id) && known != nullptr && known->voter()) {
    // What is asked for is so already, by this very change or another one.
    ChangeMembershipResponse made;
    made.set_outcome(ChangeMembershipResponse::OUTCOME_ALREADY_MADE);
    made.set_version(all->configuration_version());
    made.set_configuration(all->configuration());
    PrintChange(context.console(), request, made, false);
    return absl::OkStatus();
  }
  const absl::Status sense = CheckSense(*all, *old_id, *newcomer);
  if (!sense.ok()) return sense;
  if (known == nullptr) {
    const absl::Status added =
        AddNewcomer(context, **admin, *newcomer, options);
    if (!added.ok()) return added;
  }
  const absl::StatusOr<ChangeMembershipResponse> response =
      CarryOut(context, request, options.change);
  if (!response.ok()) return response.status();
  PrintChange(context.console(), request, *response, options.change.no_wait);
  return absl::OkStatus();
}

}  // namespace

void AddMemberReplaceVerb(Verb& group, Context& context) {
  auto options = std::make_shared<ReplaceOptions>();
  Verb verb = group.AddVerb(
      "replace",
      "put a member in another one's place, in one joint change; adds it as a "
      "learner first, and waits until it has proved itself (at most 5m, or "
      "--retry-for)");
  verb.Positional("ID", &options->old_member, "the member that goes for ever")
      .Option("--by", &options->by, "ID|HOST:PORT",
              "who comes: a learner, or a member that runs there and waits to "
              "join");
  AddChangeOptions(verb, options->change);
  verb.Example("quorate member replace 2 --by 4")
      .Example("quorate member replace 2 --by 127.0.0.1:7004 --retry-for 10m")
      .Does([options, &context]() -> absl::Status {
        if (options->by.empty()) {
          return UsageError(
              "--by is required: the id of a learner, or HOST:PORT of a member "
              "that runs and waits to join");
        }
        return RunReplace(context, *options);
      });
}

}  // namespace quorate::tools
