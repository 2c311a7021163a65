// dlq list, show, replay, drop

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "broker/client/client_options.h"
#include "broker/client/producer.h"
#include "broker/dlq/replay.h"
#include "broker/dlq/spool.h"
#include "broker/record/record_batch.h"
#include "coord/client/error.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/interrupt.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/broker/broker_contact.h"
#include "tools/quorate/verbs/broker/client_verbs.h"
#include "tools/quorate/verbs/broker/record_json.h"

namespace quorate::tools {
namespace {

constexpr int64_t kEndless = std::numeric_limits<int64_t>::max();
// Letters that are read at once.
constexpr int64_t kPage = 500;

struct DlqOptions {
  std::string spool;
  broker::SpoolFilter filter;
  int64_t limit = kEndless;
  bool all = false;
  bool done = false;
  std::optional<int64_t> id;
  std::string to_topic;
  absl::Duration delivery_timeout = absl::Seconds(30);
};

absl::StatusOr<std::unique_ptr<broker::SpoolDlq>> Open(
    const DlqOptions& options) {
  if (options.spool.empty()) {
    return UsageError("which spool? Give --spool FILE");
  }
  return broker::SpoolDlq::Open(options.spool, {.create = false});
}

std::string StateOf(const broker::SpooledLetter& letter) {
  if (letter.done_ms == 0) return "waiting";
  return absl::StrCat("done, at ", letter.done_partition, "/",
                      letter.done_offset);
}

Json JsonOf(const broker::SpooledLetter& spooled) {
  const broker::DeadLetter& letter = spooled.letter;
  Json json = {{"id", spooled.id},
               {"state", spooled.done_ms == 0 ? "waiting" : "done"},
               {"message_id", letter.message_id},
               {"topic", letter.topic},
               {"partition", letter.partition},
               {"cause", letter.cause},
               {"message", letter.message},
               {"attempts", letter.attempts},
               {"puts", spooled.puts},
               {"replays", spooled.replays},
               {"first", FormatTime(letter.first_ms)},
               {"last", FormatTime(letter.last_ms)},
               {"producer_id", letter.producer_id},
               {"producer_epoch", letter.producer_epoch},
               {"sequence", letter.sequence}};
  if (!letter.group.empty()) {
    json["group"] = letter.group;
    json["offset"] = letter.offset;
  }
  if (spooled.done_ms != 0) {
    json["done"] = FormatTime(spooled.done_ms);
    json["done_partition"] = spooled.done_partition;
    json["done_offset"] = spooled.done_offset;
  }
  SetRecordJson(letter.record, json);
  return json;
}

absl::Status RunList(Context& context, const DlqOptions& options) {
  const auto spool = Open(options);
  if (!spool.ok()) return spool.status();
  const Console& console = context.console();
  Table table({"ID", "STATE", "TOPIC", "KEY", "CAUSE", "ATTEMPTS", "FIRST",
               "LAST", "VALUE"});
  broker::SpoolFilter filter = options.filter;
  filter.done = options.all;
  int64_t left = options.limit;
  for (; left > 0;) {
    filter.limit = std::min(kPage, left);
    const auto letters = (*spool)->List(filter);
    if (!letters.ok()) return letters.status();
    if (letters->empty()) break;
    for (const broker::SpooledLetter& spooled : *letters) {
      if (console.json) {
        console.out << Dump(JsonOf(spooled)) << "\n";
        continue;
      }
      const broker::DeadLetter& letter = spooled.letter;
      table.Add({absl::StrCat(spooled.id), StateOf(spooled), letter.topic,
                 Printable(letter.record.key.value_or(""), 30), letter.cause,
                 absl::StrCat(letter.attempts), FormatTime(letter.first_ms),
                 FormatTime(letter.last_ms),
                 Printable(letter.record.value, 50)});
    }
    filter.after_id = letters->back().id;
    left -= static_cast<int64_t>(letters->size());
  }
  if (!console.json) {
    const absl::StatusOr<broker::SpoolStats> stats = (*spool)->Stats();
    if (!stats.ok()) return stats.status();
    table.Print(console);
    console.Remark(absl::StrCat(
        stats->waiting, " waiting, ", stats->done, " done, ",
        FormatBytes(static_cast<uint64_t>(stats->bytes)), " in all"));
  }
  console.out << std::flush;
  return absl::OkStatus();
}

absl::Status RunShow(Context& context, const DlqOptions& options) {
  const auto spool = Open(options);
  if (!spool.ok()) return spool.status();
  const auto spooled = (*spool)->Get(options.id.value_or(0));
  if (!spooled.ok()) return spooled.status();
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump(JsonOf(*spooled)) << std::endl;
    return absl::OkStatus();
  }
  const broker::DeadLetter& letter = spooled->letter;
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"id", absl::StrCat(spooled->id)},
      {"state", StateOf(*spooled)},
      {"message id", letter.message_id},
      {"topic", letter.topic},
      {"partition",
       letter.partition < 0 ? "-" : absl::StrCat(letter.partition)},
      {"cause", letter.cause},
      {"message", Printable(letter.message)},
      {"attempts", absl::StrCat(letter.attempts)},
      {"first", FormatTime(letter.first_ms)},
      {"last", FormatTime(letter.last_ms)},
      {"replays that failed", absl::StrCat(spooled->replays)}};
  if (letter.sequence >= 0) {
    pairs.push_back({"sequence", absl::StrCat(letter.sequence, " of producer ",
                                              letter.producer_id, ", epoch ",
                                              letter.producer_epoch)});
  }
  if (!letter.group.empty()) {
    pairs.push_back({"given up by group", letter.group});
    pairs.push_back({"offset", absl::StrCat(letter.offset)});
  }
  if (letter.record.key.has_value()) {
    pairs.push_back({"key", Printable(*letter.record.key)});
  }
  for (const broker::RecordHeader& header : letter.record.headers) {
    pairs.push_back({absl::StrCat("header ", Printable(header.name)),
                     Printable(header.value)});
  }
  pairs.push_back({"value", Printable(letter.record.value)});
  PrintPairs(console, pairs);
  console.out << std::flush;
  return absl::OkStatus();
}

