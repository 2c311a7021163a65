#include "broker/client/consumer.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/client_options.h"
#include "broker/client/consumed_record.h"
#include "broker/client/fetch_core.h"
#include "broker/client/offset_at.h"
#include "broker/client/producer.h"
#include "broker/client/testing/fake_cluster.h"
#include "broker/client/topic_partition.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/record/record_batch.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

using Method = FakeCluster::Method;
using Fault = FakeCluster::Fault;

void Produce(const FakeCluster& cluster, int from, int to) {
  auto producer = Producer::Create(
      {.client = {.bootstrap = cluster.Addresses(), .max_backoff_ms = 50}});
  ASSERT_TRUE(producer.ok());
  for (int i = from; i < to; ++i) {
    ASSERT_TRUE((*producer)
                    ->Send({.topic = "t",
                            .record = {.key = "k" + std::to_string(i % 7),
                                       .value = std::to_string(i)}},
                           nullptr)
                    .ok());
  }
  ASSERT_TRUE((*producer)->Close(20'000).ok());
}

ConsumerOptions Options(const FakeCluster& cluster, std::string group = "") {
  ConsumerOptions options;
  options.client = {.bootstrap = cluster.Addresses(), .max_backoff_ms = 50};
  options.group = std::move(group);
  options.auto_commit_ms = 0;
  options.fetch.wait_ms = 100;
  options.fetch.max_backoff_ms = 50;
  options.session_timeout_ms = 1'000;
  return options;
}

std::unique_ptr<Consumer> NewMember(const FakeCluster& cluster) {
  ConsumerOptions options = Options(cluster, "g");
  options.topics = {"t"};
  auto consumer = Consumer::Create(options);
  EXPECT_TRUE(consumer.ok()) << consumer.status();
  return *std::move(consumer);
}

// Polls until `count` records have come, or there is nothing for long.
std::vector<ConsumedRecord> Read(Consumer& consumer, size_t count) {
  std::vector<ConsumedRecord> all;
  for (int idle = 0; all.size() < count && idle < 50;) {
    auto records = consumer.Poll(200);
    EXPECT_TRUE(records.ok()) << records.status();
    if (!records.ok()) break;
    idle = records->empty() ? idle + 1 : 0;
    for (ConsumedRecord& record : *records) all.push_back(std::move(record));
  }
  return all;
}

// Each value once, and in order within each partition.
void ExpectAll(const std::vector<ConsumedRecord>& records, int count) {
  std::set<int> seen;
  std::map<TopicPartition, int64_t> last;
  for (const ConsumedRecord& record : records) {
    EXPECT_TRUE(seen.insert(std::stoi(record.record.value)).second);
    const auto [it, first] = last.emplace(record.partition, record.offset);
    EXPECT_TRUE(first || record.offset == it->second + 1);
    it->second = record.offset;
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(count));
}

TEST(ConsumerTest, RefusesBadOptions) {
  EXPECT_FALSE(Consumer::Create({}).ok());
  ConsumerOptions options = {.client = {.bootstrap = {"h:1"}}};
  options.topics = {"t"};
  EXPECT_TRUE(absl::IsInvalidArgument(Consumer::Create(options).status()));
}

TEST(ConsumerTest, ReadsByHandFromWhereItIsTold) {
  FakeCluster cluster(3);
  cluster.AddTopic("t", 3);
  Produce(cluster, 0, 300);
  auto consumer = Consumer::Create(Options(cluster));
  ASSERT_TRUE(consumer.ok());
  EXPECT_EQ(*(*consumer)->PartitionCount("t"), 3);
  EXPECT_TRUE(
      Is((*consumer)->PartitionCount("u").status(), ErrorKind::kNoTopic));
  ASSERT_TRUE((*consumer)
                  ->Assign({{{"t", 0}, std::nullopt},
                            {{"t", 1}, std::nullopt},
                            {{"t", 2}, std::nullopt}})
                  .ok());
  ExpectAll(Read(**consumer, 300), 300);
  const int64_t end = *(*consumer)->Offset({"t", 1}, OffsetAt::kLatest);
  EXPECT_EQ((*consumer)->Positions().at({"t", 1}), end);
  EXPECT_EQ((*consumer)->HighWatermarks().at({"t", 1}), end);
  ASSERT_TRUE((*consumer)->Seek({"t", 1}, end - 2).ok());
  const auto again = Read(**consumer, 2);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].offset, end - 2);
  EXPECT_GT(again[0].producer_id, 0u);
  EXPECT_EQ(again[0].sequence, end - 2);
  EXPECT_TRUE(absl::IsNotFound((*consumer)->Seek({"t", 7}, 0)));
  EXPECT_TRUE(absl::IsFailedPrecondition((*consumer)->Commit()));
}

