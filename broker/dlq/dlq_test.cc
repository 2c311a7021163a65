// Replay and the topic of dead letters, over brokers of this process.

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/dead_letter_queue.h"
#include "broker/client/delivery.h"
#include "broker/client/message_id.h"
#include "broker/client/producer.h"
#include "broker/client/testing/fake_cluster.h"
#include "broker/dlq/replay.h"
#include "broker/dlq/spool.h"
#include "broker/dlq/topic_dlq.h"
#include "broker/error/broker_error.h"
#include "broker/record/record_batch.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

std::unique_ptr<Producer> NewProducer(
    const FakeCluster& cluster, std::shared_ptr<DeadLetterQueue> queue = {}) {
  auto producer = Producer::Create(
      {.client = {.bootstrap = cluster.Addresses(), .max_backoff_ms = 50},
       .limits = {.delivery_timeout_ms = 2'000, .unknown_topic_ms = 100},
       .dead_letters = std::move(queue)});
  EXPECT_TRUE(producer.ok()) << producer.status();
  return *std::move(producer);
}

std::shared_ptr<SpoolDlq> NewSpool() {
  const std::string path =
      testing::TempDir() + "/" +
      testing::UnitTest::GetInstance()->current_test_info()->name() + ".spool";
  std::remove(path.c_str());
  absl::StatusOr<std::unique_ptr<SpoolDlq>> spool = SpoolDlq::Open(path);
  EXPECT_TRUE(spool.ok()) << spool.status();
  return *std::move(spool);
}

// Messages 0 to count - 1 to a topic that is not there.
void Fill(const FakeCluster& cluster, const std::shared_ptr<SpoolDlq>& spool,
          int count) {
  const auto producer = NewProducer(cluster, spool);
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(producer
                    ->Send({.topic = "t",
                            .record = {.key = "k", .value = std::to_string(i)}},
                           nullptr)
                    .ok());
  }
  ASSERT_TRUE(producer->Close(10'000).ok());
  ASSERT_EQ(spool->Stats()->waiting, count);
}

TEST(ReplayTest, SendsEachOnceAndInOrder) {
  FakeCluster cluster(2);
  const auto spool = NewSpool();
  Fill(cluster, spool, 30);
  cluster.AddTopic("t", 1);
  const auto producer = NewProducer(cluster);
  const auto result = Replay(*spool, *producer, {.page = 7});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->done, 30);
  EXPECT_EQ(result->failed, 0);
  const std::vector<Record> log = cluster.Log({"t", 0});
  ASSERT_EQ(log.size(), 30u);
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(log[static_cast<size_t>(i)].value, std::to_string(i));
  }
  EXPECT_EQ(spool->Get(5)->done_offset, 4);
  EXPECT_EQ(MessageIdOf(log[4]), spool->Get(5)->letter.message_id);
  // There is nothing more to do.
  EXPECT_EQ(Replay(*spool, *producer, {})->done, 0);
}

TEST(ReplayTest, CanBeInterrupted) {
  FakeCluster cluster(1);
  const auto spool = NewSpool();
  Fill(cluster, spool, 10);
  cluster.AddTopic("t", 1);
  const auto producer = NewProducer(cluster);
  int asked = 0;
  const auto first =
      Replay(*spool, *producer,
             {.page = 4, .should_stop = [&asked] { return ++asked == 2; }});
  EXPECT_EQ(first->done, 4);
  EXPECT_TRUE(first->stopped);
  EXPECT_EQ(Replay(*spool, *producer, {})->done, 6);
  EXPECT_EQ(cluster.Log({"t", 0}).size(), 10u);
}

