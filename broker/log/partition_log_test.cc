#include "broker/log/partition_log.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "broker/log/read_plan.h"
#include "broker/record/record_batch.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

using ::testing::HasSubstr;

constexpr absl::string_view kSegment0 = "d/t-0/00000000000000000000.log";

void Ignore(const BatchHeader&) {}

std::string Batch(const std::vector<std::string>& values, int64_t time_ms = 1) {
  std::vector<Record> records;
  for (const std::string& value : values) {
    records.push_back({.timestamp_ms = time_ms, .value = value});
  }
  return *EncodeBatch({}, records);
}

class PartitionLogTest : public testing::Test {
 protected:
  PartitionLogTest() {
    EXPECT_TRUE(disk_.CreateDirectory("d").ok());
    auto made = PartitionLog::Create(disk_, "d", "t-0", 7);
    EXPECT_TRUE(made.ok()) << made.status();
    log_ = *std::move(made);
  }

  absl::Status Append(const std::vector<std::string>& values, int32_t epoch = 1,
                      int64_t time_ms = 1) {
    std::string batch = Batch(values, time_ms);
    return log_->AppendAsLeader(&batch, epoch);
  }
  absl::Status Sync() {
    const auto point = log_->BeginSync();
    if (!point) return log_->failed();
    log_->FinishSync(*point, point->file->SyncData());
    return log_->failed();
  }
  absl::Status Reopen() {
    log_.reset();
    auto opened = PartitionLog::Open(disk_, "d", "t-0", Ignore);
    if (opened.ok()) log_ = *std::move(opened);
    return opened.status();
  }
  std::string ReadBytes(int64_t offset, size_t max_bytes = 1 << 20,
                        int64_t limit = 1'000'000) {
    const auto plan = log_->PlanRead(offset, limit, max_bytes);
    EXPECT_TRUE(plan.ok()) << plan.status();
    std::string out;
    if (plan.ok()) {
      const absl::Status read = CarryOut(*plan, disk_, &out);
      EXPECT_TRUE(read.ok()) << read;
    }
    return out;
  }
  // "0:a 1:b" of what a read gives.
  std::string Read(int64_t offset, size_t max_bytes = 1 << 20,
                   int64_t limit = 1'000'000) {
    const std::string bytes = ReadBytes(offset, max_bytes, limit);
    std::string text;
    absl::string_view rest = bytes;
    while (!rest.empty()) {
      const auto header = ReadBatchHeader(rest);
      EXPECT_TRUE(header.ok()) << header.status();
      if (!header.ok()) return text;
      const auto records = DecodeBatch(rest.substr(0, header->size_bytes));
      EXPECT_TRUE(records.ok()) << records.status();
      int64_t at = header->base_offset;
      for (const Record& record : *records) {
        text += (text.empty() ? "" : " ") + std::to_string(at++) + ":" +
                record.value.substr(0, 8);
      }
      rest.remove_prefix(header->size_bytes);
    }
    return text;
  }

  storage::FaultFileSystem disk_{1};
  std::unique_ptr<PartitionLog> log_;
};

TEST_F(PartitionLogTest, KeepsWhatWasAppended) {
  ASSERT_TRUE(Append({"a", "b"}).ok());
  ASSERT_TRUE(Append({"c"}, 3).ok());
  EXPECT_EQ(log_->end_offset(), 3);
  EXPECT_EQ(log_->durable_end(), 0);
  ASSERT_TRUE(Sync().ok());
  EXPECT_EQ(log_->durable_end(), 3);
  EXPECT_FALSE(log_->BeginSync().has_value());
  log_->SetHighWatermark(2);
  log_->FinishCheckpoint(log_->BeginCheckpoint()->SyncData());
  EXPECT_EQ(log_->BeginCheckpoint(), nullptr);

  log_.reset();
  disk_.Crash(storage::CrashLoss::kEverything);
  ASSERT_TRUE(Reopen().ok());
  EXPECT_EQ(log_->topic_id(), 7u);
  EXPECT_EQ(log_->end_offset(), 3);
  EXPECT_EQ(log_->durable_end(), 3);
  EXPECT_EQ(log_->high_watermark(), 2);
  EXPECT_EQ(log_->epochs().last_epoch(), 3);
  EXPECT_EQ(log_->epochs().EndFor(2, 3), (EpochTable::End{1, 2}));
  EXPECT_EQ(Read(0), "0:a 1:b 2:c");
}