TEST(ConsumerTest, StartsAtTheEndIfTold) {
  FakeCluster cluster(1);
  cluster.AddTopic("t", 1);
  Produce(cluster, 0, 10);
  ConsumerOptions options = Options(cluster);
  options.fetch.reset = OffsetReset::kLatest;
  auto consumer = Consumer::Create(options);
  ASSERT_TRUE((*consumer)->Assign({{{"t", 0}, std::nullopt}}).ok());
  while ((*consumer)->Positions().empty())
    ASSERT_TRUE((*consumer)->Poll(50).ok());
  Produce(cluster, 10, 12);
  const auto records = Read(**consumer, 2);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].record.value, "10");
}

TEST(ConsumerTest, AMissingOffsetIsAnErrorUnlessToldOtherwise) {
  FakeCluster cluster(1);
  cluster.AddTopic("t", 1);
  Produce(cluster, 0, 10);
  cluster.SetLogStart({"t", 0}, 4);
  ConsumerOptions options = Options(cluster);
  auto consumer = Consumer::Create(options);
  ASSERT_TRUE((*consumer)->Assign({{{"t", 0}, 1}}).ok());
  absl::Status status;
  for (int i = 0; i < 50 && status.ok(); ++i) {
    status = (*consumer)->Poll(100).status();
  }
  EXPECT_TRUE(Is(status, ErrorKind::kOffsetOutOfRange)) << status;
  ASSERT_TRUE((*consumer)->SeekTo({"t", 0}, OffsetAt::kEarliest).ok());
  ASSERT_FALSE(Read(**consumer, 1).empty());

  options.fetch.out_of_range = OffsetReset::kEarliest;
  auto other = Consumer::Create(options);
  ASSERT_TRUE((*other)->Assign({{{"t", 0}, 1}}).ok());
  EXPECT_FALSE(Read(**other, 1).empty());
}

TEST(ConsumerTest, AMemberReadsAllAndCommits) {
  FakeCluster cluster(3);
  cluster.AddTopic("t", 4);
  Produce(cluster, 0, 200);
  {
    const auto member = NewMember(cluster);
    ExpectAll(Read(*member, 200), 200);
    EXPECT_TRUE(member->Close().ok());
  }
  EXPECT_EQ(cluster.Members("g"), 0);
  int64_t committed = 0;
  for (int p = 0; p < 4; ++p) {
    committed += cluster.CommittedOffset("g", {"t", p});
  }
  EXPECT_EQ(committed, 200);
  // The next one goes on from there.
  Produce(cluster, 200, 220);
  const auto next = NewMember(cluster);
  const auto records = Read(*next, 20);
  ASSERT_EQ(records.size(), 20u);
  for (const ConsumedRecord& record : records) {
    EXPECT_GE(std::stoi(record.record.value), 200);
  }
}

TEST(ConsumerTest, WhatWasNotProcessedComesAgain) {
  FakeCluster cluster(1);
  cluster.AddTopic("t", 1);
  Produce(cluster, 0, 10);
  ConsumerOptions options = Options(cluster, "g");
  options.topics = {"t"};
  options.max_records = 4;
  options.auto_commit = false;
  {
    auto consumer = Consumer::Create(options);
    ASSERT_EQ(Read(**consumer, 4).size(), 4u);
    ASSERT_TRUE((*consumer)->Commit().ok());
    ASSERT_EQ(Read(**consumer, 4).size(), 4u);
  }
  auto consumer = Consumer::Create(options);
  EXPECT_EQ(Read(**consumer, 1).at(0).offset, 4);
  // Back only after a Seek().
  ASSERT_TRUE((*consumer)->Seek({"t", 0}, 1).ok());
  ASSERT_TRUE((*consumer)->Commit().ok());
  EXPECT_EQ(cluster.CommittedOffset("g", {"t", 0}), 1);
}