absl::Status RunReplay(Context& context, const DlqOptions& options,
                       const std::vector<std::string>& brokers) {
  const auto spool = Open(options);
  if (!spool.ok()) return spool.status();
  absl::StatusOr<broker::ClientOptions> client =
      BrokerClientOptions(context, brokers);
  if (!client.ok()) return client.status();
  broker::ProducerOptions producer_options;
  producer_options.client = *std::move(client);
  producer_options.limits.delivery_timeout_ms =
      absl::ToInt64Milliseconds(options.delivery_timeout);
  producer_options.limits.request_timeout_ms =
      std::min(producer_options.limits.request_timeout_ms,
               producer_options.limits.delivery_timeout_ms);
  const auto producer = broker::Producer::Create(std::move(producer_options));
  if (!producer.ok()) return producer.status();
  const Interrupt interrupt;
  absl::StatusOr<broker::ReplayResult> result = broker::ReplayResult();
  {
    Progress progress(context.console(), "sending");
    broker::ReplayOptions replay = {.filter = options.filter,
                                    .to_topic = options.to_topic};
    replay.filter.limit = options.limit;
    replay.should_stop = [&interrupt] { return interrupt.HasCome(); };
    replay.on_progress = [&progress](int64_t done, int64_t failed) {
      progress.Update(absl::StrCat(done, " sent, ", failed, " failed"));
    };
    result = broker::Replay(**spool, **producer, replay);
  }
  if (!result.ok()) return result.status();
  const absl::StatusOr<broker::SpoolStats> stats = (*spool)->Stats();
  if (!stats.ok()) return stats.status();
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump({{"done", result->done},
                         {"failed", result->failed},
                         {"interrupted", result->stopped},
                         {"waiting", stats->waiting}})
                << std::endl;
  } else {
    console.out << result->done << " sent again, " << result->failed
                << " failed" << (result->stopped ? ", interrupted" : "") << "; "
                << stats->waiting << " wait\n"
                << std::flush;
  }
  if (result->failed == 0) return absl::OkStatus();
  client::ErrorInfo info;
  info.kind = "NotDelivered";
  return client::MakeError(
      absl::StatusCode::kAborted,
      absl::StrCat(result->failed,
                   " letters could not be delivered, and wait "
                   "on; the first: ",
                   KindOf(result->first_failure), ": ",
                   std::string(result->first_failure.message())),
      info);
}

