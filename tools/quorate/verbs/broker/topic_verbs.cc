// topic create, list, describe, delete

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "broker/client/admin.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
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

using broker::PartitionState;
using broker::TopicState;

struct CreateOptions {
  std::string name;
  int64_t partitions = 1;
  int64_t replication_factor = 0;
  int64_t min_insync = 0;
  int64_t retention_bytes = 0;
  std::optional<absl::Duration> retention;
  int64_t segment_bytes = 0;
  int64_t max_batch_bytes = 0;
};

absl::Status CheckName(const std::string& name) {
  const absl::Status status = broker::CheckTopicName(name);
  return status.ok() ? status : UsageError(status.message());
}

// Partitions without a leader, and those of which a replica is not in sync.
struct Health {
  int leaderless = 0;
  int lagging = 0;
};
Health HealthOf(const TopicState& topic) {
  Health health;
  for (const PartitionState& partition : topic.partitions) {
    health.leaderless += partition.leader == broker::kNoBroker ? 1 : 0;
    health.lagging += partition.isr.size() < partition.replicas.size() ? 1 : 0;
  }
  return health;
}

Json ConfigJson(const broker::TopicConfig& config) {
  return {{"replication_factor", config.replication_factor},
          {"min_insync_replicas", config.min_insync_replicas},
          {"retention_bytes", config.retention_bytes},
          {"retention_ms", config.retention_ms},
          {"segment_bytes", config.segment_bytes},
          {"max_batch_bytes", config.max_batch_bytes}};
}

Json TopicJson(const std::string& name, const TopicState& topic) {
  Json json = {{"topic", name},
               {"topic_id", FormatZxid(topic.topic_id)},
               {"config", ConfigJson(topic.config)},
               {"partitions", Json::array()}};
  int32_t number = 0;
  for (const PartitionState& partition : topic.partitions) {
    json["partitions"].push_back({{"partition", number++},
                                  {"leader", partition.leader},
                                  {"leader_epoch", partition.leader_epoch},
                                  {"replicas", partition.replicas},
                                  {"isr", partition.isr}});
  }
  return json;
}

absl::Status RunCreate(Context& context, const CreateOptions& options,
                       const std::vector<std::string>& lists) {
  const absl::Status valid = CheckName(options.name);
  if (!valid.ok()) return valid;
  broker::TopicConfig config;
  config.replication_factor = static_cast<int32_t>(options.replication_factor);
  config.min_insync_replicas = static_cast<int32_t>(options.min_insync);
  config.retention_bytes = options.retention_bytes;
  config.retention_ms =
      options.retention
          ? std::max<int64_t>(1, absl::ToInt64Milliseconds(*options.retention))
          : 0;
  config.segment_bytes = options.segment_bytes;
  config.max_batch_bytes = static_cast<int32_t>(options.max_batch_bytes);
  const absl::StatusOr<std::unique_ptr<broker::Admin>> admin =
      BrokerAdmin(context, lists);
  if (!admin.ok()) return admin.status();
  const absl::StatusOr<TopicState> topic = [&] {
    const Progress progress(context.console(), "waiting for the controller");
    return (*admin)->CreateTopic(
        options.name, static_cast<int32_t>(options.partitions), config);
  }();
  if (!topic.ok()) return topic.status();
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump(TopicJson(options.name, *topic)) << std::endl;
    return absl::OkStatus();
  }
  console.out << "created " << options.name << ": " << topic->partitions.size()
              << (topic->partitions.size() == 1 ? " partition" : " partitions")
              << ", " << topic->config.replication_factor
              << (topic->config.replication_factor == 1 ? " replica each"
                                                        : " replicas each")
              << ", of which " << topic->config.min_insync_replicas
              << " must be in sync" << std::endl;
  return absl::OkStatus();
}

absl::Status RunList(Context& context, const std::vector<std::string>& lists) {
  const absl::StatusOr<broker::MetadataView> view = NewestView(context, lists);
  if (!view.ok()) return view.status();
  const Console& console = context.console();
  Table table({"TOPIC", "PARTITIONS", "REPLICAS", "MIN IN SYNC", "NO LEADER",
               "NOT ALL IN SYNC"});
  for (const auto& [name, topic] : view->image.topics) {
    const Health health = HealthOf(topic);
    if (console.json) {
      console.out
          << Dump({{"topic", name},
                   {"partitions", topic.partitions.size()},
                   {"replication_factor", topic.config.replication_factor},
                   {"min_insync_replicas", topic.config.min_insync_replicas},
                   {"leaderless", health.leaderless},
                   {"not_all_in_sync", health.lagging}})
          << "\n";
      continue;
    }
    table.Add({name, absl::StrCat(topic.partitions.size()),
               absl::StrCat(topic.config.replication_factor),
               absl::StrCat(topic.config.min_insync_replicas),
               absl::StrCat(health.leaderless), absl::StrCat(health.lagging)});
    if (health.leaderless > 0) {
      table.PaintLast(Colour::kRed);
    } else if (health.lagging > 0) {
      table.PaintLast(Colour::kYellow);
    }
  }
  if (!console.json) table.Print(console);
  console.out << std::flush;
  return absl::OkStatus();
}

std::string Limit(int64_t value, const std::string& text) {
  return value == 0 ? "no limit" : text;
}

