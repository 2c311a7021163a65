#include "tools/quorate/outage/mailroom.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/client/admin.h"
#include "broker/client/client_options.h"
#include "broker/client/producer.h"
#include "broker/client/producer_core.h"
#include "broker/dlq/replay.h"
#include "broker/dlq/spool.h"
#include "broker/image/cluster_image.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/feeder.h"
#include "tools/quorate/outage/reader.h"

namespace quorate::tools {
namespace {

// Half of the producers are told of all brokers, the others of one each, as
// those are that stand in one rack with it: who knows no other broker has
// nobody to ask if that one has strayed.
constexpr size_t kWellTold = 3;
// Fewer than brokers, so that one of these leads none.
constexpr int32_t kPartitions = 2;
constexpr int64_t kAdminMs = 60'000;
// Of one message, when the queue is drained.
constexpr int64_t kReplayMs = 30'000;

// A stage's minutes are a real cluster's hours: who waits here waits for
// seconds, so that what a retry cannot save reaches the queue while one looks.
broker::ProducerLimits Limits() {
  broker::ProducerLimits limits;
  limits.delivery_timeout_ms = 5'000;
  limits.request_timeout_ms = 4'000;
  limits.unknown_topic_ms = 500;
  limits.max_backoff_ms = 500;
  limits.metadata_max_age_ms = 1'000;
  return limits;
}

class TheMailroom final : public Mailroom {
 public:
  explicit TheMailroom(const MailroomOptions& options) : options_(options) {}
  ~TheMailroom() override;

  absl::Status SetUp();

  std::vector<std::function<absl::Status(broker::Message, FeedOptions::Told)>>
  Senders() override;
  absl::StatusOr<int64_t> Waiting() override;
  absl::StatusOr<QueueFacts> Replay() override;
  std::string database() const override {
    return absl::StrCat(options_.directory, "/processed.db");
  }
  absl::Status ConsumerTrouble() const override {
    return reader_->last_error();
  }

 private:
  // A client that asks another broker first than the one before it.
  broker::ClientOptions ClientOf(const std::string& name, size_t first) const;
  absl::Status MakeTopic();
  absl::Status MakeProducers();

  const MailroomOptions options_;
  std::shared_ptr<broker::SpoolDlq> spool_;
  std::vector<std::unique_ptr<broker::Producer>> producers_;
  std::unique_ptr<Reader> reader_;
};

TheMailroom::~TheMailroom() {
  for (const auto& producer : producers_) {
    producer->Close(0).IgnoreError();
  }
}

broker::ClientOptions TheMailroom::ClientOf(const std::string& name,
                                            size_t first) const {
  broker::ClientOptions client{.client_id = name,
                               .unsafe_no_ensemble_pin = options_.unsafe};
  for (size_t i = 0; i < options_.brokers.size(); ++i) {
    client.bootstrap.push_back(
        options_.brokers[(first + i) % options_.brokers.size()]);
  }
  return client;
}

absl::Status TheMailroom::MakeTopic() {
  const absl::StatusOr<std::unique_ptr<broker::Admin>> admin =
      broker::Admin::Create(ClientOf("demo-admin", 0), kAdminMs);
  if (!admin.ok()) return admin.status();
  return (*admin)
      ->CreateTopic(options_.topic, kPartitions,
                    {.replication_factor = 3, .min_insync_replicas = 2})
      .status();
}

absl::Status TheMailroom::MakeProducers() {
  for (size_t i = 0; i < kWellTold + options_.brokers.size(); ++i) {
    broker::ProducerOptions options{
        .client = ClientOf(absl::StrCat("demo-producer-", i + 1), i),
        .limits = Limits(),
        .dead_letters = spool_};
    if (i >= kWellTold) options.client.bootstrap.resize(1);
    absl::StatusOr<std::unique_ptr<broker::Producer>> producer =
        broker::Producer::Create(std::move(options));
    if (!producer.ok()) return producer.status();
    producers_.push_back(*std::move(producer));
  }
  return absl::OkStatus();
}

absl::Status TheMailroom::SetUp() {
  absl::StatusOr<std::unique_ptr<broker::SpoolDlq>> spool =
      broker::SpoolDlq::Open(
          absl::StrCat(options_.directory, "/dead-letters.db"));
  if (!spool.ok()) return spool.status();
  spool_ = *std::move(spool);
  absl::Status status = MakeTopic();
  if (status.ok()) status = MakeProducers();
  if (!status.ok()) return status;
  absl::StatusOr<std::unique_ptr<Reader>> reader =
      Reader::Start({.client = ClientOf("demo-consumer", 1),
                     .topic = options_.topic,
                     .database = database()});
  if (!reader.ok()) return reader.status();
  reader_ = *std::move(reader);
  return absl::OkStatus();
}

std::vector<std::function<absl::Status(broker::Message, FeedOptions::Told)>>
TheMailroom::Senders() {
  std::vector<std::function<absl::Status(broker::Message, FeedOptions::Told)>>
      senders;
  for (const auto& producer : producers_) {
    senders.push_back([raw = producer.get()](broker::Message message,
                                             FeedOptions::Told told) {
      return raw->Send(std::move(message), std::move(told));
    });
  }
  return senders;
}

absl::StatusOr<int64_t> TheMailroom::Waiting() {
  const absl::StatusOr<broker::SpoolStats> stats = spool_->Stats();
  if (!stats.ok()) return stats.status();
  return stats->waiting;
}

absl::StatusOr<QueueFacts> TheMailroom::Replay() {
  QueueFacts facts;
  absl::StatusOr<int64_t> waiting = Waiting();
  if (!waiting.ok()) return waiting.status();
  facts.taken = *waiting;
  broker::ProducerLimits limits = Limits();
  limits.delivery_timeout_ms = kReplayMs;
  const absl::StatusOr<std::unique_ptr<broker::Producer>> producer =
      broker::Producer::Create({.client = ClientOf("demo-replay", 0),
                                .limits = limits,
                                .dead_letters = nullptr});
  if (!producer.ok()) return producer.status();
  const absl::StatusOr<broker::ReplayResult> replayed = broker::Replay(
      *spool_, **producer, {.should_stop = options_.should_stop});
  if (!replayed.ok()) return replayed.status();
  facts.replayed = replayed->done;
  waiting = Waiting();
  if (!waiting.ok()) return waiting.status();
  facts.left = *waiting;
  return facts;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Mailroom>> Mailroom::Make(
    const MailroomOptions& options) {
  auto mailroom = std::make_unique<TheMailroom>(options);
  const absl::Status status = mailroom->SetUp();
  if (!status.ok()) return status;
  return mailroom;
}

}  // namespace quorate::tools
