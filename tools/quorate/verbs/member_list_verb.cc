// member list

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "coord/client/admin.h"
#include "nlohmann/json.hpp"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/member_verbs.h"
#include "tools/quorate/verbs/refusal.h"

namespace quorate::tools {
namespace {

using coord::v1::MemberInfo;
using coord::v1::MembersResponse;

bool IsLearner(const MemberInfo& member) {
  return !member.voter() && !member.outgoing_voter();
}

std::string RoleOf(const MembersResponse& all, const MemberInfo& member) {
  std::string role = member.voter() ? "voter" : "learner";
  if (member.outgoing_voter()) {
    role = member.voter() ? "voter (both)" : "leaving voter";
  }
  if (member.id() == all.leader_id()) role = absl::StrCat("leader, ", role);
  return role;
}

void AddFacts(const MemberInfo& member, Json& row) {
  if (member.has_last_heard_ms()) {
    row["last_heard_ms"] = member.last_heard_ms();
  }
  row["last_zxid"] = FormatZxid(member.last_zxid());
  row["lag_records"] = member.lag_records();
  row["lag_bytes"] = member.lag_bytes();
  row["fsync_ms"] = member.fsync_ms();
  row["seasoned"] = member.seasoned();
  if (member.has_seasoned_in_ms()) {
    row["seasoned_in_ms"] = member.seasoned_in_ms();
  }
  if (member.has_voter_for_ms()) row["voter_for_ms"] = member.voter_for_ms();
  if (member.has_proven_for_ms()) {
    row["proven_for_ms"] = member.proven_for_ms();
  }
  if (!IsLearner(member)) return;
  row["promotable"] = !member.has_promotion_refusal();
  if (member.has_promotion_refusal()) {
    row["promotion_refusal"] = RefusalJson(member.promotion_refusal());
  }
}

Json MembersJson(const MembersResponse& all) {
  Json json = {{"ensemble_id", FormatId(all.ensemble_id())},
               {"configuration_version", all.configuration_version()},
               {"configuration", all.configuration()},
               {"joint", all.joint()},
               {"leader_id", all.leader_id()},
               {"from_leader", all.from_leader()},
               {"unsafe", all.unsafe()},
               {"members", Json::array()},
               {"removed", Json::array()}};
  for (const MemberInfo& member : all.members()) {
    Json row = {{"id", member.id()},
                {"incarnation", absl::StrFormat("%016x", member.incarnation())},
                {"address", member.address()},
                {"role", RoleOf(all, member)},
                {"voter", member.voter()},
                {"outgoing_voter", member.outgoing_voter()}};
    if (member.known()) AddFacts(member, row);
    json["members"].push_back(std::move(row));
  }
  for (const uint64_t id : all.removed()) json["removed"].push_back(id);
  return json;
}

// "yes", "in 7.2 s"; "no": not while it is silent; empty: it has no vote.
std::string Seasoned(const MemberInfo& member) {
  if (!member.voter()) return "";
  if (member.seasoned()) return "yes";
  return member.has_seasoned_in_ms() ? FormatRetry(member.seasoned_in_ms())
                                     : "no";
}

std::vector<std::string> RowOf(const MembersResponse& all,
                               const MemberInfo& member) {
  std::vector<std::string> row = {
      absl::StrCat(member.id()), absl::StrFormat("%016x", member.incarnation()),
      member.address(), RoleOf(all, member)};
  if (!member.known()) {
    row.resize(9);
    return row;
  }
  row.push_back(FormatZxid(member.last_zxid()));
  row.push_back(absl::StrCat(member.lag_records(), " (",
                             FormatBytes(member.lag_bytes()), ")"));
  row.push_back(member.has_last_heard_ms()
                    ? absl::StrCat(FormatAge(member.last_heard_ms()), " ago")
                    : "");
  row.push_back(absl::StrCat(member.fsync_ms(), "ms"));
  row.push_back(Seasoned(member));
  return row;
}

// Of each learner, whether it could be promoted now.
void PrintLearners(const Console& console, const MembersResponse& all) {
  Table table({"LEARNER", "PROMOTION", "EARLIEST", "WHY"});
  bool any = false;
  for (const MemberInfo& member : all.members()) {
    if (!member.known() || !IsLearner(member)) continue;
    any = true;
    const std::string id = absl::StrCat(member.id());
    if (!member.has_promotion_refusal()) {
      table.Add(
          {id, "possible", "now", absl::StrCat("quorate member promote ", id)});
      continue;
    }
    const coord::v1::ErrorDetail& refusal = member.promotion_refusal();
    table.Add({id, absl::StrCat("refused by ", NameOfRefusal(refusal)),
               refusal.has_retry_after_ms()
                   ? FormatRetry(refusal.retry_after_ms())
                   : "",
               refusal.message()});
  }
  if (!any) return;
  console.out << "\n";
  table.Print(console);
}

absl::Status RunList(Context& context) {
  const absl::StatusOr<client::AdminClient*> admin = context.Admin();
  if (!admin.ok()) return admin.status();
  const absl::StatusOr<MembersResponse> all = [&] {
    const Progress progress(context.console(), "waiting for the members");
    return (*admin)->Members();
  }();
  if (!all.ok()) return all.status();
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump(MembersJson(*all)) << std::endl;
    return absl::OkStatus();
  }
  Table table({"ID", "INCARNATION", "ADDRESS", "ROLE", "LAST ZXID", "LAG",
               "HEARD", "FSYNC", "SEASONED"});
  for (const MemberInfo& member : all->members()) {
    table.Add(RowOf(*all, member));
    if (member.id() == all->leader_id()) table.PaintLast(Colour::kGreen);
  }
  table.Print(console);
  PrintLearners(console, *all);
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
    console.out << "no leader answered; this may be old. A majority of the "
                   "voters must run; if it is lost for good: quorate rescue "
                   "--help\n";
  }
  console.out << std::flush;
  return absl::OkStatus();
}

}  // namespace

void AddMemberListVerb(Verb& group, Context& context) {
  group
      .AddVerb("list",
               "print the members as the leader sees them, and whether its "
               "learners could be promoted")
      .Example("quorate member list")
      .Example("quorate member list --json")
      .Does([&context] { return RunList(context); });
}

}  // namespace quorate::tools
