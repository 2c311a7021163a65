#include "broker/dlq/spool.h"

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/dead_letter_queue.h"
#include "broker/dlq/headers_codec.h"
#include "broker/record/record_batch.h"
#include "coord/client/error.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

DeadLetter Letter(const std::string& id, size_t bytes = 10) {
  return {.message_id = id,
          .topic = "orders",
          .partition = 2,
          .record = {.timestamp_ms = 1'602'255'003'000,
                     .key = std::string("k\0ey", 4),
                     .value = std::string(bytes, 'v'),
                     .headers = {{"quorate-message-id", id},
                                 {"name", std::string("\0\xff", 2)}}},
          .cause = "NotEnoughReplicas",
          .message = "not acknowledged",
          .attempts = 7,
          .first_ms = 100,
          .last_ms = 200,
          .producer_id = UINT64_MAX,
          .producer_epoch = 3,
          .sequence = 17};
}

class SpoolTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "/" +
            testing::UnitTest::GetInstance()->current_test_info()->name() +
            ".spool";
    std::remove(path_.c_str());
  }
  std::unique_ptr<SpoolDlq> Open(const SpoolOptions& options = {}) {
    absl::StatusOr<std::unique_ptr<SpoolDlq>> spool =
        SpoolDlq::Open(path_, options);
    EXPECT_TRUE(spool.ok()) << spool.status();
    return *std::move(spool);
  }
  std::string path_;
};

TEST_F(SpoolTest, KeepsEverythingAcrossAReopen) {
  DeadLetter other = Letter("b");
  other.record.key.reset();
  other.record.headers.clear();
  other.record.value.clear();
  other.partition = -1;
  other.sequence = -1;
  other.group = "readers";
  other.offset = 99;
  ASSERT_TRUE(Open()->Put({Letter("a"), other}).ok());
  const auto letters = Open()->List({});
  ASSERT_TRUE(letters.ok()) << letters.status();
  ASSERT_EQ(letters->size(), 2u);
  EXPECT_EQ(letters->at(0).letter, Letter("a"));
  EXPECT_EQ(letters->at(1).letter, other);
  EXPECT_EQ(letters->at(1).puts, 1);
}

TEST_F(SpoolTest, OneMessageIsOneLetter) {
  const auto spool = Open();
  ASSERT_TRUE(spool->Put({Letter("a")}).ok());
  DeadLetter again = Letter("a");
  again.cause = "NoLeader";
  again.last_ms = 300;
  ASSERT_TRUE(spool->Put({again}).ok());
  // Of one that processes it: another letter.
  again.group = "readers";
  ASSERT_TRUE(spool->Put({again}).ok());
  const auto letters = spool->List({});
  ASSERT_EQ(letters->size(), 2u);
  EXPECT_EQ(letters->at(0).puts, 2);
  EXPECT_EQ(letters->at(0).letter.attempts, 14);
  EXPECT_EQ(letters->at(0).letter.first_ms, 100);
  EXPECT_EQ(letters->at(0).letter.last_ms, 300);
  EXPECT_EQ(letters->at(0).letter.cause, "NoLeader");
  EXPECT_EQ(spool->List({.group = "readers"})->size(), 1u);
}

TEST_F(SpoolTest, DoneLettersWaitNoMore) {
  const auto spool = Open();
  ASSERT_TRUE(spool->Put({Letter("a"), Letter("b"), Letter("c")}).ok());
  ASSERT_TRUE(
      spool->MarkDone({{.id = 2, .partition = 1, .offset = 55}}, 777).ok());
  ASSERT_TRUE(spool->MarkFailed({3}).ok());
  const auto waiting = spool->List({});
  ASSERT_EQ(waiting->size(), 2u);
  EXPECT_EQ(waiting->at(0).letter.message_id, "a");
  EXPECT_EQ(waiting->at(1).replays, 1);
  const auto done = spool->List({.waiting = false, .done = true});
  ASSERT_EQ(done->size(), 1u);
  EXPECT_EQ(done->at(0).done_ms, 777);
  EXPECT_EQ(done->at(0).done_partition, 1);
  EXPECT_EQ(done->at(0).done_offset, 55);
  EXPECT_EQ(spool->Stats()->waiting, 2);
  EXPECT_EQ(spool->Stats()->done, 1);
  // It has failed again, later: it waits again.
  ASSERT_TRUE(spool->Put({Letter("b")}).ok());
  EXPECT_EQ(spool->Stats()->waiting, 3);
}