void Print(const Console& console, const std::string& name,
           const TopicState& topic) {
  const broker::TopicConfig& config = topic.config;
  PrintPairs(
      console,
      {{"topic", name},
       {"id", FormatZxid(topic.topic_id)},
       {"replicas", absl::StrCat(config.replication_factor, ", at least ",
                                 config.min_insync_replicas, " in sync")},
       {"retention",
        absl::StrCat(
            Limit(config.retention_ms, FormatAge(config.retention_ms)), ", ",
            Limit(config.retention_bytes,
                  FormatBytes(static_cast<uint64_t>(config.retention_bytes))),
            " a partition")},
       {"segments", FormatBytes(static_cast<uint64_t>(config.segment_bytes))},
       {"batches", absl::StrCat("at most ", FormatBytes(static_cast<uint64_t>(
                                                config.max_batch_bytes)))}});
  console.out << "\n";
  Table table({"PARTITION", "LEADER", "LEADER EPOCH", "REPLICAS", "IN SYNC"});
  int32_t number = 0;
  for (const PartitionState& partition : topic.partitions) {
    table.Add({absl::StrCat(number++),
               partition.leader == broker::kNoBroker
                   ? "none"
                   : absl::StrCat(partition.leader),
               absl::StrCat(partition.leader_epoch),
               absl::StrJoin(partition.replicas, ","),
               absl::StrJoin(partition.isr, ",")});
    if (partition.leader == broker::kNoBroker) {
      table.PaintLast(Colour::kRed);
    } else if (partition.isr.size() < partition.replicas.size()) {
      table.PaintLast(Colour::kYellow);
    }
  }
  table.Print(console);
  console.out << std::flush;
}

absl::Status RunDescribe(Context& context, const std::string& name,
                         const std::vector<std::string>& lists) {
  const absl::Status valid = CheckName(name);
  if (!valid.ok()) return valid;
  const absl::StatusOr<broker::MetadataView> view = NewestView(context, lists);
  if (!view.ok()) return view.status();
  const auto found = view->image.topics.find(name);
  if (found == view->image.topics.end()) {
    return broker::BrokerError(
        broker::ErrorKind::kNoTopic,
        absl::StrCat("there is no topic \"", name, "\""));
  }
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump(TopicJson(name, found->second)) << std::endl;
  } else {
    Print(console, name, found->second);
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
    return (*admin)->DeleteTopic(name);
  }();
  if (!status.ok()) return status;
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump({{"topic", name}, {"done", "deleted"}}) << std::endl;
  } else {
    console.out << "deleted " << name << std::endl;
  }
  return absl::OkStatus();
}

void AddCreate(Verb& group, Context& context) {
  auto options = std::make_shared<CreateOptions>();
  Verb verb = group.AddVerb("create", "make a topic");
  const BrokerLists lists = AddBrokersOption(verb);
  verb.Positional("NAME", &options->name,
                  "1 to 200 of letters, digits, '.', '_', '-'")
      .Option("--partitions",
              Number{&options->partitions, 1, broker::kMaxPartitionsOfTopic},
              "N", "how many (default 1)")
      .Option("--replication-factor",
              Number{&options->replication_factor, 1, 100}, "N",
              "replicas of each (default 3, or as many as there are brokers)")
      .Option("--min-insync", Number{&options->min_insync, 1, 100}, "N",
              "replicas that must be in sync for acks=all (default 2, or the "
              "replication factor)")
      .Option("--retention", &options->retention, "TIME",
              "how long records are kept (default: for ever)")
      .Option("--retention-bytes", Number{&options->retention_bytes, 1}, "N",
              "of each partition (default: no limit)")
      .Option("--segment-bytes",
              Number{&options->segment_bytes, broker::kMinSegmentBytes,
                     broker::kMaxSegmentBytes},
              "N", "of a log's files (default 64 MiB)")
      .Option("--max-batch-bytes",
              Number{&options->max_batch_bytes, broker::kMinBatchLimitBytes,
                     broker::kMaxBatchLimitBytes},
              "N", "the largest batch that is taken (default 1 MiB)")
      .Example("quorate topic create orders --partitions 6")
      .Example(
          "quorate topic create audit --replication-factor 3 --min-insync 3 "
          "--retention 48h")
      .Does([options, lists, &context] {
        return RunCreate(context, *options, *lists);
      });
}

// A verb with the name of a topic alone.
void AddNamed(Verb& group, Context& context, const std::string& name,
              const std::string& help,
              absl::Status (*run)(Context&, const std::string&,
                                  const std::vector<std::string>&)) {
  auto topic = std::make_shared<std::string>();
  Verb verb = group.AddVerb(name, help);
  const BrokerLists lists = AddBrokersOption(verb);
  verb.Positional("NAME", topic.get(), "the topic")
      .Example(absl::StrCat("quorate topic ", name, " orders"))
      .Does([topic, lists, run, &context] {
        return run(context, *topic, *lists);
      });
}

}  // namespace

void AddTopicVerbs(CommandLine& line, Context& context) {
  Verb group = line.AddVerb("topic", "topics of the brokers");
  AddCreate(group, context);
  Verb list = group.AddVerb("list", "print the topics");
  const BrokerLists lists = AddBrokersOption(list);
  list.Example("quorate topic list")
      .Example("quorate topic list --brokers localhost:9092 --json")
      .Does([lists, &context] { return RunList(context, *lists); });
  AddNamed(group, context, "describe",
           "print a topic's settings and its partitions", RunDescribe);
  AddNamed(group, context, "delete", "delete a topic with its records",
           RunDelete);
}

}  // namespace quorate::tools