TEST(ConsumerTest, MembersShareThePartitions) {
  FakeCluster cluster(2);
  cluster.AddTopic("t", 4);
  const auto first = NewMember(cluster);
  while (first->Assignment().size() != 4) ASSERT_TRUE(first->Poll(50).ok());
  // Both have to poll for the rebalance to end.
  std::atomic<bool> done = false;
  std::unique_ptr<Consumer> second;
  std::set<std::string> by_second;
  std::thread thread([&] {
    second = NewMember(cluster);
    while (!done) {
      auto records = second->Poll(50);
      ASSERT_TRUE(records.ok()) << records.status();
      for (const ConsumedRecord& record : *records) {
        by_second.insert(record.record.value);
      }
    }
  });
  while (first->Assignment().size() != 2) ASSERT_TRUE(first->Poll(50).ok());
  Produce(cluster, 0, 100);
  std::set<std::string> by_first;
  const auto total = [&cluster] {
    int64_t sum = 0;
    for (int p = 0; p < 4; ++p) {
      const int64_t offset = cluster.CommittedOffset("g", {"t", p});
      sum += offset < 0 ? 0 : offset;
    }
    return sum;
  };
  for (int i = 0; i < 400 && total() < 100; ++i) {
    auto records = first->Poll(50);
    ASSERT_TRUE(records.ok()) << records.status();
    for (const ConsumedRecord& record : *records) {
      by_first.insert(record.record.value);
    }
  }
  done = true;
  thread.join();
  EXPECT_EQ(by_first.size() + by_second.size(), 100u);
  EXPECT_FALSE(by_first.empty());
  EXPECT_FALSE(by_second.empty());
  // The first takes all over when the second leaves.
  EXPECT_TRUE(second->Close().ok());
  while (first->Assignment().size() != 4) ASSERT_TRUE(first->Poll(50).ok());
}

TEST(ConsumerTest, FollowsLeadersAndController) {
  FakeCluster cluster(3);
  cluster.AddTopic("t", 3);
  Produce(cluster, 0, 100);
  const auto member = NewMember(cluster);
  std::vector<ConsumedRecord> all = Read(*member, 100);
  std::atomic<int> calls = 0;
  cluster.SetFaultHook([&calls](Method method, BrokerId) {
    Fault fault;
    if (method == Method::kFetch && calls++ % 3 == 0) {
      fault.after = calls % 2 == 0 ? absl::UnavailableError("lost")
                                   : absl::CancelledError("the server ends");
    }
    return fault;
  });
  cluster.SetLeader({"t", 0}, 2);
  cluster.SetLeader({"t", 1}, 3);
  cluster.SetController(2);
  Produce(cluster, 100, 200);
  for (ConsumedRecord& record : Read(*member, 100)) {
    all.push_back(std::move(record));
  }
  ExpectAll(all, 200);
  EXPECT_TRUE(member->Close().ok());
}

TEST(ConsumerTest, WhoIsForgottenJoinsAgain) {
  FakeCluster cluster(1);
  cluster.AddTopic("t", 1);
  Produce(cluster, 0, 5);
  const auto member = NewMember(cluster);
  ASSERT_EQ(Read(*member, 5).size(), 5u);
  cluster.ForgetMembers("g");
  Produce(cluster, 5, 10);
  // What it had not committed may come again.
  const auto records = Read(*member, 5);
  ASSERT_FALSE(records.empty());
  EXPECT_EQ(cluster.Members("g"), 1);
}

TEST(ConsumerTest, APollCanBeWoken) {
  FakeCluster cluster(1);
  cluster.AddTopic("t", 1);
  auto consumer = Consumer::Create(Options(cluster));
  ASSERT_TRUE((*consumer)->Assign({{{"t", 0}, 0}}).ok());
  std::thread thread([&] { (*consumer)->Wake(); });
  EXPECT_TRUE((*consumer)->Poll(600'000)->empty());
  thread.join();
}

}  // namespace
}  // namespace quorate::broker
