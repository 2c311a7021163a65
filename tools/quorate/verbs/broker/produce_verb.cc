// produce

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "broker/client/client_options.h"
#include "broker/client/delivery.h"
#include "broker/client/producer.h"
#include "broker/client/producer_core.h"
#include "broker/dlq/spool.h"
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
#include "tools/quorate/verbs/broker/line_source.h"

namespace quorate::tools {
namespace {

constexpr int64_t kMaxBatchBytes = 8 << 20;
// Those that are closed before their messages have ended wait for so long more.
constexpr int64_t kCloseSlackMs = 10'000;

struct ProduceOptions {
  std::string topic;
  std::string file;
  std::string key_separator;
  std::optional<int64_t> partition;
  std::string dlq;
  absl::Duration delivery_timeout = absl::Seconds(30);
  int64_t linger_ms = 5;
  int64_t batch_bytes = 256 << 10;
  bool unsafe_no_pin = false;
};

// What has become of the messages.
class Tally {
 public:
  void OnDelivery(const broker::Delivery& delivery) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (delivery.outcome == broker::DeliveryOutcome::kFailed) {
      Fail(delivery.cause);
    } else if (delivery.outcome == broker::DeliveryOutcome::kDeadLettered) {
      ++causes_[KindOf(delivery.cause)];
    }
  }
  void OnRefused(const absl::Status& why) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Fail(why);
    ++refused_;
  }

  int64_t refused() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return refused_;
  }
  std::map<std::string, int64_t> causes() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return causes_;
  }
  absl::Status first_failure() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return first_failure_;
  }

 private:
  void Fail(const absl::Status& why) {
    ++causes_[KindOf(why)];
    if (first_failure_.ok()) first_failure_ = why;
  }

  mutable std::mutex mutex_;
  int64_t refused_ = 0;
  std::map<std::string, int64_t> causes_;
  absl::Status first_failure_;
};

broker::Message MessageOf(const ProduceOptions& options, std::string line) {
  broker::Message message = {.topic = options.topic};
  if (options.partition) {
    message.partition = static_cast<int32_t>(*options.partition);
  }
  const size_t cut = options.key_separator.empty()
                         ? std::string::npos
                         : line.find(options.key_separator);
  if (cut == std::string::npos) {
    message.record.value = std::move(line);
  } else {
    message.record.key = line.substr(0, cut);
    message.record.value = line.substr(cut + options.key_separator.size());
  }
  return message;
}

std::string ProgressText(const broker::ProducerStats& stats) {
  return absl::StrCat(stats.acknowledged, " acknowledged, ",
                      stats.dead_lettered, " dead letters, ", stats.failed,
                      " failed, ", stats.unsettled, " under way");
}

// The error that tells that not all was acknowledged.
absl::Status Verdict(const ProduceOptions& options, int64_t dead,
                     int64_t failed, const absl::Status& first_failure) {
  if (dead == 0 && failed == 0) return absl::OkStatus();
  client::ErrorInfo info;
  info.kind = failed > 0 ? "NotDelivered" : "DeadLettered";
  std::string text;
  if (failed > 0) {
    absl::StrAppend(&text, failed,
                    " messages were neither acknowledged nor "
                    "kept as dead letters; the first: ",
                    KindOf(first_failure), ": ",
                    std::string(first_failure.message()));
  }
  if (dead > 0) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", dead,
                    " messages are dead letters in ", options.dlq,
                    "; to send them again: quorate dlq replay --spool ",
                    options.dlq);
  }
  return client::MakeError(absl::StatusCode::kAborted, text, info);
}

void PrintSummary(const Console& console, const broker::ProducerStats& stats,
                  const Tally& tally, int64_t read) {
  const int64_t failed = stats.failed + tally.refused();
  if (console.json) {
    Json json = {{"lines", read},
                 {"acknowledged", stats.acknowledged},
                 {"saved_by_retry", stats.saved_by_retry},
                 {"dead_lettered", stats.dead_lettered},
                 {"failed", failed},
                 {"causes", Json::object()}};
    for (const auto& [kind, count] : tally.causes()) {
      json["causes"][kind] = count;
    }
    console.out << Dump(json) << std::endl;
    return;
  }
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"acknowledged",
       absl::StrCat(stats.acknowledged, " of ", read, ", ",
                    stats.saved_by_retry, " of them saved by a retry")},
      {"dead letters", absl::StrCat(stats.dead_lettered)},
      {"failed", absl::StrCat(failed)}};
  for (const auto& [kind, count] : tally.causes()) {
    pairs.push_back({absl::StrCat("  ", kind), absl::StrCat(count)});
  }
  PrintPairs(console, pairs);
  console.out << std::flush;
}

