#include "broker/processor/processor.h"

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/consumed_record.h"
#include "broker/client/dead_letter_queue.h"
#include "broker/client/topic_partition.h"
#include "broker/dlq/sqlite.h"
#include "coord/base/seeded_random.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::broker {
namespace {

constexpr uint64_t kTopicId = 7;

ConsumedRecord At(int64_t offset, const std::string& id,
                  int32_t partition = 0) {
  ConsumedRecord record = {.partition = {"t", partition}, .offset = offset};
  record.record.value = id;
  if (!id.empty()) record.record.headers = {{"quorate-message-id", id}};
  return record;
}

class FakeQueue : public DeadLetterQueue {
 public:
  absl::Status Put(const std::vector<DeadLetter>& letters) override {
    if (!refusal.ok()) return refusal;
    for (const DeadLetter& letter : letters) {
      by_id[letter.message_id + letter.group] = letter;
    }
    return absl::OkStatus();
  }
  std::map<std::string, DeadLetter> by_id;
  absl::Status refusal;
};

class ProcessorTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "/" +
            testing::UnitTest::GetInstance()->current_test_info()->name() +
            ".db";
    Remove();
  }
  void Remove() {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::remove((path_ + suffix).c_str());
    }
  }

  std::unique_ptr<IdempotentProcessor> Open(int32_t max_attempts = 3) {
    auto processor = IdempotentProcessor::Open(
        {.path = path_,
         .create = "CREATE TABLE IF NOT EXISTS effects (value TEXT)",
         .group = "g",
         .max_attempts = max_attempts,
         .dead_letters = queue_,
         .fault_hook = hook_},
        [this](const ConsumedRecord& record, Sqlite& db) {
          return Handle(record, db);
        });
    EXPECT_TRUE(processor.ok()) << processor.status();
    return *std::move(processor);
  }
  absl::Status Handle(const ConsumedRecord& record, Sqlite& db) {
    ++handled_;
    auto statement = db.Prepare("INSERT INTO effects VALUES (?1)");
    if (!statement.ok()) return statement.status();
    statement->Bind(1, record.record.value);
    const absl::Status status = statement->Run();
    if (!status.ok()) return status;
    if (poison_.count(record.record.value) != 0) {
      return absl::InvalidArgumentError("cannot read " + record.record.value);
    }
    return absl::OkStatus();
  }
  std::multiset<std::string> Effects(IdempotentProcessor& processor) {
    std::multiset<std::string> effects;
    auto statement = processor.db().Prepare("SELECT value FROM effects");
    EXPECT_TRUE(statement.ok()) << statement.status();
    while (*statement->Step()) effects.insert(statement->Text(0));
    return effects;
  }

  std::string path_;
  const std::shared_ptr<FakeQueue> queue_ = std::make_shared<FakeQueue>();
  std::function<absl::Status(ProcessorStep)> hook_;
  std::set<std::string> poison_;
  int handled_ = 0;
};

TEST_F(ProcessorTest, RedeliveryHasNoSecondEffect) {
  {
    const auto processor = Open();
    ASSERT_TRUE(processor->Process(kTopicId, {At(0, "a"), At(1, "b")}).ok());
    EXPECT_EQ(**processor->Position(kTopicId, {"t", 0}), 2);
  }
  const auto processor = Open();
  // Delivered again, and one sent again by a replay.
  ASSERT_TRUE(
      processor
          ->Process(kTopicId, {At(0, "a"), At(1, "b"), At(2, "a"), At(3, "c")})
          .ok());
  EXPECT_EQ(Effects(*processor), (std::multiset<std::string>{"a", "b", "c"}));
  EXPECT_EQ(processor->stats().duplicates, 3);
  EXPECT_EQ(processor->stats().processed, 1);
  EXPECT_EQ(**processor->Position(kTopicId, {"t", 0}), 4);
}

TEST_F(ProcessorTest, RecordsWithoutAMessageIdGoByTheirOffset) {
  const auto processor = Open();
  ASSERT_TRUE(processor->Process(kTopicId, {At(0, ""), At(1, "")}).ok());
  ASSERT_TRUE(processor->Process(kTopicId, {At(1, "")}).ok());
  EXPECT_EQ(Effects(*processor).size(), 2u);
}

TEST_F(ProcessorTest, ATopicThatIsMadeAgainBeginsAnew) {
  const auto processor = Open();
  ASSERT_TRUE(processor->Process(1, {At(5, "a")}).ok());
  EXPECT_FALSE(processor->Position(2, {"t", 0})->has_value());
  ASSERT_TRUE(processor->Process(2, {At(0, "b")}).ok());
  EXPECT_EQ(Effects(*processor).size(), 2u);
}

TEST_F(ProcessorTest, PoisonBecomesADeadLetterAfterSoManyAttempts) {
  poison_ = {"b"};
  const std::vector<ConsumedRecord> records = {At(0, "a"), At(1, "b"),
                                               At(2, "c")};
  for (int attempt = 1; attempt < 3; ++attempt) {
    // Each in a process of its own.
    const auto processor = Open();
    EXPECT_TRUE(absl::IsInvalidArgument(processor->Process(kTopicId, records)));
    EXPECT_EQ(**processor->Position(kTopicId, {"t", 0}), 1);
  }
  const auto processor = Open();
  ASSERT_TRUE(processor->Process(kTopicId, records).ok());
  EXPECT_EQ(Effects(*processor), (std::multiset<std::string>{"a", "c"}));
  ASSERT_EQ(queue_->by_id.size(), 1u);
  const DeadLetter letter = queue_->by_id.at("bg");
  EXPECT_EQ(letter.attempts, 3);
  EXPECT_EQ(letter.offset, 1);
  EXPECT_EQ(letter.group, "g");
  EXPECT_EQ(letter.message, "cannot read b");
  // Its replay is processed: it has had no effect yet.
  poison_.clear();
  ASSERT_TRUE(processor->Process(kTopicId, {At(3, "b")}).ok());
  EXPECT_EQ(Effects(*processor).count("b"), 1u);
}

