// A producer, dead letters, a replay and a processor, over brokers of this
// process.

#include "broker/processor/run.h"

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/consumed_record.h"
#include "broker/client/consumer.h"
#include "broker/client/producer.h"
#include "broker/client/testing/fake_cluster.h"
#include "broker/dlq/replay.h"
#include "broker/dlq/spool.h"
#include "broker/dlq/sqlite.h"
#include "broker/image/cluster_image.h"
#include "broker/processor/processor.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

using Method = FakeCluster::Method;
using Fault = FakeCluster::Fault;

std::string Path(const std::string& suffix) {
  const std::string path =
      testing::TempDir() + "/" +
      testing::UnitTest::GetInstance()->current_test_info()->name() + suffix;
  for (const char* more : {"", "-wal", "-shm"}) {
    std::remove((path + more).c_str());
  }
  return path;
}

class RunTest : public testing::Test {
 protected:
  RunTest() : cluster_(2) {
    auto spool = SpoolDlq::Open(Path(".spool"));
    EXPECT_TRUE(spool.ok()) << spool.status();
    spool_ = *std::move(spool);
    auto processor = IdempotentProcessor::Open(
        {.path = Path(".db"),
         .create = "CREATE TABLE IF NOT EXISTS effects (value TEXT)",
         .group = "g",
         .max_attempts = 2,
         .dead_letters = spool_},
        [this](const ConsumedRecord& record, Sqlite& db) -> absl::Status {
          if (record.record.value == poison_) {
            return absl::InvalidArgumentError("poison");
          }
          auto statement = db.Prepare("INSERT INTO effects VALUES (?1)");
          if (!statement.ok()) return statement.status();
          statement->Bind(1, record.record.value);
          return statement->Run();
        });
    EXPECT_TRUE(processor.ok()) << processor.status();
    processor_ = *std::move(processor);
  }

  std::unique_ptr<Producer> NewProducer(bool letters) {
    auto producer = Producer::Create(
        {.client = {.bootstrap = cluster_.Addresses(), .max_backoff_ms = 50},
         .limits = {.delivery_timeout_ms = 1'000},
         .dead_letters = letters ? spool_ : nullptr});
    EXPECT_TRUE(producer.ok()) << producer.status();
    return *std::move(producer);
  }

  // Until so many records have been processed.
  absl::Status Run(int64_t processed) {
    RunOptions options;
    options.consumer.client = {.bootstrap = cluster_.Addresses(),
                               .max_backoff_ms = 50};
    options.consumer.topics = {"t"};
    options.consumer.session_timeout_ms = 1'000;
    options.consumer.fetch.wait_ms = 50;
    options.retry_ms = 1;
    int asked = 0;
    options.should_stop = [this, processed, asked]() mutable {
      return processor_->stats().processed >= processed || ++asked > 600;
    };
    return RunProcessor(*processor_, options);
  }
  std::multiset<std::string> Effects() {
    std::multiset<std::string> effects;
    auto statement = processor_->db().Prepare("SELECT value FROM effects");
    EXPECT_TRUE(statement.ok()) << statement.status();
    while (*statement->Step()) effects.insert(statement->Text(0));
    return effects;
  }

  FakeCluster cluster_;
  std::shared_ptr<SpoolDlq> spool_;
  std::unique_ptr<IdempotentProcessor> processor_;
  std::string poison_;
};

TEST_F(RunTest, EachMessageHasItsEffectOnceWhateverHappens) {
  cluster_.AddTopic("t", 2);
  // A tenth of all produce calls are silent for long: those messages may have
  // been taken, and become dead letters.
  std::atomic<int> calls = 0;
  cluster_.SetFaultHook([&calls](Method method, BrokerId) {
    Fault fault;
    if (method == Method::kProduce && calls++ % 3 == 0) {
      fault.after = absl::UnavailableError("lost");
    }
    return fault;
  });
  constexpr int kMessages = 300;
  {
    const auto producer = NewProducer(true);
    for (int i = 0; i < kMessages; ++i) {
      // Half of them to a topic that comes later.
      ASSERT_TRUE(producer
                      ->Send({.topic = i % 2 == 0 ? "t" : "later",
                              .record = {.key = std::to_string(i % 5),
                                         .value = std::to_string(i)}},
                             nullptr)
                      .ok());
    }
    ASSERT_TRUE(producer->Close(30'000).ok());
  }
  EXPECT_EQ(spool_->Stats()->waiting, kMessages / 2);
  ASSERT_TRUE(Run(kMessages / 2).ok());
  // The letters are replayed, some of them twice, as after a crash.
  const auto producer = NewProducer(false);
  const auto letters = spool_->List({.limit = 40});
  for (const SpooledLetter& letter : *letters) {
    ASSERT_TRUE(
        producer->SendAndWait({.topic = "t", .record = letter.letter.record})
            .ok());
  }
  ASSERT_TRUE(Replay(*spool_, *producer, {.to_topic = "t"}).ok());
  ASSERT_TRUE(Run(kMessages).ok());
  const std::multiset<std::string> effects = Effects();
  EXPECT_EQ(effects.size(), static_cast<size_t>(kMessages));
  EXPECT_EQ(std::set<std::string>(effects.begin(), effects.end()).size(),
            static_cast<size_t>(kMessages));
  EXPECT_EQ(processor_->stats().processed, kMessages);
}

TEST_F(RunTest, TheDatabaseIsTheTruthNotTheCommit) {
  cluster_.AddTopic("t", 1);
  const auto producer = NewProducer(false);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(
        producer->SendAndWait({.topic = "t", .record = {.value = "v"}}).ok());
  }
  ASSERT_TRUE(Run(10).ok());
  EXPECT_EQ(cluster_.CommittedOffset("g", {"t", 0}), 10);
  // A database that knows nothing has processed nothing.
  processor_ = *IdempotentProcessor::Open(
      {.path = Path(".other.db"), .group = "g"},
      [](const ConsumedRecord&, Sqlite&) { return absl::OkStatus(); });
  ASSERT_TRUE(Run(10).ok());
  EXPECT_EQ(processor_->stats().processed, 10);
}

TEST_F(RunTest, PoisonGoesToTheSpoolAndComesBack) {
  cluster_.AddTopic("t", 1);
  const auto producer = NewProducer(false);
  poison_ = "b";
  for (const char* value : {"a", "b", "c"}) {
    ASSERT_TRUE(
        producer->SendAndWait({.topic = "t", .record = {.value = value}}).ok());
  }
  ASSERT_TRUE(Run(2).ok());
  EXPECT_EQ(Effects(), (std::multiset<std::string>{"a", "c"}));
  EXPECT_EQ(spool_->List({.group = "g"})->size(), 1u);
  poison_.clear();
  EXPECT_EQ(Replay(*spool_, *producer, {})->done, 1);
  ASSERT_TRUE(Run(3).ok());
  EXPECT_EQ(Effects(), (std::multiset<std::string>{"a", "b", "c"}));
}

}  // namespace
}  // namespace quorate::broker
