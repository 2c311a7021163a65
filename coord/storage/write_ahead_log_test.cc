#include "coord/storage/write_ahead_log.h"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/bytes.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/log_record.h"
#include "coord/storage/log_replay.h"
#include "coord/storage/owner.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "gtest/gtest.h"

namespace quorate::storage {
namespace {

using consensus::Zxid;

constexpr Owner kOwner{.ensemble = {.high = 1, .low = 2},
                       .member = {.id = {3}, .incarnation = {4}}};

class WriteAheadLogTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.segment_bytes = 8192;
    ASSERT_TRUE(disk_.CreateDirectory("d").ok());
    ASSERT_TRUE(WriteAheadLog::Create(disk_, "d", kOwner, options_).ok());
    Reopen();
  }

  void Reopen() {
    log_.reset();
    absl::StatusOr<ReplayedLog> replayed = ReplayLog(disk_, "d");
    ASSERT_TRUE(replayed.ok()) << replayed.status();
    auto opened = WriteAheadLog::Open(disk_, "d", kOwner, options_, *replayed);
    ASSERT_TRUE(opened.ok()) << opened.status();
    log_ = *std::move(opened);
    replayed_ = *std::move(replayed);
  }

  absl::Status Stage(Zxid from, uint32_t count, size_t payload_bytes = 100) {
    std::vector<LogRecord> records;
    for (uint32_t i = 0; i < count; ++i) {
      records.push_back(
          {.zxid = Zxid(from.epoch(), from.counter() + i),
           .kind = 1,
           .payload = MakeBytes(std::string(payload_bytes, 'r'))});
    }
    LogChange change;
    change.append = records;
    return log_->Stage(change);
  }
  absl::Status Truncate(Zxid zxid) {
    LogChange change;
    change.truncate_after = zxid;
    return log_->Stage(change);
  }
  absl::Status Append(Zxid from, uint32_t count) {
    absl::Status s = Stage(from, count);
    return s.ok() ? log_->Sync() : s;
  }
  absl::Status DropUpTo(Zxid zxid) {
    const auto files = log_->GiveUp(zxid);
    if (!files.ok()) return files.status();
    for (const std::string& file : *files) {
      if (absl::Status s = disk_.Remove(file); !s.ok()) return s;
    }
    return disk_.SyncDirectory("d");
  }
  size_t SegmentCount() { return SegmentNumbers(*disk_.List("d")).size(); }

  FaultFileSystem disk_{1};
  LogOptions options_;
  std::unique_ptr<WriteAheadLog> log_;
  ReplayedLog replayed_;
};

TEST_F(WriteAheadLogTest, ManyBatchesShareOneSync) {
  const uint64_t before = disk_.syncs();
  for (uint32_t i = 1; i <= 20; ++i) ASSERT_TRUE(Stage(Zxid(1, i), 1).ok());
  EXPECT_TRUE(log_->HasStaged());
  ASSERT_TRUE(log_->Sync().ok());
  EXPECT_EQ(disk_.syncs(), before + 1);
  ASSERT_TRUE(log_->Sync().ok());
  EXPECT_EQ(disk_.syncs(), before + 1) << "there was nothing to make durable";
  Reopen();
  EXPECT_EQ(replayed_.records.size(), 20u);
}

TEST_F(WriteAheadLogTest, TruncationAndAppendShareOneSync) {
  ASSERT_TRUE(Append(Zxid(1, 1), 5).ok());
  const uint64_t before = disk_.syncs();
  ASSERT_TRUE(Truncate(Zxid(1, 2)).ok());
  ASSERT_TRUE(Append(Zxid(2, 0), 2).ok());
  EXPECT_EQ(disk_.syncs(), before + 1);
  Reopen();
  ASSERT_EQ(replayed_.records.size(), 4u);
  EXPECT_EQ(replayed_.records[1].zxid, Zxid(1, 2));
  EXPECT_EQ(replayed_.records[2].zxid, Zxid(2, 0));
}

