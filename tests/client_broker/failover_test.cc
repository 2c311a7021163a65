// Three members, three brokers, and clients at work while brokers die, stand
// still and come back.

#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/admin.h"
#include "broker/client/client_options.h"
#include "broker/client/consumed_record.h"
#include "broker/client/consumer.h"
#include "broker/client/dead_letter_queue.h"
#include "broker/client/delivery.h"
#include "broker/client/message_id.h"
#include "broker/client/offset_at.h"
#include "broker/client/producer.h"
#include "broker/client/topic_partition.h"
#include "broker/dlq/replay.h"
#include "broker/dlq/spool.h"
#include "broker/dlq/sqlite.h"
#include "broker/image/cluster_image.h"
#include "broker/processor/processor.h"
#include "broker/processor/run.h"
#include "broker/server/test_broker.h"
#include "gtest/gtest.h"
#include "tests/client/ensemble.h"

namespace quorate::broker {
namespace {

constexpr int32_t kPartitions = 4;

// What a producer has told, by the value of the message.
class Told {
 public:
  Producer::Callback Of(const std::string& value) {
    return [this, value](const Delivery& delivery) {
      const std::lock_guard<std::mutex> lock(mutex_);
      all_.emplace(value, delivery);
    };
  }
  size_t size() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return all_.size();
  }
  std::map<std::string, Delivery> all() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return all_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Delivery> all_;
};

class FailoverTest : public testing::Test {
 protected:
  void SetUp() override {
    for (BrokerId id = 1; id <= 3; ++id) {
      brokers_.push_back(
          absl::make_unique<TestBroker>(id, ensemble_.endpoints()));
      ASSERT_EQ(brokers_.back()->Format({"--bootstrap"}), 0)
          << brokers_.back()->process().Stderr();
      brokers_.back()->Start();
    }
    for (const auto& broker : brokers_) {
      ASSERT_TRUE(broker->WaitUntilReady()) << broker->process().Stderr();
    }
    auto admin = Admin::Create(Client(), 60'000);
    ASSERT_TRUE(admin.ok());
    admin_ = *std::move(admin);
    const absl::StatusOr<TopicState> topic = admin_->CreateTopic(
        "t", kPartitions, {.replication_factor = 3, .min_insync_replicas = 2});
    ASSERT_TRUE(topic.ok()) << topic.status();
  }

  ClientOptions Client() const {
    ClientOptions options;
    for (const auto& broker : brokers_) {
      options.bootstrap.push_back(broker->address());
    }
    options.call_timeout_ms = 2'000;
    options.max_backoff_ms = 200;
    return options;
  }
  std::unique_ptr<Producer> NewProducer(
      std::shared_ptr<DeadLetterQueue> letters = nullptr,
      int64_t delivery_timeout_ms = 120'000) {
    auto producer =
        Producer::Create({.client = Client(),
                          .limits = {.delivery_timeout_ms = delivery_timeout_ms,
                                     .request_timeout_ms = 2'000,
                                     .batch_bytes = 2'000,
                                     .max_backoff_ms = 200},
                          .dead_letters = std::move(letters)});
    EXPECT_TRUE(producer.ok()) << producer.status();
    return *std::move(producer);
  }
  // Messages from `from` on, each with one of 20 keys. Not further ahead than
  // so many, so that what happens meanwhile happens under load.
  void Send(Producer& producer, Told& told, int from, int to) {
    for (int i = from; i < to; ++i) {
      const std::string value = std::to_string(i);
      ASSERT_TRUE(producer
                      .Send({.topic = "t",
                             .record = {.key = "k" + std::to_string(i % 20),
                                        .value = value}},
                            told.Of(value))
                      .ok());
    }
  }
  TestBroker& LeaderOf(int32_t partition) {
    BrokerId leader = kNoBroker;
    EXPECT_TRUE(Eventually([&] {
      const absl::StatusOr<MetadataView> view = admin_->Metadata();
      if (!view.ok()) return false;
      const PartitionState* state = view->image.Find("t", partition);
      if (state == nullptr || state->leader == kNoBroker) return false;
      leader = state->leader;
      return true;
    }));
    return *brokers_.at(static_cast<size_t>(std::max(leader, 1) - 1));
  }
  bool AllInSync() {
    const absl::StatusOr<MetadataView> view = admin_->Metadata();
    if (!view.ok() || view->image.topics.count("t") == 0) return false;
    for (const PartitionState& state : view->image.topics.at("t").partitions) {
      if (state.leader == kNoBroker || state.isr.size() != 3) return false;
    }
    return true;
  }

  // The whole topic, by partition.
  std::map<int32_t, std::vector<ConsumedRecord>> ReadAll() {
    std::map<int32_t, std::vector<ConsumedRecord>> all;
    auto consumer = Consumer::Create({.client = Client()});
    EXPECT_TRUE(consumer.ok());
    std::map<TopicPartition, std::optional<int64_t>> partitions;
    size_t expected = 0;
    for (int32_t p = 0; p < kPartitions; ++p) {
      partitions[{"t", p}] = 0;
      const auto end = (*consumer)->Offset({"t", p}, OffsetAt::kLatest);
      EXPECT_TRUE(end.ok()) << end.status();
      expected += static_cast<size_t>(end.value_or(0));
    }
    EXPECT_TRUE((*consumer)->Assign(partitions).ok());
    size_t count = 0;
    for (int idle = 0; count < expected && idle < 100;) {
      auto records = (*consumer)->Poll(300);
      EXPECT_TRUE(records.ok()) << records.status();
      if (!records.ok()) break;
      idle = records->empty() ? idle + 1 : 0;
      count += records->size();
      for (ConsumedRecord& record : *records) {
        all[record.partition.partition].push_back(std::move(record));
      }
    }
    EXPECT_EQ(count, expected);
    return all;
  }
  // Each value once, where it was said, and keys in order.
  void ExpectOnceAndInOrder(const std::map<std::string, Delivery>& told,
                            size_t messages) {
    std::set<std::string> seen;
    std::map<std::string, int> last;
    auto all = ReadAll();
    for (const auto& [partition, records] : all) {
      for (const ConsumedRecord& record : records) {
        const std::string& value = record.record.value;
        EXPECT_TRUE(seen.insert(value).second) << "twice: " << value;
        const auto [it, first] =
            last.emplace(*record.record.key, std::stoi(value));
        EXPECT_TRUE(first || it->second < std::stoi(value)) << "order";
        it->second = std::stoi(value);
        const auto delivery = told.find(value);
        ASSERT_NE(delivery, told.end());
        EXPECT_EQ(delivery->second.partition, partition);
        EXPECT_EQ(delivery->second.offset, record.offset);
        EXPECT_EQ(delivery->second.message_id, MessageIdOf(record.record));
      }
    }
    EXPECT_EQ(seen.size(), messages);
    for (const auto& [value, delivery] : told) {
      EXPECT_EQ(delivery.outcome, DeliveryOutcome::kAcknowledged)
          << value << ": " << delivery.cause;
    }
  }

  Ensemble ensemble_{3};
  std::vector<std::unique_ptr<TestBroker>> brokers_;
  std::unique_ptr<Admin> admin_;
};

TEST_F(FailoverTest, LeadersThatDieUnderLoadLoseAndDoubleNothing) {
  constexpr int kMessages = 4'000;
  Told told;
  const auto producer = NewProducer();
  Send(*producer, told, 0, 1'000);
  ASSERT_TRUE(Eventually([&] { return told.size() > 200; }));
  TestBroker& first = LeaderOf(0);
  first.Kill();
  Send(*producer, told, 1'000, 2'000);
  ASSERT_TRUE(Eventually([&] { return told.size() > 1'200; }));
  first.Start();
  ASSERT_TRUE(first.WaitUntilReady()) << first.process().Stderr();
  Send(*producer, told, 2'000, 3'000);
  ASSERT_TRUE(Eventually([this] { return AllInSync(); }));
  TestBroker& second = LeaderOf(1);
  second.Kill();
  Send(*producer, told, 3'000, kMessages);
  EXPECT_TRUE(producer->Close(120'000).ok());
  const ProducerStats stats = producer->stats();
  EXPECT_EQ(stats.acknowledged, kMessages);
  EXPECT_GT(stats.saved_by_retry, 0);
  ExpectOnceAndInOrder(told.all(), kMessages);
}

TEST_F(FailoverTest, ALeaderThatStandsStillLosesAndDoublesNothing) {
  constexpr int kMessages = 3'000;
  Told told;
  const auto producer = NewProducer();
  Send(*producer, told, 0, 1'000);
  ASSERT_TRUE(Eventually([&] { return told.size() > 100; }));
  TestBroker& leader = LeaderOf(2);
  leader.process().Kill(SIGSTOP);
  Send(*producer, told, 1'000, 2'000);
  // Until others lead its partitions.
  ASSERT_TRUE(Eventually([&] { return told.size() == 2'000; }));
  leader.process().Kill(SIGCONT);
  Send(*producer, told, 2'000, kMessages);
  EXPECT_TRUE(producer->Close(120'000).ok());
  EXPECT_EQ(producer->stats().acknowledged, kMessages);
  ExpectOnceAndInOrder(told.all(), kMessages);
}

TEST_F(FailoverTest, WhatWasNotDeliveredIsReplayedAndProcessedOnce) {
  constexpr int kMessages = 600;
  const std::string path = testing::TempDir() + "/failover";
  for (const char* suffix :
       {".spool", ".spool-wal", ".spool-shm", ".db", ".db-wal", ".db-shm"}) {
    std::remove((path + suffix).c_str());
  }
  auto opened = SpoolDlq::Open(path + ".spool");
  ASSERT_TRUE(opened.ok());
  const std::shared_ptr<SpoolDlq> spool = *std::move(opened);
  Told told;
  {
    const auto producer = NewProducer(spool, 1'500);
    Send(*producer, told, 0, 200);
    ASSERT_TRUE(producer->Flush(60'000).ok());
    // Two of three: nobody can acknowledge for all.
    brokers_[0]->Kill();
    brokers_[1]->Kill();
    Send(*producer, told, 200, 400);
    ASSERT_TRUE(producer->Flush(60'000).ok());
    brokers_[0]->Start();
    brokers_[1]->Start();
    ASSERT_TRUE(Eventually([this] { return AllInSync(); }));
    Send(*producer, told, 400, kMessages);
    EXPECT_TRUE(producer->Close(60'000).ok());
    EXPECT_EQ(producer->stats().failed, 0);
    EXPECT_GT(producer->stats().dead_lettered, 0);
  }
  const int64_t dead = spool->Stats()->waiting;
  const auto replayed = Replay(*spool, *NewProducer(), {});
  ASSERT_TRUE(replayed.ok()) << replayed.status();
  EXPECT_EQ(replayed->done, dead);
  auto processor = IdempotentProcessor::Open(
      {.path = path + ".db",
       .create = "CREATE TABLE IF NOT EXISTS effects (value TEXT)",
       .group = "g"},
      [](const ConsumedRecord& record, Sqlite& db) -> absl::Status {
        auto statement = db.Prepare("INSERT INTO effects VALUES (?1)");
        if (!statement.ok()) return statement.status();
        statement->Bind(1, record.record.value);
        return statement->Run();
      });
  ASSERT_TRUE(processor.ok()) << processor.status();
  RunOptions options;
  options.consumer.client = Client();
  options.consumer.topics = {"t"};
  int asked = 0;
  options.should_stop = [&] {
    return (*processor)->stats().processed >= kMessages || ++asked > 500;
  };
  const absl::Status run = RunProcessor(**processor, options);
  EXPECT_TRUE(run.ok()) << run;
  auto statement =
      (*processor)
          ->db()
          .Prepare("SELECT COUNT(*), COUNT(DISTINCT value) FROM effects");
  ASSERT_TRUE(*statement->Step());
  EXPECT_EQ(statement->Int(0), kMessages);
  EXPECT_EQ(statement->Int(1), kMessages);
}

}  // namespace
}  // namespace quorate::broker
