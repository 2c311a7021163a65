#include "coord/server/disk/log_worker.h"

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "coord/consensus/zxid.h"
#include "coord/server/disk/test_storage.h"
#include "coord/server/timings.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/storage_error.h"
#include "gtest/gtest.h"

namespace quorate::server {
namespace {

using State = LogWorker::State;
using Lines = std::vector<std::string>;

class LogWorkerTest : public testing::Test {
 protected:
  void Add(replica::WriteBatch batch) {
    std::vector<LogJob> jobs;
    jobs.push_back({now_us_, std::move(batch)});
    worker_.Add(std::move(jobs));
  }
  void Add(LogWork work) {
    std::vector<LogJob> jobs;
    jobs.push_back({now_us_, std::move(work)});
    worker_.Add(std::move(jobs));
  }
  // Makes the spare segment, so that only what a test wants needs the disk.
  void PrepareAll() {
    while (!on_disk_.storage->IsPrepared()) {
      ASSERT_TRUE(on_disk_.storage->Prepare(1 << 20).ok());
    }
  }
  uint32_t LastOnDisk() {
    on_disk_.disk.Crash(storage::CrashLoss::kEverything);
    const storage::RecoveredState state = on_disk_.Reopen();
    return state.log.empty() ? 0 : state.log.back().zxid.counter();
  }

  TestStorage on_disk_;
  NotedReport report_;
  Timings timings_;
  int64_t now_us_ = 1'000'000;
  LogWorker worker_{*on_disk_.storage, report_, timings_, [this] {
                      return now_us_ += 2'000;  // each look takes time
                    }};
};

TEST_F(LogWorkerTest, ManyBatchesShareOneSync) {
  const uint64_t before = on_disk_.disk.syncs();
  for (uint32_t i = 1; i <= 100; ++i) Add(MakeBatch(i, i));
  EXPECT_EQ(worker_.Work(), State::kIdle);
  EXPECT_EQ(on_disk_.disk.syncs() - before, 1u);
  EXPECT_EQ(report_.Take(), (Lines{"written 100", "fsync 2"}));
  EXPECT_EQ(timings_.group_batches.sum(), 100u);
  EXPECT_EQ(timings_.fsync_us.sum(), 2'000u);
  EXPECT_EQ(LastOnDisk(), 100u);
}

TEST_F(LogWorkerTest, NothingIsSaidBeforeItIsDurable) {
  Add(MakeBatch(1, 1));
  EXPECT_TRUE(report_.lines.empty());
  worker_.Work();
  EXPECT_EQ(report_.Take().front(), "written 1");
  Add(MakeBatch(2, 2));
  EXPECT_EQ(LastOnDisk(), 1u);
}

TEST_F(LogWorkerTest, WorkRunsBetweenItsBatches) {
  std::vector<uint32_t> seen;
  const auto look = [&](storage::MemberStorage& storage) {
    seen.push_back(storage.log_last().counter());
    report_.lines.push_back("work");
  };
  Add(MakeBatch(1, 1));
  Add(MakeBatch(2, 2));
  Add(look);
  Add(MakeBatch(3, 3));
  Add(look);
  EXPECT_EQ(worker_.Work(), State::kIdle);
  EXPECT_EQ(seen, (std::vector<uint32_t>{2, 3}));
  EXPECT_EQ(report_.Take(),
            (Lines{"written 2", "fsync 2", "work", "written 3", "work"}));
}

TEST_F(LogWorkerTest, ABatchLargerThanASegmentIsWrittenInParts) {
  replica::WriteBatch batch = MakeBatch(7, 1, 100, 100'000);
  batch.batch.hard_state = storage::HardState{.ensemble = {}, .bytes = "vote"};
  Add(std::move(batch));
  EXPECT_EQ(worker_.Work(), State::kIdle) << report_.failure;
  EXPECT_EQ(report_.Take().front(), "written 7");
  EXPECT_EQ(LastOnDisk(), 100u);
  EXPECT_EQ(on_disk_.storage->hard_state().bytes, "vote");
}

TEST_F(LogWorkerTest, AsksForASegmentUntilItIsReady) {
  Add(MakeBatch(1, 1));
  worker_.Work();
  EXPECT_EQ(report_.segments_wanted, 1);
  Add(MakeBatch(2, 2));
  worker_.Work();
  EXPECT_EQ(report_.segments_wanted, 2);
  PrepareAll();
  Add(MakeBatch(3, 3));
  worker_.Work();
  EXPECT_EQ(report_.segments_wanted, 2);
}

TEST_F(LogWorkerTest, GoesOnWhenTheDiskHasRoomAgain) {
  PrepareAll();
  on_disk_.disk.SetCapacity(1);
  // More than what is left of the segment and of the spare one.
  Add(MakeBatch(1, 1));
  Add(MakeBatch(2, 2, 150, 100'000));
  Add(MakeBatch(3, 152));
  EXPECT_EQ(worker_.Work(), State::kDiskFull);
  EXPECT_EQ(report_.Take(), (Lines{"full"}));
  EXPECT_EQ(worker_.Work(), State::kDiskFull);
  EXPECT_TRUE(report_.Take().empty()) << "said once";

  on_disk_.disk.SetCapacity(uint64_t{1} << 40);
  EXPECT_EQ(worker_.Work(), State::kIdle);
  const Lines lines = report_.Take();
  ASSERT_GE(lines.size(), 2u);
  EXPECT_EQ(lines[0], "written 3");
  EXPECT_EQ(lines.back(), "room");
  EXPECT_EQ(LastOnDisk(), 152u);
}

TEST_F(LogWorkerTest, AnyOtherErrorIsFinal) {
  Add(MakeBatch(1, 1));
  worker_.Work();
  report_.Take();
  const uint64_t calls = on_disk_.disk.calls();
  on_disk_.disk.FailAt(calls + 1, calls + 1000, EIO);
  Add(MakeBatch(2, 2));
  EXPECT_EQ(worker_.Work(), State::kFailed);
  EXPECT_EQ(report_.Take(), (Lines{"failed"}));
  EXPECT_EQ(storage::StorageErrorOf(report_.failure).kind,
            storage::StorageErrorKind::kIo);

  // The disk works again: no sync is tried again, nothing more is written.
  on_disk_.disk.FailAt(0, 0, EIO);
  const uint64_t after = on_disk_.disk.calls();
  Add(MakeBatch(3, 3));
  EXPECT_EQ(worker_.Work(), State::kFailed);
  EXPECT_FALSE(worker_.Settle().ok());
  EXPECT_TRUE(report_.Take().empty());
  EXPECT_EQ(on_disk_.disk.calls(), after);
}

TEST_F(LogWorkerTest, WorkThatBreaksTheStorageIsFinal) {
  Add([this](storage::MemberStorage& storage) {
    const uint64_t calls = on_disk_.disk.calls();
    on_disk_.disk.FailAt(calls + 1, calls + 1000, EIO);
    EXPECT_FALSE(storage.Settle().ok());
  });
  Add(MakeBatch(1, 1));
  EXPECT_EQ(worker_.Work(), State::kFailed);
  EXPECT_EQ(report_.Take(), (Lines{"failed"}));
}

}  // namespace
}  // namespace quorate::server