TEST_F(WriteAheadLogTest, TruncationReachesIntoEarlierSegments) {
  for (uint32_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(Append(Zxid(1, 1 + 5 * i), 5).ok());
  }
  EXPECT_GE(SegmentCount(), 2u);
  ASSERT_TRUE(Truncate(Zxid(1, 3)).ok());
  ASSERT_TRUE(log_->Sync().ok());
  EXPECT_EQ(log_->last(), Zxid(1, 3));
  Reopen();
  EXPECT_EQ(replayed_.records.size(), 3u);
  ASSERT_TRUE(Append(Zxid(1, 4), 1).ok());
  Reopen();
  EXPECT_EQ(log_->last(), Zxid(1, 4));
}

TEST_F(WriteAheadLogTest, DroppingAfterATruncationKnowsWhereTheLogBegins) {
  for (const bool reopened : {false, true}) {
    const uint32_t epoch = reopened ? 4 : 1;
    for (uint32_t i = 0; i < 20; ++i) {
      ASSERT_TRUE(Append(Zxid(epoch, 1 + 5 * i), 5).ok());
    }
    ASSERT_TRUE(Truncate(Zxid(epoch, 3)).ok());
    ASSERT_TRUE(Append(Zxid(epoch + 1, 0), 1).ok());
    if (reopened) Reopen();
    ASSERT_TRUE(DropUpTo(Zxid(9, 9)).ok());
    EXPECT_EQ(log_->base(), Zxid(epoch, 3));
    const Zxid last = log_->last();
    Reopen();
    EXPECT_EQ(replayed_.base, Zxid(epoch, 3));
    EXPECT_EQ(replayed_.last(), last);
  }
}

TEST_F(WriteAheadLogTest, TruncationBetweenRecordsEndsWithTheOneBefore) {
  ASSERT_TRUE(Append(Zxid(1, 1), 2).ok());
  ASSERT_TRUE(Append(Zxid(2, 0), 2).ok());
  ASSERT_TRUE(Truncate(Zxid(1, 9)).ok());
  EXPECT_EQ(log_->last(), Zxid(1, 2));
  ASSERT_TRUE(Truncate(Zxid(5, 0)).ok()) << "there is nothing above";
  ASSERT_TRUE(log_->Sync().ok());
  Reopen();
  EXPECT_EQ(replayed_.records.size(), 2u);
}

TEST_F(WriteAheadLogTest, MisuseIsRefusedAndChangesNothing) {
  ASSERT_TRUE(Append(Zxid(1, 5), 2).ok());
  const auto kind = [](const absl::Status& status) {
    return StorageErrorOf(status).kind;
  };
  EXPECT_EQ(kind(Stage(Zxid(1, 6), 1)), StorageErrorKind::kMisuse);
  EXPECT_EQ(kind(Stage(Zxid(2, 0), 1, 8000)), StorageErrorKind::kMisuse);
  EXPECT_FALSE(log_->HasStaged());
  EXPECT_TRUE(Append(Zxid(1, 7), 1).ok());
}

TEST_F(WriteAheadLogTest, DropsOnlyWholeSegmentsThatAreNotNeeded) {
  for (uint32_t i = 0; i < 30; ++i) {
    ASSERT_TRUE(Append(Zxid(1, 1 + 5 * i), 5).ok());
  }
  const size_t segments = SegmentCount();
  ASSERT_GE(segments, 3u);
  ASSERT_TRUE(DropUpTo(Zxid(1, 1)).ok());
  EXPECT_EQ(SegmentCount(), segments);
  ASSERT_TRUE(DropUpTo(Zxid(1, 100)).ok());
  EXPECT_LT(SegmentCount(), segments);
  EXPECT_GT(log_->base(), Zxid());
  EXPECT_LE(log_->base(), Zxid(1, 100));
  const Zxid base = log_->base();
  Reopen();
  EXPECT_EQ(replayed_.base, base);
  EXPECT_EQ(replayed_.records.front().zxid, base.Next());
  EXPECT_EQ(replayed_.records.size(), 150 - base.counter());
  ASSERT_TRUE(DropUpTo(Zxid(9, 9)).ok());
  EXPECT_EQ(SegmentCount(), 1u) << "the one in use stays";
}

