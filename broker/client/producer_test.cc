#include "broker/client/producer.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/client_options.h"
#include "broker/client/dead_letter_queue.h"
#include "broker/client/delivery.h"
#include "broker/client/message_id.h"
#include "broker/client/testing/fake_cluster.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/record/record_batch.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

using Method = FakeCluster::Method;
using Fault = FakeCluster::Fault;

// Keeps letters in memory, or refuses them.
class FakeQueue : public DeadLetterQueue {
 public:
  absl::Status Put(const std::vector<DeadLetter>& letters) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!refusal_.ok()) return refusal_;
    letters_.insert(letters_.end(), letters.begin(), letters.end());
    return absl::OkStatus();
  }
  void Refuse(absl::Status why) {
    const std::lock_guard<std::mutex> lock(mutex_);
    refusal_ = std::move(why);
  }
  std::vector<DeadLetter> letters() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return letters_;
  }

 private:
  std::mutex mutex_;
  std::vector<DeadLetter> letters_;
  absl::Status refusal_;
};

// What a producer has told.
class Told {
 public:
  Producer::Callback Next() {
    return [this](const Delivery& delivery) {
      const std::lock_guard<std::mutex> lock(mutex_);
      all_.push_back(delivery);
    };
  }
  std::vector<Delivery> all() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return all_;
  }
  int Count(DeliveryOutcome outcome) {
    int count = 0;
    for (const Delivery& delivery : all()) count += delivery.outcome == outcome;
    return count;
  }

 private:
  std::mutex mutex_;
  std::vector<Delivery> all_;
};

std::unique_ptr<Producer> NewProducer(
    const std::vector<std::string>& bootstrap,
    std::shared_ptr<DeadLetterQueue> queue = nullptr,
    ProducerLimits limits = {}, int64_t max_block_ms = 10'000) {
  limits.max_backoff_ms = 50;
  limits.min_backoff_ms = 5;
  auto producer = Producer::Create(
      {.client = {.bootstrap = bootstrap, .max_backoff_ms = 50},
       .limits = limits,
       .dead_letters = std::move(queue),
       .max_block_ms = max_block_ms});
  EXPECT_TRUE(producer.ok()) << producer.status();
  return *std::move(producer);
}

Message Keyed(int key, int value) {
  return {.topic = "t",
          .record = {.key = "k" + std::to_string(key),
                     .value = std::to_string(value)}};
}

// Every value from 0 on, once, and those of one key in order.
void ExpectExactlyOnceInOrder(const FakeCluster& cluster, int partitions,
                              int messages) {
  std::set<int> seen;
  std::map<std::string, int> last;
  for (int p = 0; p < partitions; ++p) {
    for (const Record& record : cluster.Log({"t", p})) {
      const int value = std::stoi(record.value);
      EXPECT_TRUE(seen.insert(value).second) << "twice: " << value;
      const auto [it, first] = last.emplace(*record.key, value);
      EXPECT_TRUE(first || it->second < value) << "order of " << *record.key;
      it->second = value;
    }
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(messages));
}

TEST(ProducerTest, RefusesBadOptions) {
  EXPECT_FALSE(Producer::Create({}).ok());
  ProducerOptions options = {.client = {.bootstrap = {"h:1"}}};
  options.limits.max_in_flight = 6;
  EXPECT_TRUE(absl::IsInvalidArgument(Producer::Create(options).status()));
}