TEST_F(SpoolTest, DropsWhatItIsTold) {
  const auto spool = Open();
  DeadLetter other = Letter("b");
  other.topic = "other";
  ASSERT_TRUE(spool->Put({Letter("a"), other, Letter("c")}).ok());
  EXPECT_EQ(*spool->Drop({.topic = "other"}), 1);
  EXPECT_TRUE(client::IsError(spool->DropOne(2), "NoLetter"));
  EXPECT_TRUE(client::IsError(spool->Get(2).status(), "NoLetter"));
  EXPECT_TRUE(spool->DropOne(3).ok());
  EXPECT_EQ(spool->Get(1)->letter.message_id, "a");
  EXPECT_EQ(*spool->Drop({}), 1);
  EXPECT_EQ(spool->Stats()->bytes, 0);
}

TEST_F(SpoolTest, IsBounded) {
  const auto spool = Open({.max_bytes = 5'000});
  ASSERT_TRUE(spool->Put({Letter("a", 1'000), Letter("b", 1'000)}).ok());
  const absl::Status full = spool->Put({Letter("c", 100), Letter("d", 4'000)});
  EXPECT_TRUE(client::IsError(full, "SpoolFull")) << full;
  // All or none.
  EXPECT_EQ(spool->List({})->size(), 2u);
  // What is done makes room.
  ASSERT_TRUE(spool->MarkDone({{.id = 1}}, 5).ok());
  EXPECT_TRUE(spool->Put({Letter("e", 2'000)}).ok());
  EXPECT_TRUE(client::IsError(spool->Get(1).status(), "NoLetter"));
  EXPECT_EQ(spool->Get(2)->letter.message_id, "b");
}

TEST_F(SpoolTest, RefusesOtherFiles) {
  EXPECT_TRUE(client::IsError(SpoolDlq::Open(path_, {.create = false}).status(),
                              "LocalFile"));
  {
    std::ofstream file(path_);
    file << std::string(10'000, 'x');
  }
  const absl::Status damaged = SpoolDlq::Open(path_).status();
  EXPECT_TRUE(client::IsError(damaged, "Damaged")) << damaged;
  EXPECT_TRUE(client::IsError(
      SpoolDlq::Open("/nonexistent/folder/file").status(), "LocalFile"));
}

TEST_F(SpoolTest, NeedsAMessageId) {
  EXPECT_TRUE(absl::IsInvalidArgument(Open()->Put({Letter("")})));
}

TEST_F(SpoolTest, ManyMayHaveItOpen) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      const auto spool = Open();
      for (int i = 0; i < 20; ++i) {
        const absl::Status put =
            spool->Put({Letter(std::to_string(t * 1'000 + i))});
        EXPECT_TRUE(put.ok()) << put;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Open()->Stats()->waiting, 80);
}

TEST(HeadersCodecTest, RefusesOtherBytes) {
  EXPECT_TRUE(DecodeHeaders("")->empty());
  EXPECT_TRUE(absl::IsDataLoss(DecodeHeaders("abc").status()));
  std::string bytes = EncodeHeaders({{"a", "b"}});
  bytes.pop_back();
  EXPECT_TRUE(absl::IsDataLoss(DecodeHeaders(bytes).status()));
}

}  // namespace
}  // namespace quorate::broker