TEST(ReplayTest, KilledBeforeTheMarkItSendsTheSameMessageIdAgain) {
  FakeCluster cluster(1);
  const auto spool = NewSpool();
  Fill(cluster, spool, 3);
  cluster.AddTopic("t", 1);
  {
    // As a process that dies between acknowledgement and mark.
    const auto producer = NewProducer(cluster);
    const auto letters = spool->List({});
    ASSERT_TRUE(letters.ok()) << letters.status();
    for (const SpooledLetter& letter : *letters) {
      ASSERT_TRUE(producer
                      ->SendAndWait({.topic = letter.letter.topic,
                                     .record = letter.letter.record})
                      .ok());
    }
  }
  EXPECT_EQ(Replay(*spool, *NewProducer(cluster), {})->done, 3);
  const std::vector<Record> log = cluster.Log({"t", 0});
  ASSERT_EQ(log.size(), 6u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(MessageIdOf(log[i]), MessageIdOf(log[i + 3]));
  }
}

TEST(ReplayTest, WhatFailsAgainWaitsOn) {
  FakeCluster cluster(1);
  const auto spool = NewSpool();
  Fill(cluster, spool, 3);
  const auto producer = NewProducer(cluster);
  const auto failed = Replay(*spool, *producer, {});
  EXPECT_EQ(failed->failed, 3);
  EXPECT_TRUE(Is(failed->first_failure, ErrorKind::kNoTopic))
      << failed->first_failure;
  EXPECT_EQ(spool->Stats()->waiting, 3);
  EXPECT_EQ(spool->Get(1)->replays, 1);
  cluster.AddTopic("elsewhere", 1);
  EXPECT_EQ(Replay(*spool, *producer, {.to_topic = "elsewhere"})->done, 3);
}

TEST(TopicDlqTest, ALetterStandsInARecord) {
  const DeadLetter letter = {
      .message_id = "id-1",
      .topic = "orders",
      .partition = 4,
      .record = {.timestamp_ms = 5,
                 .key = "k",
                 .value = "v",
                 .headers = {{"quorate-message-id", "id-1"}, {"a", "b"}}},
      .cause = "NoLeader",
      .message = "why",
      .attempts = 3,
      .first_ms = 1,
      .last_ms = 2,
      .producer_id = 77,
      .producer_epoch = 1,
      .sequence = 9,
      .group = "g",
      .offset = 12};
  EXPECT_EQ(*LetterOfRecord(RecordOfLetter(letter)), letter);
  EXPECT_TRUE(absl::IsDataLoss(LetterOfRecord({.value = "v"}).status()));
  Record strange = RecordOfLetter(letter);
  strange.headers[1].value = "many";
  EXPECT_TRUE(absl::IsDataLoss(LetterOfRecord(strange).status()));
}

TEST(TopicDlqTest, ASecondClusterTakesTheLetters) {
  FakeCluster first(1);
  FakeCluster second(2, "ensemble-id-0002");
  second.AddTopic("dead", 2);
  auto queue = TopicDlq::Create(
      {.client = {.bootstrap = second.Addresses()},
       .limits = {.delivery_timeout_ms = 2'000, .unknown_topic_ms = 100}},
      "dead");
  ASSERT_TRUE(queue.ok()) << queue.status();
  const std::shared_ptr<DeadLetterQueue> shared = *std::move(queue);
  const auto producer = NewProducer(first, shared);
  const auto delivery = producer->SendAndWait(
      {.topic = "nowhere", .record = {.key = "k", .value = "v"}});
  EXPECT_EQ(delivery->outcome, DeliveryOutcome::kDeadLettered)
      << delivery->cause;
  std::vector<Record> all = second.Log({"dead", 0});
  for (const Record& record : second.Log({"dead", 1})) all.push_back(record);
  ASSERT_EQ(all.size(), 1u);
  const auto letter = LetterOfRecord(all[0]);
  ASSERT_TRUE(letter.ok()) << letter.status();
  EXPECT_EQ(letter->topic, "nowhere");
  EXPECT_EQ(letter->message_id, delivery->message_id);
  // A topic that is gone refuses: the caller is told.
  second.RemoveTopic("dead");
  EXPECT_EQ(producer->SendAndWait({.topic = "nowhere", .record = {}})->outcome,
            DeliveryOutcome::kFailed);
}

}  // namespace
}  // namespace quorate::broker