TEST_F(PartitionLogTest, ReadsWholeBatchesWithinTheLimits) {
  for (const char* value : {"a", "b", "c", "d"}) {
    ASSERT_TRUE(Append({value, "x"}).ok());
  }
  const size_t size = ReadBytes(0, 1).size();
  EXPECT_EQ(Read(0, 1), "0:a 1:x");
  EXPECT_EQ(Read(3, 1), "2:b 3:x");
  EXPECT_EQ(Read(2, 2 * size), "2:b 3:x 4:c 5:x");
  EXPECT_EQ(Read(2, 2 * size - 1), "2:b 3:x");
  EXPECT_EQ(Read(2, 1 << 20, 6), "2:b 3:x 4:c 5:x");
  EXPECT_EQ(Read(2, 1 << 20, 3), "");
  EXPECT_EQ(Read(8), "");
  EXPECT_TRUE(absl::IsOutOfRange(log_->PlanRead(9, 9, 1).status()));
  EXPECT_TRUE(absl::IsOutOfRange(log_->PlanRead(-1, 9, 1).status()));
}

TEST_F(PartitionLogTest, FindsItsWayBehindLargeBatches) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(Append({std::string(i % 3 == 0 ? 50'000 : 700, 'x')}).ok());
  }
  for (int64_t offset = 0; offset < 20; ++offset) {
    EXPECT_EQ(Read(offset, 1), std::to_string(offset) + ":xxxxxxxx");
  }
}

TEST_F(PartitionLogTest, BeginsASegmentWhenOneIsFull) {
  log_->SetSegmentBytes(200);
  for (const char* value : {"a", "b", "c", "d", "e"}) {
    ASSERT_TRUE(Append({value}).ok());
  }
  EXPECT_EQ(log_->segment_count(), 3u);
  EXPECT_EQ(log_->durable_end(), 4) << "what precedes the last is durable";
  EXPECT_EQ(Read(1), "1:b") << "one segment at a time";
  EXPECT_EQ(Read(2), "2:c 3:d");
  disk_.Crash(storage::CrashLoss::kEverything);
  ASSERT_TRUE(Reopen().ok());
  EXPECT_EQ(log_->end_offset(), 4);
}

TEST_F(PartitionLogTest, FollowerTakesWhatFollowsAndNothingElse) {
  ASSERT_TRUE(Append({"a", "b"}).ok());
  ASSERT_TRUE(Append({"c"}).ok());
  ASSERT_TRUE(Append({"d"}, 2).ok());
  const std::string all = ReadBytes(0);
  auto made = PartitionLog::Create(disk_, "d", "t-1", 7);
  ASSERT_TRUE(made.ok());
  PartitionLog& follower = **made;
  std::vector<int64_t> seen;
  const auto each = [&](const BatchHeader& header) {
    seen.push_back(header.base_offset);
  };
  ASSERT_TRUE(follower.AppendAsFollower(ReadBytes(0, 1), each).ok());
  EXPECT_EQ(follower.end_offset(), 2);
  // Behind a gap, damaged, not whole.
  for (const std::string& bad :
       {ReadBytes(3), all.substr(0, all.size() - 1), [&] {
          std::string x = all;
          x[x.size() - 2] ^= 1;
          return x;
        }()}) {
    EXPECT_TRUE(absl::IsInvalidArgument(follower.AppendAsFollower(bad, each)));
    EXPECT_EQ(follower.end_offset(), 2);
  }
  ASSERT_TRUE(follower.AppendAsFollower(all, each).ok());
  EXPECT_EQ(seen, (std::vector<int64_t>{0, 2, 3}));
  EXPECT_EQ(follower.epochs().last_epoch(), 2);
  EXPECT_EQ(disk_.Content("d/t-1/00000000000000000000.log"),
            disk_.Content(kSegment0));
}

TEST_F(PartitionLogTest, FollowerFillsSegmentsAsALeaderDoes) {
  log_->SetSegmentBytes(200);
  for (const char* value : {"a", "b", "c", "d", "e"}) {
    ASSERT_TRUE(Append({value}).ok());
  }
  const std::string all = ReadBytes(0) + ReadBytes(2) + ReadBytes(4);
  auto made = PartitionLog::Create(disk_, "d", "t-1", 7);
  ASSERT_TRUE(made.ok());
  (*made)->SetSegmentBytes(200);
  ASSERT_TRUE((*made)->AppendAsFollower(all, Ignore).ok());
  EXPECT_EQ((*made)->segment_count(), 3u);
  EXPECT_EQ((*made)->end_offset(), 5);
}

TEST_F(PartitionLogTest, TruncatesDurably) {
  log_->SetSegmentBytes(200);
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(Append({"a", std::to_string(i)}, 1 + i / 2).ok());
  }
  ASSERT_TRUE(Sync().ok());
  log_->SetHighWatermark(4);
  EXPECT_TRUE(absl::IsInvalidArgument(log_->TruncateTo(3)));
  ASSERT_TRUE(log_->TruncateTo(7).ok()) << "within a batch: it goes, too";
  EXPECT_EQ(log_->end_offset(), 6);
  EXPECT_EQ(log_->durable_end(), 6);
  EXPECT_EQ(log_->epochs().last_epoch(), 2);
  EXPECT_EQ(log_->cuts(), 1u);
  disk_.Crash(storage::CrashLoss::kEverything);
  ASSERT_TRUE(Reopen().ok());
  EXPECT_EQ(log_->end_offset(), 6);
  ASSERT_TRUE(Append({"new"}, 9).ok());
  EXPECT_EQ(Read(4) + " " + Read(6), "4:a 5:2 6:new");
}

TEST_F(PartitionLogTest, SyncBegunBeforeACutCountsForNothing) {
  ASSERT_TRUE(Append({"a"}).ok());
  ASSERT_TRUE(Append({"b"}).ok());
  const auto point = log_->BeginSync();
  ASSERT_TRUE(log_->TruncateTo(1).ok());
  ASSERT_TRUE(Append({"c"}, 2).ok());
  log_->FinishSync(*point, point->file->SyncData());
  EXPECT_EQ(log_->durable_end(), 1);
}

TEST_F(PartitionLogTest, ResetGoesOnElsewhere) {
  ASSERT_TRUE(Append({"a"}).ok());
  ASSERT_TRUE(log_->ResetTo(500).ok());
  EXPECT_EQ(log_->start_offset(), 500);
  ASSERT_TRUE(Append({"b"}).ok());
  ASSERT_TRUE(Sync().ok());
  ASSERT_TRUE(Reopen().ok());
  EXPECT_EQ(log_->start_offset(), 500);
  EXPECT_EQ(log_->high_watermark(), 500);
  EXPECT_EQ(Read(500), "500:b");
}

TEST_F(PartitionLogTest, RemovesWhatIsOldBelowTheHighWatermark) {
  log_->SetSegmentBytes(100);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Append({"a"}, 1 + i, 1000 * i).ok());
  }
  ASSERT_TRUE(Sync().ok());
  ASSERT_TRUE(log_->RemoveOld(100'000, 1, 1).ok());
  EXPECT_EQ(log_->start_offset(), 0) << "all is above the high watermark";
  log_->SetHighWatermark(4);
  ASSERT_TRUE(log_->RemoveOld(5'000, 3'500, 0).ok());
  EXPECT_EQ(log_->start_offset(), 2);
  const int64_t size = log_->size_bytes();
  ASSERT_TRUE(log_->RemoveOld(0, 0, size).ok());
  EXPECT_EQ(log_->start_offset(), 2);
  ASSERT_TRUE(log_->RemoveOld(0, 0, size / 3 * 2).ok());
  EXPECT_EQ(log_->start_offset(), 3);
  EXPECT_EQ(log_->epochs().EndFor(4, 5), (EpochTable::End{4, 4}));
  EXPECT_EQ(log_->epochs().EndFor(3, 5), (EpochTable::End{-1, 3}));
  ASSERT_TRUE(Reopen().ok());
  EXPECT_EQ(log_->start_offset(), 3);
  log_->SetHighWatermark(5);
  ASSERT_TRUE(log_->RemoveOld(100'000, 1, 0).ok());
  EXPECT_EQ(log_->start_offset(), 5) << "the last segment, too";
  EXPECT_EQ(log_->end_offset(), 5);
  EXPECT_EQ(log_->size_bytes(), 0);
}

TEST_F(PartitionLogTest, FindsOffsetsByTime) {
  log_->SetSegmentBytes(200);
  const std::vector<int64_t> times = {10, 30, 20, 50, 40};
  for (const int64_t time : times) {
    ASSERT_TRUE(Append({"a", "b"}, 1, time).ok());
  }
  EXPECT_EQ(*log_->FindByTime(5, 10), 0);
  EXPECT_EQ(*log_->FindByTime(20, 10), 2);
  EXPECT_EQ(*log_->FindByTime(31, 10), 6);
  EXPECT_EQ(*log_->FindByTime(51, 10), 10);
  EXPECT_EQ(*log_->FindByTime(31, 6), 6) << "not above the limit";
  EXPECT_EQ(*log_->FindByTime(std::numeric_limits<int64_t>::min(), 10), 0);
}

TEST_F(PartitionLogTest, FullDiskRefusesAndRecovers) {
  ASSERT_TRUE(Append({"a"}).ok());
  ASSERT_TRUE(Sync().ok());
  const uint64_t call = disk_.calls();
  disk_.FailAt(call + 1, call + 4, ENOSPC);
  const std::string large(5'000, 'x');
  EXPECT_TRUE(storage::IsDiskFull(Append({large})));
  EXPECT_TRUE(storage::IsDiskFull(Append({large})));
  EXPECT_EQ(log_->end_offset(), 1);
  EXPECT_EQ(Read(0), "0:a");
  disk_.FailAt(0, 0, ENOSPC);
  ASSERT_TRUE(log_->failed().ok());
  ASSERT_TRUE(Append({"b"}).ok());
  ASSERT_TRUE(Sync().ok());
  EXPECT_EQ(Read(0), "0:a 1:b");
  const std::string content = disk_.Content(kSegment0);
  EXPECT_EQ(content.find("xxxx"), std::string::npos);
  ASSERT_TRUE(Reopen().ok());
  EXPECT_EQ(log_->end_offset(), 2);
  EXPECT_EQ(log_->cut_at_opening(), 0u);
}

TEST_F(PartitionLogTest, FullDiskAtANewSegment) {
  log_->SetSegmentBytes(100);
  ASSERT_TRUE(Append({"a"}).ok());
  const uint64_t call = disk_.calls();
  disk_.FailAt(call + 2, call + 2, ENOSPC);  // behind the sync: the new file
  EXPECT_TRUE(storage::IsDiskFull(Append({"b"})));
  EXPECT_EQ(log_->end_offset(), 1);
  ASSERT_TRUE(Append({"b"}).ok());
  EXPECT_EQ(log_->segment_count(), 2u);
}

TEST_F(PartitionLogTest, FailedSyncStopsItForGood) {
  ASSERT_TRUE(Append({"a"}).ok());
  const auto point = log_->BeginSync();
  disk_.FailAt(disk_.calls() + 1, disk_.calls() + 1, ENOSPC);
  log_->FinishSync(*point, point->file->SyncData());
  EXPECT_FALSE(log_->failed().ok());
  EXPECT_FALSE(storage::IsDiskFull(log_->failed())) << "final";
  EXPECT_EQ(log_->durable_end(), 0);
  EXPECT_EQ(Append({"b"}), log_->failed());
  EXPECT_FALSE(log_->BeginSync().has_value());
  EXPECT_EQ(log_->BeginCheckpoint(), nullptr);
  EXPECT_FALSE(log_->PlanRead(0, 1, 1).ok());
}

TEST_F(PartitionLogTest, CutsATailThatWasNeverDurable) {
  ASSERT_TRUE(Append({"a"}).ok());
  ASSERT_TRUE(Sync().ok());
  std::string content = disk_.Content(kSegment0);
  const size_t whole = content.size();
  content += std::string(100, 'x');
  disk_.SetContent(kSegment0, content);
  ASSERT_TRUE(Reopen().ok());
  EXPECT_EQ(log_->end_offset(), 1);
  EXPECT_EQ(log_->cut_at_opening(), 100u);
  EXPECT_EQ(disk_.Content(kSegment0).substr(whole), std::string(100, '\0'));
}

TEST_F(PartitionLogTest, EveryFlippedBitOfWhatIsDurableIsFound) {
  log_->SetSegmentBytes(200);
  for (const char* value : {"a", "b", "c"}) ASSERT_TRUE(Append({value}).ok());
  ASSERT_TRUE(Sync().ok());
  log_.reset();
  for (const absl::string_view path :
       {kSegment0, absl::string_view("d/t-0/00000000000000000002.log")}) {
    const size_t size = disk_.Content(path).size();
    for (size_t bit = 0; bit < size * 8; bit += 3) {
      const size_t in_batch = bit / 8 % 85;
      if (in_batch >= 12 && in_batch < 16) continue;  // the epoch
      disk_.FlipBit(path, bit / 8, static_cast<int>(bit % 8));
      const absl::Status status = Reopen();
      EXPECT_EQ(storage::StorageErrorOf(status).kind,
                storage::StorageErrorKind::kDamaged)
          << path << " " << bit << " " << status;
      EXPECT_EQ(storage::StorageErrorOf(status).file, path);
      disk_.FlipBit(path, bit / 8, static_cast<int>(bit % 8));
    }
  }
  EXPECT_TRUE(Reopen().ok());
}

TEST_F(PartitionLogTest, MissesWhatIsMissing) {
  log_->SetSegmentBytes(100);
  for (const char* value : {"a", "b", "c"}) ASSERT_TRUE(Append({value}).ok());
  ASSERT_TRUE(Sync().ok());
  log_.reset();
  const std::string second = "d/t-0/00000000000000000001.log";
  const std::string third = "d/t-0/00000000000000000002.log";
  const std::string content = disk_.Content(third);
  ASSERT_TRUE(disk_.Remove(third).ok());
  EXPECT_THAT(std::string(Reopen().message()), HasSubstr("durable up to 3"));
  disk_.SetContent(third, content.substr(0, content.size() - 1));
  EXPECT_EQ(storage::StorageErrorOf(Reopen()).file, third);
  disk_.SetContent(third, content);
  EXPECT_TRUE(Reopen().ok());
  log_.reset();
  ASSERT_TRUE(disk_.Remove(second).ok());
  EXPECT_THAT(std::string(Reopen().message()), HasSubstr("begins at 2"));
  for (const absl::string_view path : {kSegment0, absl::string_view(third)}) {
    ASSERT_TRUE(disk_.Remove(path).ok());
  }
  EXPECT_THAT(std::string(Reopen().message()), HasSubstr("no segments"));
}

TEST_F(PartitionLogTest, DamagedCheckpointIsAnError) {
  log_.reset();
  disk_.FlipBit("d/t-0.checkpoint", 17, 1);
  EXPECT_EQ(storage::StorageErrorOf(Reopen()).file, "d/t-0.checkpoint");
  ASSERT_TRUE(disk_.Remove("d/t-0.checkpoint").ok());
  EXPECT_EQ(storage::StorageErrorOf(
                PartitionLog::Create(disk_, "d", "t-0", 8).status())
                .kind,
            storage::StorageErrorKind::kDamaged)
      << "segments without a checkpoint belong to somebody";
}

TEST_F(PartitionLogTest, IsListedUntilItIsRemoved) {
  EXPECT_EQ(*PartitionLog::List(disk_, "d"), std::vector<std::string>{"t-0"});
  ASSERT_TRUE(Append({"a"}).ok());
  log_.reset();
  ASSERT_TRUE(PartitionLog::Remove(disk_, "d", "t-0").ok());
  disk_.Crash(storage::CrashLoss::kEverything);
  EXPECT_TRUE(PartitionLog::List(disk_, "d")->empty());
  auto again = PartitionLog::Create(disk_, "d", "t-0", 9);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->end_offset(), 0);
  EXPECT_EQ((*again)->topic_id(), 9u);
}

TEST_F(PartitionLogTest, VisitReadsAllAgain) {
  log_->SetSegmentBytes(100);
  for (const char* value : {"a", "b", "c"}) ASSERT_TRUE(Append({value}).ok());
  std::vector<int64_t> seen;
  ASSERT_TRUE(log_->Visit([&](const BatchHeader& header) {
                    seen.push_back(header.base_offset);
                  })
                  .ok());
  EXPECT_EQ(seen, (std::vector<int64_t>{0, 1, 2}));
}

}  // namespace
}  // namespace quorate::broker
