// member list, plan, change, add, promote, remove, transfer

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/admin.h"
#include "nlohmann/json.hpp"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/membership_change.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

std::string RoleOf(const coord::v1::MembersResponse& all,
                   const coord::v1::MemberInfo& member) {
  std::string role = member.voter() ? "voter" : "learner";
  if (member.outgoing_voter()) {
    role = member.voter() ? "voter (both)" : "leaving voter";
  }
  if (member.id() == all.leader_id()) role = absl::StrCat("leader, ", role);
  return role;
}

Json MembersJson(const coord::v1::MembersResponse& all) {
  Json json = {{"ensemble_id", FormatId(all.ensemble_id())},
               {"configuration_version", all.configuration_version()},
               {"configuration", all.configuration()},
               {"joint", all.joint()},
               {"leader_id", all.leader_id()},
               {"from_leader", all.from_leader()},
               {"unsafe", all.unsafe()},
               {"members", Json::array()},
               {"removed", Json::array()}};
  for (const coord::v1::MemberInfo& member : all.members()) {
    Json row = {{"id", member.id()},
                {"incarnation", absl::StrFormat("%016x", member.incarnation())},
                {"address", member.address()},
                {"voter", member.voter()},
                {"outgoing_voter", member.outgoing_voter()}};
    if (member.known()) {
      if (member.has_last_heard_ms()) {
        row["last_heard_ms"] = member.last_heard_ms();
      }
      row["lag_records"] = member.lag_records();
      row["lag_bytes"] = member.lag_bytes();
      row["fsync_ms"] = member.fsync_ms();
      row["seasoned"] = member.seasoned();
      if (member.has_voter_for_ms())
        row["voter_for_ms"] = member.voter_for_ms();
      if (member.has_proven_for_ms()) {
        row["proven_for_ms"] = member.proven_for_ms();
      }
      row["last_zxid"] = FormatZxid(member.last_zxid());
    }
    json["members"].push_back(std::move(row));
  }
  for (const uint64_t id : all.removed()) json["removed"].push_back(id);
  return json;
}

std::vector<std::string> RowOf(const coord::v1::MembersResponse& all,
                               const coord::v1::MemberInfo& member) {
  std::vector<std::string> row = {absl::StrCat(member.id()), member.address(),
                                  RoleOf(all, member)};
  if (!member.known()) {
    row.resize(9);
    return row;
  }
  row.push_back(member.has_last_heard_ms()
                    ? absl::StrCat(FormatAge(member.last_heard_ms()), " ago")
                    : "");
  row.push_back(absl::StrCat(member.lag_records(), " (",
                             FormatBytes(member.lag_bytes()), ")"));
  row.push_back(absl::StrCat(member.fsync_ms(), "ms"));
  row.push_back(!member.voter() ? "" : member.seasoned() ? "yes" : "no");
  row.push_back(member.has_voter_for_ms() ? FormatAge(member.voter_for_ms())
                                          : "");
  row.push_back(member.has_proven_for_ms() ? FormatAge(member.proven_for_ms())
                                           : "");
  return row;
}

absl::Status RunList(Context& context) {
  const absl::StatusOr<client::AdminClient*> admin = context.Admin();
  if (!admin.ok()) return admin.status();
  const absl::StatusOr<coord::v1::MembersResponse> all = [&] {
    const Progress progress(context.console(), "waiting for the members");
    return (*admin)->Members();
  }();
  if (!all.ok()) return all.status();
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump(MembersJson(*all)) << std::endl;
    return absl::OkStatus();
  }
  Table table({"ID", "ADDRESS", "ROLE", "HEARD", "LAG", "FSYNC", "SEASONED",
               "VOTER FOR", "PROVEN FOR"});
  for (const coord::v1::MemberInfo& member : all->members()) {
    table.Add(RowOf(*all, member));
    if (member.id() == all->leader_id()) table.PaintLast(Colour::kGreen);
  }
  table.Print(console);
  console.out << "\nconfiguration " << all->configuration() << ", ensemble "
              << FormatId(all->ensemble_id()) << "\n";
  if (all->removed_size() > 0) {
    console.out << "removed for ever: " << absl::StrJoin(all->removed(), ", ")
                << "\n";
  }
  if (all->unsafe()) {
    console.out << console.Paint(Colour::kRed, kUnsafeNote) << "\n";
  }
  if (!all->from_leader()) {
    console.out << "no leader answered; this may be old\n";
  }
  console.out << std::flush;
  return absl::OkStatus();
}

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
  Verb verb = group.AddVerb("plan", "ask whether a change would be accepted");
  AddChangeFlags(verb, *plan);
  verb.Option("--version", Number{&plan->version, 1}, "N",
              "as if decided on this version of the configuration")
      .Example("quorate member plan --promote 4")
      .Example("quorate member plan --promote 4 --remove 1")
      .Does([plan, &context] { return ChangeMembership(context, *plan); });
  auto change = std::make_shared<ChangeOptions>();
  verb = group.AddVerb("change", "several things in one step");
  AddChangeFlags(verb, *change);
  AddChangeOptions(verb, *change);
  verb.Example("quorate member change --promote 4 --remove 1   # replace 1")
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
  group.AddVerb("list", "print the members, as the leader sees them")
      .Example("quorate member list")
      .Does([&context] { return RunList(context); });
  AddPlanAndChange(group, context);
  AddSimpleChanges(group, context);
  auto target = std::make_shared<std::optional<int64_t>>();
  group.AddVerb("transfer", "hand leadership over, and wait for it")
      .OptionalPositional("ID", Number{target.get(), 1},
                          "to this voter; else to the one that is furthest")
      .Example("quorate member transfer 2")
      .Does([target, &context] { return RunTransfer(context, *target); });
}

}  // namespace quorate::tools