absl::Status RunDrop(Context& context, const DlqOptions& options) {
  if (options.id.has_value() + options.all + options.done != 1) {
    return UsageError(
        "what to drop? Give an ID, or --done for those that were replayed, or "
        "--all for those that wait, too");
  }
  const auto spool = Open(options);
  if (!spool.ok()) return spool.status();
  int64_t dropped = 1;
  if (options.id) {
    const absl::Status status = (*spool)->DropOne(*options.id);
    if (!status.ok()) return status;
  } else {
    broker::SpoolFilter filter = options.filter;
    filter.limit = kEndless;
    filter.done = true;
    filter.waiting = options.all;
    const absl::StatusOr<int64_t> count = (*spool)->Drop(filter);
    if (!count.ok()) return count.status();
    dropped = *count;
  }
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump({{"dropped", dropped}}) << std::endl;
  } else {
    console.out << "dropped " << dropped << "\n" << std::flush;
  }
  return absl::OkStatus();
}

void AddSpool(Verb& verb, DlqOptions& options) {
  verb.Option("--spool", &options.spool, "FILE", "the file of dead letters");
}

void AddFilter(Verb& verb, DlqOptions& options) {
  verb.Option("--topic", &options.filter.topic, "TOPIC", "only of this topic");
  verb.Option("--group", &options.filter.group, "G",
              "only those that this group could not process");
}

}  // namespace

void AddDlqVerbs(CommandLine& line, Context& context) {
  auto options = std::make_shared<DlqOptions>();
  Verb dlq = line.AddVerb(
      "dlq", "messages that could not be delivered: dead letters in a file");
  Verb list = dlq.AddVerb("list", "the letters that wait");
  AddSpool(list, *options);
  AddFilter(list, *options);
  list.Flag("--all", &options->all, "also those that were replayed")
      .Option("--limit", Number{&options->limit, 1, kEndless}, "N",
              "at most so many")
      .Example("quorate dlq list --spool orders.spool")
      .Does([options, &context] { return RunList(context, *options); });

  Verb show = dlq.AddVerb("show", "all of one letter");
  show.Positional("ID", Number{&options->id, 1, kEndless}, "as list shows it");
  AddSpool(show, *options);
  show.Example("quorate dlq show 17 --spool orders.spool")
      .Does([options, &context] { return RunShow(context, *options); });

  Verb replay = dlq.AddVerb(
      "replay",
      "send the letters that wait again; each is marked once acknowledged, so "
      "it can be cut short and run again");
  AddSpool(replay, *options);
  AddFilter(replay, *options);
  replay.Option("--limit", Number{&options->limit, 1, kEndless}, "N",
                "at most so many");
  replay.Option("--to", &options->to_topic, "TOPIC",
                "to this topic; else each to its own");
  replay.Option("--delivery-timeout", &options->delivery_timeout, "TIME",
                "how long each is tried (default 30s)");
  const BrokerLists brokers = AddBrokersOption(replay);
  replay.Example("quorate dlq replay --spool orders.spool")
      .Does([options, brokers, &context] {
        return RunReplay(context, *options, *brokers);
      });

  Verb drop = dlq.AddVerb("drop", "remove letters for good");
  drop.OptionalPositional("ID", Number{&options->id, 1, kEndless},
                          "as list shows it");
  AddSpool(drop, *options);
  AddFilter(drop, *options);
  drop.Flag("--done", &options->done, "those that were replayed")
      .Flag("--all", &options->all, "all, those that wait too")
      .Example("quorate dlq drop --done --spool orders.spool")
      .Does([options, &context] { return RunDrop(context, *options); });
}

}  // namespace quorate::tools
