// consume

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/client/client_options.h"
#include "broker/client/consumed_record.h"
#include "broker/client/consumer.h"
#include "broker/client/fetch_core.h"
#include "broker/client/offset_at.h"
#include "broker/client/topic_partition.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/interrupt.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/broker/broker_contact.h"
#include "tools/quorate/verbs/broker/client_verbs.h"
#include "tools/quorate/verbs/broker/record_json.h"

namespace quorate::tools {
namespace {

using broker::TopicPartition;

constexpr int64_t kPollMs = 200;
constexpr int64_t kEndless = std::numeric_limits<int64_t>::max();

struct ConsumeOptions {
  std::string topic;
  std::string group;
  std::string from = "earliest";
  std::optional<int64_t> partition;
  int64_t max = kEndless;
  bool until_end = false;
  std::string key_separator;
};

void Print(const Console& console, const ConsumeOptions& options,
           const broker::ConsumedRecord& record) {
  if (!console.json) {
    if (!options.key_separator.empty() && record.record.key.has_value()) {
      console.out << *record.record.key << options.key_separator;
    }
    console.out << record.record.value << "\n";
    return;
  }
  Json json = {{"partition", record.partition.partition},
               {"offset", record.offset}};
  SetRecordJson(record.record, json);
  console.out << Dump(json) << "\n";
}

// The partitions of the topic that are wanted, and where each ends now.
absl::StatusOr<std::map<TopicPartition, int64_t>> Ends(
    broker::Consumer& consumer, const ConsumeOptions& options) {
  const absl::StatusOr<int32_t> count = consumer.PartitionCount(options.topic);
  if (!count.ok()) return count.status();
  if (options.partition.value_or(0) >= *count) {
    return UsageError(absl::StrCat("topic ", options.topic, " has ", *count,
                                   " partitions, from 0 on; there is no ",
                                   *options.partition));
  }
  std::map<TopicPartition, int64_t> ends;
  for (int32_t p = 0; p < *count; ++p) {
    if (options.partition && *options.partition != p) continue;
    const TopicPartition partition = {options.topic, p};
    int64_t end = 0;
    if (options.until_end) {
      const absl::StatusOr<int64_t> found =
          consumer.Offset(partition, broker::OffsetAt::kLatest);
      if (!found.ok()) return found.status();
      end = *found;
    }
    ends[partition] = end;
  }
  return ends;
}

bool IsAtEnd(const broker::Consumer& consumer,
             const std::map<TopicPartition, int64_t>& ends) {
  const std::vector<TopicPartition> assigned = consumer.Assignment();
  const std::map<TopicPartition, int64_t> positions = consumer.Positions();
  for (const TopicPartition& partition : assigned) {
    const auto position = positions.find(partition);
    const auto end = ends.find(partition);
    if (position == positions.end()) return false;
    if (end != ends.end() && position->second < end->second) return false;
  }
  return !assigned.empty();
}

absl::Status ReadAll(Context& context, const ConsumeOptions& options,
                     broker::Consumer& consumer,
                     const std::map<TopicPartition, int64_t>& ends) {
  const Interrupt interrupt;
  const Console& console = context.console();
  int64_t count = 0;
  while (!interrupt.HasCome() && count < options.max) {
    const absl::StatusOr<std::vector<broker::ConsumedRecord>> records =
        consumer.Poll(kPollMs);
    if (!records.ok()) return records.status();
    std::set<TopicPartition> given_back;
    for (const broker::ConsumedRecord& record : *records) {
      const auto end = ends.find(record.partition);
      if (count == options.max) {
        // What is not printed must not be committed.
        if (given_back.insert(record.partition).second) {
          const absl::Status sought =
              consumer.Seek(record.partition, record.offset);
          if (!sought.ok()) return sought;
        }
        continue;
      }
      // What stands behind the end came later; a group reads it all the same.
      if (options.until_end && options.group.empty() && end != ends.end() &&
          record.offset >= end->second) {
        continue;
      }
      Print(console, options, record);
      ++count;
    }
    console.out << std::flush;
    if (!console.out) return LocalError("cannot write to standard output");
    if (options.until_end && IsAtEnd(consumer, ends)) break;
  }
  return absl::OkStatus();
}

absl::Status Run(Context& context, const ConsumeOptions& options,
                 const std::vector<std::string>& brokers) {
  if (!options.group.empty() && options.partition) {
    return UsageError("a group shares all partitions: leave out --partition");
  }
  absl::StatusOr<broker::ClientOptions> client =
      BrokerClientOptions(context, brokers);
  if (!client.ok()) return client.status();
  broker::ConsumerOptions consumer_options;
  consumer_options.client = *std::move(client);
  consumer_options.group = options.group;
  if (!options.group.empty()) consumer_options.topics = {options.topic};
  consumer_options.max_records =
      static_cast<size_t>(std::min<int64_t>(500, options.max));
  consumer_options.fetch.reset = options.from == "latest"
                                     ? broker::OffsetReset::kLatest
                                     : broker::OffsetReset::kEarliest;
  absl::StatusOr<std::unique_ptr<broker::Consumer>> consumer =
      broker::Consumer::Create(std::move(consumer_options));
  if (!consumer.ok()) return consumer.status();
  absl::StatusOr<std::map<TopicPartition, int64_t>> ends =
      std::map<TopicPartition, int64_t>();
  {
    const Progress progress(context.console(), "waiting for a broker");
    ends = Ends(**consumer, options);
  }
  if (!ends.ok()) return ends.status();
  if (options.group.empty()) {
    std::map<TopicPartition, std::optional<int64_t>> partitions;
    for (const auto& [partition, end] : *ends) partitions[partition];
    const absl::Status assigned = (*consumer)->Assign(partitions);
    if (!assigned.ok()) return assigned;
  }
  const absl::Status read = ReadAll(context, options, **consumer, *ends);
  const absl::Status closed = (*consumer)->Close();
  return read.ok() ? closed : read;
}

}  // namespace

void AddConsumeVerb(CommandLine& line, Context& context) {
  auto options = std::make_shared<ConsumeOptions>();
  Verb verb = line.AddVerb(
      "consume", "print the values of a topic's records, a line each");
  verb.Positional("TOPIC", &options->topic, "what to read")
      .Option("--group", &options->group, "G",
              "as a member of this group, whose offsets are committed")
      .Option("--from", Choice{&options->from, {"earliest", "latest"}}, "WHERE",
              "where nothing is committed: earliest (default) or latest")
      .Option("--partition", Number{&options->partition, 0, 999}, "N",
              "only this one")
      .Option("--max", Number{&options->max, 1, kEndless}, "N",
              "end after so many records")
      .Flag("--until-end", &options->until_end,
            "end behind the last record that is there now")
      .Option("--key-separator", &options->key_separator, "TEXT",
              "print keys too, before it")
      .Example("quorate consume orders --until-end")
      .Example("quorate consume orders --group billing --max 100 --json");
  const BrokerLists brokers = AddBrokersOption(verb);
  verb.Does([options, brokers, &context] {
    return Run(context, *options, *brokers);
  });
}

}  // namespace quorate::tools