TEST_F(WriteAheadLogTest, APreparedSegmentIsTakenWithoutFilling) {
  while (!log_->spare().ready()) {
    ASSERT_TRUE(log_->spare().Prepare(1000).ok());
  }
  const uint64_t calls = disk_.calls();
  ASSERT_TRUE(log_->spare().Prepare(1000).ok());
  EXPECT_EQ(disk_.calls(), calls);
  ASSERT_TRUE(Stage(Zxid(1, 1), 1, 5000).ok());
  ASSERT_TRUE(log_->Sync().ok());
  const uint64_t syncs = disk_.syncs();
  ASSERT_TRUE(Stage(Zxid(1, 2), 1, 5000).ok());
  EXPECT_EQ(SegmentCount(), 2u);
  EXPECT_EQ(disk_.syncs(), syncs + 2) << "header and seal";
}

TEST_F(WriteAheadLogTest, ATornTailIsCutAndItsPlaceUsedAgain) {
  int torn = 0;
  for (uint32_t i = 1; i <= 40; ++i) {
    ASSERT_TRUE(Stage(Zxid(1, i), 1, 2000).ok());
    disk_.CrashAt(disk_.calls() + 2);  // the sync after the write
    const absl::Status status = log_->Sync();
    ASSERT_FALSE(status.ok());
    disk_.Crash(CrashLoss::kAnySectors);
    Reopen();
    torn += replayed_.segments.back().end.torn_sectors > 0 ? 1 : 0;
    if (replayed_.last() == Zxid(1, i)) continue;
    ASSERT_EQ(replayed_.last(), i == 1 ? Zxid() : Zxid(1, i - 1));
    ASSERT_TRUE(Stage(Zxid(1, i), 1, 700).ok());
    ASSERT_TRUE(log_->Sync().ok());
  }
  EXPECT_GT(torn, 10);
}

TEST_F(WriteAheadLogTest, AZeroedSectorOfTheLastFrameIsDamageOnceSettled) {
  ASSERT_TRUE(Append(Zxid(1, 1), 10).ok());
  const std::string path = "d/log-0000000000000001";
  const std::string before = disk_.Content(path);
  std::string damaged = before;
  damaged.replace(2 * kSectorBytes, kSectorBytes, kSectorBytes, '\0');
  // Nothing tells it from a write that was under way: FORMAT.md, "The limit".
  disk_.SetContent(path, damaged);
  EXPECT_TRUE(ReplayLog(disk_, "d").ok());
  disk_.SetContent(path, before);
  ASSERT_TRUE(log_->Settle().ok());
  damaged = disk_.Content(path);
  damaged.replace(2 * kSectorBytes, kSectorBytes, kSectorBytes, '\0');
  disk_.SetContent(path, damaged);
  EXPECT_EQ(StorageErrorOf(ReplayLog(disk_, "d").status()).kind,
            StorageErrorKind::kDamaged);
}

TEST_F(WriteAheadLogTest, AForeignOwnerIsRefused) {
  Owner other = kOwner;
  other.ensemble.low = 9;
  const auto opened =
      WriteAheadLog::Open(disk_, "d", other, options_, replayed_);
  EXPECT_EQ(StorageErrorOf(opened.status()).kind, StorageErrorKind::kForeign);
}

TEST_F(WriteAheadLogTest, BadOptionsAreRefused) {
  for (const uint64_t size : {uint64_t{0}, uint64_t{1000}, uint64_t{1} << 40}) {
    options_.segment_bytes = size;
    EXPECT_EQ(
        StorageErrorOf(WriteAheadLog::Create(disk_, "d", kOwner, options_))
            .kind,
        StorageErrorKind::kMisuse);
  }
}

TEST_F(WriteAheadLogTest, AFailedSyncIsNeverRetried) {
  ASSERT_TRUE(Stage(Zxid(1, 1), 1).ok());
  disk_.FailAt(disk_.calls() + 2, disk_.calls() + 2, ENOSPC);
  const absl::Status status = log_->Sync();
  EXPECT_EQ(StorageErrorOf(status).kind, StorageErrorKind::kIo);
  const uint64_t calls = disk_.calls();
  EXPECT_EQ(log_->Sync(), status);
  EXPECT_EQ(Stage(Zxid(1, 2), 1), status);
  EXPECT_EQ(disk_.calls(), calls);
}

}  // namespace
}  // namespace quorate::storage