TEST_F(ProcessorTest, AHandlerThatTakesTheProcessWithItIsCounted) {
  hook_ = [](ProcessorStep step) {
    return step == ProcessorStep::kHandled ? absl::InternalError("crash")
                                           : absl::OkStatus();
  };
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(absl::IsInternal(Open()->Process(kTopicId, {At(0, "a")})));
  }
  const auto processor = Open();
  EXPECT_TRUE(processor->Process(kTopicId, {At(0, "a")}).ok());
  EXPECT_EQ(queue_->by_id.at("ag").attempts, 3);
  EXPECT_TRUE(Effects(*processor).empty());
}

TEST_F(ProcessorTest, WithoutAQueueThePartitionWaits) {
  poison_ = {"a"};
  queue_->refusal = absl::ResourceExhaustedError("full");
  const auto processor = Open(1);
  EXPECT_TRUE(absl::IsResourceExhausted(
      processor->Process(kTopicId, {At(0, "a"), At(1, "b")})));
  EXPECT_FALSE(processor->Position(kTopicId, {"t", 0})->has_value());
  queue_->refusal = absl::OkStatus();
  EXPECT_TRUE(processor->Process(kTopicId, {At(0, "a"), At(1, "b")}).ok());
  EXPECT_EQ(queue_->by_id.size(), 1u);
}

TEST_F(ProcessorTest, OneFailureUndoesNoOthers) {
  const auto processor = Open(1);
  ASSERT_TRUE(processor->Process(kTopicId, {At(0, "m0")}).ok());
  poison_ = {"m50"};
  std::vector<ConsumedRecord> records;
  for (int i = 1; i < 100; ++i) {
    records.push_back(At(i, "m" + std::to_string(i)));
  }
  ASSERT_TRUE(processor->Process(kTopicId, records).ok());
  EXPECT_EQ(Effects(*processor).size(), 99u);
  EXPECT_EQ(processor->stats().processed, 99);
  EXPECT_EQ(processor->stats().dead_lettered, 1);
}

TEST_F(ProcessorTest, ForgetsWhatIsOld) {
  auto processor = IdempotentProcessor::Open(
      {.path = path_, .group = "g", .max_remembered = 10},
      [](const ConsumedRecord&, Sqlite&) { return absl::OkStatus(); });
  ASSERT_TRUE(processor.ok());
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(
        (*processor)->Process(kTopicId, {At(i, "m" + std::to_string(i))}).ok());
  }
  auto statement =
      (*processor)->db().Prepare("SELECT COUNT(*) FROM quorate_seen");
  ASSERT_TRUE(*statement->Step());
  EXPECT_LE(statement->Int(0), 20);
}

TEST_F(ProcessorTest, RefusesBadOptions) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      IdempotentProcessor::Open({.path = path_}, nullptr).status()));
}

// Crashes between any two steps, redeliveries from anywhere before the
// position, and replays: at the end each message has had its effect once, or is
// a letter.
TEST_F(ProcessorTest, CrashesAnywhereGiveNoSecondEffect) {
  SeededRandom random(TestSeed());
  for (int run = 0; run < 4; ++run) {
    Remove();
    queue_->by_id.clear();
    poison_ = {"m3"};
    int64_t until_crash = 0;
    hook_ = [&](ProcessorStep) {
      return --until_crash == 0 ? absl::InternalError("crash")
                                : absl::OkStatus();
    };
    // Two partitions; some messages stand there twice, as after a replay.
    std::vector<ConsumedRecord> log;
    std::map<int32_t, int64_t> ends;
    for (int i = 0; i < 20; ++i) {
      const auto partition = static_cast<int32_t>(i % 2);
      const std::string id = "m" + std::to_string(i);
      log.push_back(At(ends[partition]++, id, partition));
      if (random.Chance(200'000)) {
        log.push_back(At(ends[partition]++, id, partition));
      }
    }
    bool done = false;
    for (int life = 0; !done && life < 200; ++life) {
      until_crash = static_cast<int64_t>(1 + random.Below(60));
      const auto processor = Open(1'000);
      poison_ =
          life < 3 ? std::set<std::string>{"m3"} : std::set<std::string>();
      for (int tries = 0; tries < 3 && !done; ++tries) {
        const absl::Status status = processor->Process(kTopicId, log);
        done = status.ok();
        if (absl::IsInternal(status)) break;
      }
    }
    ASSERT_TRUE(done);
    hook_ = nullptr;
    const auto processor = Open();
    const std::multiset<std::string> effects = Effects(*processor);
    EXPECT_EQ(effects.size(), 20u) << "run " << run;
    EXPECT_EQ(std::set<std::string>(effects.begin(), effects.end()).size(),
              20u);
  }
}

}  // namespace
}  // namespace quorate::broker
