// Three data planes in one process; fetches go from one to the other directly.

#include "broker/data/data_plane.h"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "broker/data/data_options.h"
#include "broker/data/requests.h"
#include "broker/data/testing/loopback.h"
#include "broker/data/testing/test_controller.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/record/record_batch.h"
#include "coord/storage/file_system.h"
#include "coord/storage/posix_file_system.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

std::string Batch(absl::string_view value, uint64_t producer = 0,
                  int32_t sequence = 0) {
  return *EncodeBatch({.producer_id = producer, .base_sequence = sequence},
                      {{.timestamp_ms = 1, .value = std::string(value)}});
}

class DataPlaneTest : public testing::Test {
 protected:
  DataPlaneTest() : files_(storage::MakePosixFileSystem()) {
    const char* base = std::getenv("TEST_TMPDIR");
    directory_ = std::string(base != nullptr ? base : "/tmp") + "/" +
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
    for (BrokerId id = 1; id <= 3; ++id) Start(id);
  }
  ~DataPlaneTest() override {
    for (BrokerId id = 1; id <= 3; ++id) Stop(id);
  }

  std::string DirectoryOf(BrokerId id) const {
    return directory_ + "/" + std::to_string(id);
  }
  void Start(BrokerId id) {
    std::filesystem::create_directories(DirectoryOf(id));
    DataOptions options;
    options.id = id;
    options.directory = DirectoryOf(id);
    options.ensemble_id = TestController::kEnsemble;
    options.file_system = files_.get();
    options.isr = &controller_;
    options.fetch = &loopback_;
    options.replica_lag_ms = 300;
    options.fetch_wait_ms = 20;
    options.fetch_backoff_ms = 5;
    options.max_waiting_produces = 3;
    options.on_failed = [this](const PartitionId& of, const absl::Status&) {
      const std::scoped_lock lock(mutex_);
      failed_.insert(of);
    };
    auto plane = DataPlane::Open(std::move(options));
    ASSERT_TRUE(plane.ok()) << plane.status();
    planes_[id] = *std::move(plane);
    loopback_.Set(id, planes_[id].get());
    controller_.SetBroker(id, std::to_string(id), planes_[id].get());
  }
  void Stop(BrokerId id) {
    if (planes_[id] == nullptr) return;
    controller_.SetBroker(id, "", nullptr);
    loopback_.Set(id, nullptr);
    planes_[id]->Stop();
    // Others may still call it: it answers until all have stopped.
    stopped_.push_back(std::move(planes_[id]));
  }
  void CreateTopic(const std::string& name = "t") {
    controller_.CreateTopic(name, 1, {3, 2, 0, 0, 1 << 20, 1'000});
  }

  std::future<BatchReply> ProduceLater(BrokerId id, const std::string& batch,
                                       Acks acks = Acks::kAll,
                                       int64_t timeout_ms = 30'000) {
    auto promise = std::make_shared<std::promise<BatchReply>>();
    ProduceQuery query;
    query.acks = acks;
    query.timeout_ms = timeout_ms;
    query.batches.push_back({{"t", 0}, batch});
    planes_[id]->Produce(std::move(query), [promise](ProduceReply reply) {
      promise->set_value(std::move(reply.results.at(0)));
    });
    return promise->get_future();
  }
  BatchReply Produce(BrokerId id, const std::string& batch,
                     Acks acks = Acks::kAll, int64_t timeout_ms = 30'000) {
    return ProduceLater(id, batch, acks, timeout_ms).get();
  }
  std::future<PartitionReply> FetchLater(BrokerId id, int64_t offset,
                                         int64_t wait_ms) {
    auto promise = std::make_shared<std::promise<PartitionReply>>();
    FetchQuery query;
    query.max_wait_ms = wait_ms;
    query.partitions.push_back({{"t", 0}, offset});
    planes_[id]->Fetch(std::move(query), [promise](FetchReply reply) {
      promise->set_value(std::move(reply.results.at(0)));
    });
    return promise->get_future();
  }
  PartitionReply Fetch(BrokerId id, int64_t offset, int64_t wait_ms = 0) {
    return FetchLater(id, offset, wait_ms).get();
  }
  // Values from an offset on, as soon as there are any.
  std::string Values(BrokerId id, int64_t offset) {
    const PartitionReply reply = Fetch(id, offset, 30'000);
    EXPECT_TRUE(reply.status.ok()) << reply.status;
    std::string values;
    absl::string_view rest = reply.batches;
    while (!rest.empty()) {
      const auto header = ReadBatchHeader(rest);
      const auto records = DecodeBatch(rest.substr(0, header->size_bytes));
      for (const Record& record : *records) values += record.value + " ";
      rest.remove_prefix(header->size_bytes);
    }
    return values;
  }
  std::string LogOf(BrokerId id) {
    std::ifstream file(DirectoryOf(id) + "/data/t-0/00000000000000000000.log");
    std::string content((std::istreambuf_iterator<char>(file)),
                        std::istreambuf_iterator<char>());
    content.erase(content.find_last_not_of('\0') + 1);
    return content;
  }

  std::string directory_;
  std::unique_ptr<storage::FileSystem> files_;
  TestController controller_;
  Loopback loopback_;
  std::mutex mutex_;
  std::set<PartitionId> failed_;  // guarded by mutex_
  std::map<BrokerId, std::unique_ptr<DataPlane>> planes_;
  std::vector<std::unique_ptr<DataPlane>> stopped_;
};

TEST_F(DataPlaneTest, TakesAndGives) {
  CreateTopic();
  EXPECT_EQ(Produce(1, Batch("a")).base_offset, 0);
  EXPECT_EQ(Produce(1, Batch("b")).base_offset, 1);
  EXPECT_EQ(Values(1, 0), "a b ");
  EXPECT_EQ(Values(1, 1), "b ");
  EXPECT_EQ(*planes_[1]->ListOffset({"t", 0}, OffsetKind::kLatest, 0), 2);
  EXPECT_EQ(*planes_[1]->ListOffset({"t", 0}, OffsetKind::kEarliest, 0), 0);
  EXPECT_EQ(*planes_[1]->ListOffset({"t", 0}, OffsetKind::kTimestamp, 1), 0);
  EXPECT_EQ(*planes_[1]->ListOffset({"t", 0}, OffsetKind::kTimestamp, 2), 2);
  EXPECT_EQ(LogOf(2), LogOf(1));
  EXPECT_EQ(LogOf(3), LogOf(1));
  EXPECT_TRUE(failed_.empty());
}

TEST_F(DataPlaneTest, FetchWaitsForWhatIsCommitted) {
  CreateTopic();
  auto waiting = FetchLater(1, 0, 30'000);
  loopback_.Cut(2, true);
  ASSERT_TRUE(Produce(1, Batch("a"), Acks::kLeader).status.ok());
  EXPECT_EQ(Fetch(1, 0).batches, "") << "only the leader may have it";
  loopback_.Cut(2, false);
  EXPECT_EQ(waiting.get().high_watermark, 1);
}

TEST_F(DataPlaneTest, RefusesWithTheRightKind) {
  EXPECT_TRUE(Is(Produce(1, Batch("a")).status, ErrorKind::kNoTopic));
  CreateTopic();
  EXPECT_TRUE(Is(Produce(2, Batch("a")).status, ErrorKind::kNotLeader));
  EXPECT_TRUE(Is(Produce(1, Batch(std::string(2'000, 'x'))).status,
                 ErrorKind::kTooLarge));
  EXPECT_TRUE(Is(Produce(1, "nonsense").status, ErrorKind::kDamagedBatch));
  EXPECT_TRUE(Is(Fetch(2, 0).status, ErrorKind::kNotLeader));
  EXPECT_TRUE(Is(Fetch(1, 1).status, ErrorKind::kOffsetOutOfRange));
  FetchQuery query;
  query.replica_id = 2;
  for (const auto& [epoch, kind] :
       {std::pair(0, ErrorKind::kFencedLeaderEpoch),
        std::pair(99, ErrorKind::kUnknownLeaderEpoch)}) {
    query.partitions = {{{"t", 0}, 0, epoch, -1}};
    std::promise<FetchReply> promise;
    planes_[1]->Fetch(
        query, [&](FetchReply reply) { promise.set_value(std::move(reply)); });
    EXPECT_TRUE(Is(promise.get_future().get().results[0].status, kind));
  }
  ClusterImage foreign;
  foreign.controller.token = {"another ensemble", 1};
  EXPECT_TRUE(
      Is(planes_[1]->ApplyImage(std::make_shared<const ClusterImage>(foreign)),
         ErrorKind::kWrongEnsemble));
  EXPECT_TRUE(Produce(1, Batch("a")).status.ok());
}

TEST_F(DataPlaneTest, RepeatedBatchesAreAnsweredAsBefore) {
  CreateTopic();
  EXPECT_EQ(Produce(1, Batch("a", 7, 0)).base_offset, 0);
  EXPECT_EQ(Produce(1, Batch("b", 7, 1)).base_offset, 1);
  const BatchReply again = Produce(1, Batch("a", 7, 0));
  EXPECT_TRUE(again.status.ok() && again.is_duplicate);
  EXPECT_EQ(again.base_offset, 0);
  EXPECT_TRUE(
      Is(Produce(1, Batch("d", 7, 3)).status, ErrorKind::kOutOfOrderSequence));
  // The next leader knows, too.
  controller_.SetLeader("t", 0, 2);
  EXPECT_TRUE(Produce(2, Batch("b", 7, 1)).is_duplicate);
  EXPECT_EQ(Produce(2, Batch("c", 7, 2)).base_offset, 2);
  EXPECT_EQ(Values(2, 2), "c ");
}

TEST_F(DataPlaneTest, TimesOutAndIsOverloaded) {
  CreateTopic();
  loopback_.Cut(2, true);
  EXPECT_TRUE(Is(Produce(1, Batch("a"), Acks::kAll, 10).status,
                 ErrorKind::kRequestTimedOut));
  std::vector<std::future<BatchReply>> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(ProduceLater(1, Batch("b")));
  EXPECT_TRUE(Is(Produce(1, Batch("c")).status, ErrorKind::kOverloaded));
  loopback_.Cut(2, false);
  for (auto& one : waiting) EXPECT_TRUE(one.get().status.ok());
}

TEST_F(DataPlaneTest, FollowerThatIsLateLeavesAndComesBack) {
  CreateTopic();
  loopback_.Cut(3, true);
  controller_.AwaitIsr("t", 0, {1, 2});
  ASSERT_TRUE(Produce(1, Batch("a")).status.ok());
  loopback_.Cut(2, true);
  controller_.AwaitIsr("t", 0, {1});
  EXPECT_TRUE(Is(Produce(1, Batch("b")).status, ErrorKind::kNotEnoughReplicas));
  EXPECT_TRUE(Produce(1, Batch("b"), Acks::kLeader).status.ok());
  loopback_.Cut(2, false);
  loopback_.Cut(3, false);
  controller_.AwaitIsr("t", 0, {1, 2, 3});
  EXPECT_TRUE(Produce(1, Batch("c")).status.ok());
  EXPECT_EQ(LogOf(3), LogOf(1));
}

TEST_F(DataPlaneTest, FormerLeaderCutsWhatNobodyElseHas) {
  CreateTopic();
  ASSERT_TRUE(Produce(1, Batch("a")).status.ok());
  // 1 is alone and does not know.
  loopback_.Cut(2, true);
  loopback_.Cut(3, true);
  ASSERT_TRUE(Produce(1, Batch("lost"), Acks::kLeader).status.ok());
  auto unknown = ProduceLater(1, Batch("lost too"));
  controller_.SetHears(1, false);
  controller_.SetLeader("t", 0, 2);
  loopback_.Cut(3, false);
  controller_.SetHears(1, true);
  EXPECT_TRUE(Is(unknown.get().status, ErrorKind::kNotLeader));
  ASSERT_TRUE(Produce(2, Batch("b")).status.ok());
  EXPECT_EQ(Values(2, 0), "a b ");
  EXPECT_EQ(LogOf(1), LogOf(2));
  EXPECT_EQ(LogOf(3), LogOf(2));
}

TEST_F(DataPlaneTest, RestartedBrokerCatchesUp) {
  CreateTopic();
  ASSERT_TRUE(Produce(1, Batch("a")).status.ok());
  Stop(1);
  EXPECT_EQ(controller_.Partition("t", 0).leader, 2);
  ASSERT_TRUE(Produce(2, Batch("b")).status.ok());
  EXPECT_EQ(Values(2, 0), "a b ");
  Start(1);
  controller_.AwaitIsr("t", 0, {1, 2, 3});
  EXPECT_EQ(LogOf(1), LogOf(2));
  controller_.SetLeader("t", 0, 1);
  EXPECT_EQ(Values(1, 1), "b ");
}

TEST_F(DataPlaneTest, TopicThatWasMadeAgainIsAnother) {
  CreateTopic();
  ASSERT_TRUE(Produce(1, Batch("a")).status.ok());
  // 3 misses that it was deleted.
  controller_.SetHears(3, false);
  controller_.DeleteTopic("t");
  EXPECT_TRUE(Is(Fetch(1, 0).status, ErrorKind::kNoTopic));
  EXPECT_TRUE(planes_[1]->Replicas().empty());
  CreateTopic();
  controller_.SetHears(3, true);
  EXPECT_EQ(Produce(1, Batch("b")).base_offset, 0);
  EXPECT_EQ(Values(1, 0), "b ");
  EXPECT_EQ(LogOf(3), LogOf(1));
}

TEST_F(DataPlaneTest, DamagedLogStopsThatReplicaAlone) {
  CreateTopic();
  CreateTopic("u");
  ASSERT_TRUE(Produce(1, Batch("a")).status.ok());
  Stop(1);
  const std::string path =
      DirectoryOf(1) + "/data/t-0/00000000000000000000.log";
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  Start(1);
  EXPECT_EQ(failed_, (std::set<PartitionId>{{"t", 0}}));
  for (const ReplicaInfo& info : planes_[1]->Replicas()) {
    EXPECT_EQ(info.failed.ok(), info.of.topic == "u") << info.failed;
  }
  EXPECT_TRUE(std::filesystem::exists(path)) << "it is not deleted";
  controller_.AwaitIsr("t", 0, {2, 3});
  ASSERT_TRUE(Produce(2, Batch("b")).status.ok());
}

TEST_F(DataPlaneTest, StopAnswersWhatWaits) {
  CreateTopic();
  loopback_.Cut(2, true);
  auto produce = ProduceLater(1, Batch("a"));
  auto fetch = FetchLater(1, 0, 30'000);
  planes_[1]->Stop();
  EXPECT_TRUE(Is(produce.get().status, ErrorKind::kStopping));
  EXPECT_TRUE(Is(fetch.get().status, ErrorKind::kStopping));
  EXPECT_TRUE(Is(Produce(1, Batch("a")).status, ErrorKind::kStopping));
  EXPECT_TRUE(Is(Fetch(1, 0).status, ErrorKind::kStopping));
}

}  // namespace
}  // namespace quorate::broker