TEST(ProducerTest, SendsInBatches) {
  FakeCluster cluster(3);
  cluster.AddTopic("t", 4);
  Told told;
  const auto producer = NewProducer({cluster.AddressOf(2)});
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(producer->Send(Keyed(i % 10, i), told.Next()).ok());
  }
  EXPECT_TRUE(producer->Close(20'000).ok());
  EXPECT_EQ(told.Count(DeliveryOutcome::kAcknowledged), 1'000);
  ExpectExactlyOnceInOrder(cluster, 4, 1'000);
  EXPECT_LT(cluster.Calls(Method::kProduce), 200);
  EXPECT_EQ(producer->stats().acknowledged, 1'000);
  EXPECT_EQ(producer->ensemble_id(), "ensemble-id-0001");
  EXPECT_TRUE(absl::IsFailedPrecondition(producer->Send(Keyed(1, 1), nullptr)));
}

TEST(ProducerTest, TellsWhereAMessageStands) {
  FakeCluster cluster(1);
  cluster.AddTopic("t", 3);
  const auto producer = NewProducer(cluster.Addresses());
  const auto delivery = producer->SendAndWait(
      {.topic = "t", .partition = 2, .record = {.value = "v"}});
  ASSERT_TRUE(delivery.ok()) << delivery.status();
  EXPECT_EQ(delivery->outcome, DeliveryOutcome::kAcknowledged);
  EXPECT_EQ(delivery->partition, 2);
  EXPECT_EQ(delivery->offset, 0);
  EXPECT_EQ(MessageIdOf(cluster.Log({"t", 2}).at(0)), delivery->message_id);
}

TEST(ProducerTest, SurvivesLostAnswersRefusalsAndNewLeaders) {
  FakeCluster cluster(3);
  cluster.AddTopic("t", 6);
  std::atomic<int> calls = 0;
  cluster.SetFaultHook([&calls](Method method, BrokerId) {
    Fault fault;
    if (method != Method::kProduce) return fault;
    switch (calls++ % 5) {
      case 0:
        fault.after = absl::UnavailableError("lost");
        break;
      case 1:
        fault.after = absl::CancelledError("the server ends");
        break;
      case 2:
        fault.before = BrokerError(ErrorKind::kNotEnoughReplicas, "later");
        break;
      default:
        break;
    }
    return fault;
  });
  Told told;
  const auto producer =
      NewProducer(cluster.Addresses(), nullptr, {.batch_bytes = 400});
  for (int i = 0; i < 2'000; ++i) {
    ASSERT_TRUE(producer->Send(Keyed(i % 16, i), told.Next()).ok());
    if (i % 100 == 0) {
      cluster.SetLeader({"t", (i / 100) % 6}, 1 + (i / 100) % 3);
    }
  }
  EXPECT_TRUE(producer->Close(60'000).ok());
  EXPECT_EQ(told.Count(DeliveryOutcome::kAcknowledged), 2'000);
  ExpectExactlyOnceInOrder(cluster, 6, 2'000);
  EXPECT_GT(producer->stats().saved_by_retry, 0);
  EXPECT_GT(producer->stats().duplicates, 0);
}

TEST(ProducerTest, ABrokerThatDiesIsLeftBehind) {
  FakeCluster cluster(3);
  cluster.AddTopic("t", 3);
  Told told;
  const auto producer = NewProducer(cluster.Addresses());
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(producer->Send(Keyed(i % 16, i), told.Next()).ok());
  }
  cluster.Kill(2);
  cluster.SetLeader({"t", 1}, 3);
  for (int i = 300; i < 600; ++i) {
    ASSERT_TRUE(producer->Send(Keyed(i % 16, i), told.Next()).ok());
  }
  EXPECT_TRUE(producer->Close(60'000).ok());
  EXPECT_EQ(told.Count(DeliveryOutcome::kAcknowledged), 600);
  ExpectExactlyOnceInOrder(cluster, 3, 600);
}

TEST(ProducerTest, WhatCannotBeDeliveredBecomesADeadLetter) {
  FakeCluster cluster(1);
  cluster.AddTopic("t", 2, {.max_batch_bytes = 2'000});
  const auto queue = std::make_shared<FakeQueue>();
  const auto producer =
      NewProducer(cluster.Addresses(), queue, {.unknown_topic_ms = 200});
  const auto unknown = producer->SendAndWait(
      {.topic = "nowhere",
       .record = {.key = "k", .value = "v", .headers = {{"a", "b"}}}});
  ASSERT_TRUE(unknown.ok());
  EXPECT_EQ(unknown->outcome, DeliveryOutcome::kDeadLettered);
  EXPECT_TRUE(Is(unknown->cause, ErrorKind::kNoTopic)) << unknown->cause;
  const auto large = producer->SendAndWait(
      {.topic = "t", .record = {.value = std::string(3'000, 'x')}});
  EXPECT_TRUE(Is(large->cause, ErrorKind::kTooLarge)) << large->cause;
  const auto astray = producer->SendAndWait(
      {.topic = "t", .partition = 2, .record = {.value = "v"}});
  EXPECT_TRUE(Is(astray->cause, ErrorKind::kBadRequest)) << astray->cause;
  const std::vector<DeadLetter> letters = queue->letters();
  ASSERT_EQ(letters.size(), 3u);
  EXPECT_EQ(letters[0].topic, "nowhere");
  EXPECT_EQ(letters[0].cause, "NoTopic");
  EXPECT_EQ(letters[0].message_id, unknown->message_id);
  EXPECT_EQ(letters[0].record.key, "k");
  EXPECT_EQ(letters[0].record.headers.at(0).name, "a");
  EXPECT_GT(letters[0].first_ms, 0);
  EXPECT_EQ(letters[1].cause, "TooLarge");
  EXPECT_EQ(producer->stats().dead_lettered, 3);
}

TEST(ProducerTest, WhatEvenTheQueueRefusesHasFailed) {
  FakeCluster cluster(1);
  cluster.AddTopic("t", 1);
  const auto queue = std::make_shared<FakeQueue>();
  queue->Refuse(absl::ResourceExhaustedError("the spool is full"));
  const auto producer = NewProducer(cluster.Addresses(), queue);
  const auto delivery = producer->SendAndWait(
      {.topic = "t", .partition = 7, .record = {.value = "v"}});
  EXPECT_EQ(delivery->outcome, DeliveryOutcome::kFailed);
  EXPECT_NE(delivery->cause.message().find("the spool is full"),
            std::string::npos)
      << delivery->cause;
  EXPECT_NE(delivery->cause.message().find("BadRequest"), std::string::npos);
}

TEST(ProducerTest, AForeignEnsembleMakesDeadLetters) {
  FakeCluster cluster(1);
  cluster.AddTopic("t", 1);
  const auto queue = std::make_shared<FakeQueue>();
  auto producer =
      Producer::Create({.client = {.bootstrap = cluster.Addresses(),
                                   .ensemble_id = std::string(16, 'z')},
                        .dead_letters = queue});
  ASSERT_TRUE(producer.ok());
  const auto delivery = (*producer)->SendAndWait(Keyed(1, 1));
  EXPECT_EQ(delivery->outcome, DeliveryOutcome::kDeadLettered);
  EXPECT_TRUE(Is(delivery->cause, ErrorKind::kWrongEnsemble))
      << delivery->cause;
  EXPECT_TRUE(cluster.Log({"t", 0}).empty());
}

TEST(ProducerTest, ADeadlineLeavesNoGap) {
  FakeCluster cluster(1);
  cluster.AddTopic("t", 1);
  std::atomic<bool> silent = true;
  cluster.SetFaultHook([&silent](Method method, BrokerId) {
    Fault fault;
    if (method == Method::kProduce && silent) {
      fault.before = BrokerError(ErrorKind::kNotEnoughReplicas, "alone");
    }
    return fault;
  });
  const auto queue = std::make_shared<FakeQueue>();
  const auto producer =
      NewProducer(cluster.Addresses(), queue, {.delivery_timeout_ms = 300});
  const auto late = producer->SendAndWait(Keyed(1, 1));
  EXPECT_EQ(late->outcome, DeliveryOutcome::kDeadLettered);
  EXPECT_GT(late->attempts, 1);
  silent = false;
  for (int i = 2; i < 5; ++i) {
    const auto delivery = producer->SendAndWait(Keyed(1, i));
    EXPECT_EQ(delivery->outcome, DeliveryOutcome::kAcknowledged)
        << delivery->cause;
  }
  const DeadLetter letter = queue->letters().at(0);
  EXPECT_EQ(letter.cause, "NotEnoughReplicas");
  EXPECT_EQ(letter.sequence, 0);
  EXPECT_GT(letter.producer_id, 0u);
  EXPECT_EQ(cluster.Log({"t", 0}).size(), 3u);
  EXPECT_EQ(cluster.Calls(Method::kInitProducer), 2);
}

TEST(ProducerTest, MemoryIsBounded) {
  FakeCluster cluster(1);
  cluster.SetFaultHook([](Method, BrokerId) {
    Fault fault;
    fault.before = BrokerError(ErrorKind::kNotReady, "starting");
    return fault;
  });
  const auto queue = std::make_shared<FakeQueue>();
  const auto producer = NewProducer(
      cluster.Addresses(), queue,
      {.delivery_timeout_ms = 60'000, .max_buffered_bytes = 10'000}, 50);
  int taken = 0;
  absl::Status status;
  Told told;
  while (status.ok() && taken < 1'000) {
    status = producer->Send(Keyed(1, taken), told.Next());
    taken += status.ok();
  }
  EXPECT_TRUE(Is(status, ErrorKind::kOverloaded)) << status;
  EXPECT_LE(producer->stats().buffered_bytes, 10'000u);
  EXPECT_TRUE(absl::IsDeadlineExceeded(producer->Close(50)));
  EXPECT_EQ(told.Count(DeliveryOutcome::kDeadLettered), taken);
  EXPECT_EQ(queue->letters().size(), static_cast<size_t>(taken));
}

TEST(ProducerTest, AFloodTripsTheBreaker) {
  FakeCluster cluster(1);
  cluster.AddTopic("t", 1);
  const auto queue = std::make_shared<FakeQueue>();
  const auto producer =
      NewProducer(cluster.Addresses(), queue,
                  {.breaker = {.max_letters = 20, .open_ms = 600'000}});
  Told told;
  int taken = 0;
  absl::Status status;
  while (status.ok() && taken < 1'000) {
    status = producer->Send(
        {.topic = "t", .partition = 9, .record = {.value = "v"}}, told.Next());
    taken += status.ok();
    if (taken % 10 == 0) {
      ASSERT_TRUE(producer->Flush(10'000).ok());
    }
  }
  EXPECT_EQ(taken, 20);
  EXPECT_EQ(producer->stats().breaker, CircuitBreaker::State::kOpen);
  EXPECT_EQ(queue->letters().size(), 20u);
}

}  // namespace
}  // namespace quorate::broker
