// member plan, change, add, promote, remove, transfer; and the group

#include "tools/quorate/verbs/member_verbs.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/admin.h"
#include "nlohmann/json.hpp"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/membership_change.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

void AddChangeFlags(Verb& verb, ChangeOptions& options) {
  verb.Option("--add", &options.add, "HOST:PORT",
              "add the member that runs there, as a learner; may be repeated")
      .Option("--promote", &options.promote, "ID",
              "let a learner vote; may be repeated")
      .Option("--remove", &options.remove, "ID",
              "remove a member for ever; may be repeated");
}

void AddPlanAndChange(Verb& group, Context& context) {
  auto plan = std::make_shared<ChangeOptions>();
  plan->dry_run = true;
  Verb verb = group.AddVerb(
      "plan", "ask whether a change would be accepted, without making it");
  AddChangeFlags(verb, *plan);
  verb.Option("--expect-version", Number{&plan->expected_version, 1}, "N",
              "as if decided on this version of the configuration")
      .Example("quorate member plan --promote 4")
      .Example(
          "quorate member plan --promote 4 --promote 5 --promote 6 --promote 7")
      .Example("quorate member plan --promote 4 --remove 1")
      .Does([plan, &context] { return ChangeMembership(context, *plan); });
  auto change = std::make_shared<ChangeOptions>();
  verb = group.AddVerb("change", "several things in one step");
  AddChangeFlags(verb, *change);
  AddChangeOptions(verb, *change);
  verb.Example("quorate member change --promote 4 --remove 1   # replace 1")
      .Example("quorate member change --remove 2 --remove 3 --expect-version 5")
      .Does([change, &context] { return ChangeMembership(context, *change); });
}

void AddSimpleChanges(Verb& group, Context& context) {
  auto add = std::make_shared<ChangeOptions>();
  Verb verb = group.AddVerb(
      "add", "add members that run and wait to join, as learners");
  verb.Positional("ADDRESS", &add->add, "where they listen: HOST:PORT");
  AddChangeOptions(verb, *add);
  verb.Example("quorate member add 127.0.0.1:7004").Does([add, &context] {
    return ChangeMembership(context, *add);
  });
  auto promote = std::make_shared<ChangeOptions>();
  verb = group.AddVerb("promote", "let learners vote");
  verb.Positional("ID", &promote->promote, "their ids");
  AddChangeOptions(verb, *promote);
  verb.Example("quorate member promote 4 --retry-for 2m")
      .Does(
          [promote, &context] { return ChangeMembership(context, *promote); });
  auto remove = std::make_shared<ChangeOptions>();
  verb = group.AddVerb("remove", "remove members for ever");
  verb.Positional("ID", &remove->remove, "their ids");
  AddChangeOptions(verb, *remove);
  verb.Example("quorate member remove 2").Does([remove, &context] {
    return ChangeMembership(context, *remove);
  });
}

// Waits until somebody else leads, `target` if it is not 0.
absl::Status AwaitLeader(Context& context, client::AdminClient& admin,
                         uint64_t before, uint64_t target) {
  const Progress progress(context.console(), "waiting for the new leader");
  const absl::Time deadline = absl::Now() + context.options().timeout;
  while (true) {
    const absl::StatusOr<coord::v1::MembersResponse> all = admin.Members();
    if (all.ok() && all->from_leader() &&
        (target == 0 ? all->leader_id() != before
                     : all->leader_id() == target)) {
      const Console& console = context.console();
      if (console.json) {
        console.out << Dump({{"leader_id", all->leader_id()}}) << std::endl;
      } else {
        console.out << "member " << all->leader_id() << " leads" << std::endl;
      }
      return absl::OkStatus();
    }
    if (absl::Now() >= deadline) {
      return TimeoutError(
          "leadership was offered, and was not taken in time; see quorate "
          "status");
    }
    absl::SleepFor(absl::Milliseconds(50));
  }
}

absl::Status RunTransfer(Context& context, std::optional<int64_t> target) {
  const absl::StatusOr<client::AdminClient*> admin = context.Admin();
  if (!admin.ok()) return admin.status();
  const absl::StatusOr<coord::v1::MembersResponse> before = (*admin)->Members();
  if (!before.ok()) return before.status();
  const uint64_t id = static_cast<uint64_t>(target.value_or(0));
  if (id == 0 || id != before->leader_id()) {
    const absl::Status status = (*admin)->TransferLeadership(id);
    if (!status.ok()) return status;
  }
  return AwaitLeader(context, **admin, before->leader_id(), id);
}

}  // namespace

void AddMemberVerbs(CommandLine& line, Context& context) {
  Verb group = line.AddVerb("member", "who belongs to the ensemble");
  AddMemberListVerb(group, context);
  AddPlanAndChange(group, context);
  AddSimpleChanges(group, context);
  AddMemberReplaceVerb(group, context);
  AddMemberQuestionVerbs(group, context);
  AddMemberLimitsVerb(group, context);
  auto target = std::make_shared<std::optional<int64_t>>();
  group.AddVerb("transfer", "hand leadership over, and wait for it")
      .OptionalPositional("ID", Number{target.get(), 1},
                          "to this voter; else to the one that is furthest")
      .Example("quorate member transfer 2")
      .Does([target, &context] { return RunTransfer(context, *target); });
}

}  // namespace quorate::tools