absl::StatusOr<broker::ProducerOptions> ProducerOptionsOf(
    const Context& context, const ProduceOptions& options,
    const std::vector<std::string>& brokers) {
  absl::StatusOr<broker::ClientOptions> client =
      BrokerClientOptions(context, brokers);
  if (!client.ok()) return client.status();
  broker::ProducerOptions producer;
  producer.client = *std::move(client);
  producer.client.unsafe_no_ensemble_pin = options.unsafe_no_pin;
  producer.limits.delivery_timeout_ms =
      absl::ToInt64Milliseconds(options.delivery_timeout);
  producer.limits.request_timeout_ms = std::min(
      producer.limits.request_timeout_ms, producer.limits.delivery_timeout_ms);
  producer.limits.linger_ms = options.linger_ms;
  producer.limits.batch_bytes = static_cast<size_t>(options.batch_bytes);
  // A spool that is named can bear what the input holds.
  producer.max_block_ms = producer.limits.delivery_timeout_ms + kCloseSlackMs;
  if (options.dlq.empty()) return producer;
  absl::StatusOr<std::unique_ptr<broker::SpoolDlq>> spool =
      broker::SpoolDlq::Open(options.dlq);
  if (!spool.ok()) return spool.status();
  producer.dead_letters = *std::move(spool);
  return producer;
}

absl::Status Run(Context& context, const ProduceOptions& options,
                 const std::vector<std::string>& brokers) {
  if (context.in_shell() && options.file.empty()) {
    return UsageError("a shell reads standard input itself: give --file FILE");
  }
  const Interrupt interrupt;
  absl::StatusOr<std::unique_ptr<LineSource>> lines =
      LineSource::Open(options.file, interrupt.fd());
  if (!lines.ok()) return lines.status();
  absl::StatusOr<broker::ProducerOptions> producer_options =
      ProducerOptionsOf(context, options, brokers);
  if (!producer_options.ok()) return producer_options.status();
  const int64_t patience_ms =
      producer_options->limits.delivery_timeout_ms + kCloseSlackMs;
  Tally tally;  // outlives the producer
  absl::StatusOr<std::unique_ptr<broker::Producer>> producer =
      broker::Producer::Create(*std::move(producer_options));
  if (!producer.ok()) return producer.status();
  int64_t read = 0;
  absl::Status input;
  {
    Progress progress(context.console(), "sending");
    for (;;) {
      absl::StatusOr<std::optional<std::string>> line = (*lines)->Next();
      input = line.status();
      if (!line.ok() || !line->has_value()) break;
      ++read;
      const absl::Status sent =
          (*producer)->Send(MessageOf(options, **std::move(line)),
                            [&tally](const broker::Delivery& delivery) {
                              tally.OnDelivery(delivery);
                            });
      if (!sent.ok()) tally.OnRefused(sent);
      if (read % 1'000 == 0) {
        progress.Update(ProgressText((*producer)->stats()));
      }
    }
    progress.Update("waiting for the last acknowledgements");
    // Whatever has no end in time becomes a dead letter, and is counted.
    static_cast<void>((*producer)->Close(patience_ms));
  }
  const broker::ProducerStats stats = (*producer)->stats();
  PrintSummary(context.console(), stats, tally, read);
  if (!input.ok()) return input;
  return Verdict(options, stats.dead_lettered, stats.failed + tally.refused(),
                 tally.first_failure());
}

}  // namespace

void AddProduceVerb(CommandLine& line, Context& context) {
  auto options = std::make_shared<ProduceOptions>();
  Verb verb = line.AddVerb(
      "produce",
      "send each line as a message, acknowledged by all in-sync replicas; exit "
      "code 0 only if all were");
  verb.Positional("TOPIC", &options->topic, "where to")
      .Option("--file", &options->file, "FILE",
              "whose lines; else those of standard input")
      .Option("--key-separator", &options->key_separator, "TEXT",
              "what stands before it in a line is the message's key")
      .Option("--partition", Number{&options->partition, 0, 999}, "N",
              "send all to this one; else by the key's hash, or in turns")
      .Option("--dlq", &options->dlq, "SPOOL",
              "keep in this file what cannot be delivered; else it fails")
      .Option("--delivery-timeout", &options->delivery_timeout, "TIME",
              "how long each message is tried (default 30s)")
      .Option("--linger-ms", Number{&options->linger_ms, 0, 60'000}, "MS",
              "how long a batch waits for more messages (default 5)")
      .Option("--batch-bytes", Number{&options->batch_bytes, 1, kMaxBatchBytes},
              "BYTES", "how large a batch may get (default 262144)")
      .Flag("--unsafe-no-ensemble-pin", &options->unsafe_no_pin,
            "believe brokers of any ensemble, to show an outage")
      .Example("quorate produce orders --file /etc/services --dlq orders.spool")
      .Example("quorate produce orders --key-separator : < orders.txt");
  const BrokerLists brokers = AddBrokersOption(verb);
  verb.Does([options, brokers, &context] {
    return Run(context, *options, *brokers);
  });
}

}  // namespace quorate::tools
