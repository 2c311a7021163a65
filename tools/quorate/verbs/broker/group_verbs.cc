// group list, describe, delete

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/client/admin.h"
#include "broker/client/offset_at.h"
#include "broker/client/topic_partition.h"
#include "broker/image/rules.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/broker/broker_contact.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

using broker::TopicPartition;

// One partition that is read or was committed.
struct Progressed {
  std::string member = {};                // empty: nobody reads it
  std::optional<int64_t> committed = {};  // the next one to be read
  std::optional<int64_t> end = {};        // the high watermark; if it is known

  std::optional<int64_t> lag() const {
    if (!end) return std::nullopt;
    return *end - committed.value_or(0);
  }
};

std::string Text(const std::optional<int64_t>& number) {
  return number ? absl::StrCat(*number) : "";
}

// Groups' names are made as topics' are.
absl::Status CheckName(const std::string& name) {
  if (broker::CheckTopicName(name).ok()) return absl::OkStatus();
  return UsageError(absl::StrCat(
      "a group's name is 1 to 200 of letters, digits, '.', '_' and '-'; found "
      "\"",
      Printable(name, 100), "\""));
}

absl::Status RunList(Context& context, const std::vector<std::string>& lists) {
  const absl::StatusOr<std::unique_ptr<broker::Admin>> admin =
      BrokerAdmin(context, lists);
  if (!admin.ok()) return admin.status();
  const absl::StatusOr<std::vector<std::string>> groups = [&] {
    const Progress progress(context.console(), "waiting for the controller");
    return (*admin)->ListGroups();
  }();
  if (!groups.ok()) return groups.status();
  const Console& console = context.console();
  for (const std::string& group : *groups) {
    console.out << (console.json ? Dump({{"group", group}}) : group) << "\n";
  }
  console.out << std::flush;
  return absl::OkStatus();
}

std::map<TopicPartition, Progressed> ProgressOf(
    broker::Admin& admin, const broker::GroupView& group) {
  std::map<TopicPartition, Progressed> progress;
  for (const broker::GroupMemberView& member : group.members) {
    for (const TopicPartition& partition : member.partitions) {
      progress[partition].member = member.member_id;
    }
  }
  for (const auto& [partition, offset] : group.offsets) {
    progress[partition].committed = offset;
  }
  // Of those whose leader does not answer it is not known.
  for (auto& [partition, entry] : progress) {
    const absl::StatusOr<int64_t> end =
        admin.ListOffset(partition, broker::OffsetAt::kLatest);
    if (!end.ok()) continue;
    entry.end = *end;
  }
  return progress;
}

void PrintJson(const Console& console, const std::string& name,
               const broker::GroupView& group,
               const std::map<TopicPartition, Progressed>& progress) {
  Json json = {{"group", name},
               {"state", group.state},
               {"generation", group.generation},
               {"members", Json::array()},
               {"partitions", Json::array()}};
  for (const broker::GroupMemberView& member : group.members) {
    json["members"].push_back({{"member", member.member_id},
                               {"client", member.client_id},
                               {"partitions", member.partitions.size()}});
  }
  for (const auto& [partition, entry] : progress) {
    Json item = {{"topic", partition.topic},
                 {"partition", partition.partition}};
    if (!entry.member.empty()) item["member"] = entry.member;
    if (entry.committed) item["committed"] = *entry.committed;
    if (entry.end) item["end"] = *entry.end;
    if (entry.lag()) item["lag"] = *entry.lag();
    json["partitions"].push_back(std::move(item));
  }
  console.out << Dump(json) << std::endl;
}

void PrintText(const Console& console, const std::string& name,
               const broker::GroupView& group,
               const std::map<TopicPartition, Progressed>& progress) {
  PrintPairs(console, {{"group", name},
                       {"state", group.state},
                       {"generation", absl::StrCat(group.generation)}});
  if (!group.members.empty()) {
    console.out << "\n";
    Table members({"MEMBER", "CLIENT", "PARTITIONS"});
    for (const broker::GroupMemberView& member : group.members) {
      members.Add({Printable(member.member_id), Printable(member.client_id),
                   absl::StrCat(member.partitions.size())});
    }
    members.Print(console);
  }
  if (!progress.empty()) {
    console.out << "\n";
    Table table({"TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "MEMBER"});
    for (const auto& [partition, entry] : progress) {
      table.Add({partition.topic, absl::StrCat(partition.partition),
                 Text(entry.committed), Text(entry.end), Text(entry.lag()),
                 Printable(entry.member)});
    }
    table.Print(console);
  }
  console.out << std::flush;
}

absl::Status RunDescribe(Context& context, const std::string& name,
                         const std::vector<std::string>& lists) {
  const absl::Status valid = CheckName(name);
  if (!valid.ok()) return valid;
  const absl::StatusOr<std::unique_ptr<broker::Admin>> admin =
      BrokerAdmin(context, lists);
  if (!admin.ok()) return admin.status();
  absl::StatusOr<broker::GroupView> group = broker::GroupView();
  std::map<TopicPartition, Progressed> progress;
  {
    const Progress waiting(context.console(), "waiting for the controller");
    group = (*admin)->DescribeGroup(name);
    if (!group.ok()) return group.status();
    progress = ProgressOf(**admin, *group);
  }
  const Console& console = context.console();
  if (console.json) {
    PrintJson(console, name, *group, progress);
  } else {
    PrintText(console, name, *group, progress);
  }
  return absl::OkStatus();
}

absl::Status RunDelete(Context& context, const std::string& name,
                       const std::vector<std::string>& lists) {
  const absl::Status valid = CheckName(name);
  if (!valid.ok()) return valid;
  const absl::StatusOr<std::unique_ptr<broker::Admin>> admin =
      BrokerAdmin(context, lists);
  if (!admin.ok()) return admin.status();
  const absl::Status status = [&] {
    const Progress progress(context.console(), "waiting for the controller");
    return (*admin)->DeleteGroup(name);
  }();
  if (!status.ok()) return status;
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump({{"group", name}, {"done", "deleted"}}) << std::endl;
  } else {
    console.out << "deleted " << name << std::endl;
  }
  return absl::OkStatus();
}

// A verb with the name of a group alone.
void AddNamed(Verb& group, Context& context, const std::string& name,
              const std::string& help,
              absl::Status (*run)(Context&, const std::string&,
                                  const std::vector<std::string>&)) {
  auto id = std::make_shared<std::string>();
  Verb verb = group.AddVerb(name, help);
  const BrokerLists lists = AddBrokersOption(verb);
  verb.Positional("NAME", id.get(), "the group")
      .Example(absl::StrCat("quorate group ", name, " billing"))
      .Does([id, lists, run, &context] { return run(context, *id, *lists); });
}

}  // namespace

void AddGroupVerbs(CommandLine& line, Context& context) {
  Verb group = line.AddVerb("group", "groups of consumers");
  Verb list = group.AddVerb("list", "print the groups");
  const BrokerLists lists = AddBrokersOption(list);
  list.Example("quorate group list").Does([lists, &context] {
    return RunList(context, *lists);
  });
  AddNamed(group, context, "describe",
           "print a group's members, and how far it has come", RunDescribe);
  AddNamed(group, context, "delete",
           "delete a group without members, with its offsets", RunDelete);
}

}  // namespace quorate::tools
