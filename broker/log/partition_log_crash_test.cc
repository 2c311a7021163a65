// Crashes of a log at any call to the disk: what was durable is there, nothing
// that never was, and it goes on.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "broker/log/partition_log.h"
#include "broker/log/read_plan.h"
#include "broker/record/record_batch.h"
#include "coord/base/seeded_random.h"
#include "coord/storage/testing/fault_file_system.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::broker {
namespace {

constexpr storage::CrashLoss kLosses[] = {
    storage::CrashLoss::kNothing, storage::CrashLoss::kEverything,
    storage::CrashLoss::kPrefix, storage::CrashLoss::kAnySectors};

// A log and, in memory, what it must hold.
class Life {
 public:
  Life(storage::FaultFileSystem& disk, SeededRandom& random)
      : disk_(disk), random_(random) {}

  // False: the disk has failed.
  bool Step() {
    switch (random_.Below(10)) {
      case 0:
        return Truncate();
      case 1:
        return Checkpoint();
      case 2:
        return RemoveOld();
      case 3:
      case 4:
      case 5:
        return Sync();
      default:
        return Append();
    }
  }

  bool Create() {
    auto made = PartitionLog::Create(disk_, "d", "t-0", 1);
    if (!made.ok()) return false;
    Take(*std::move(made));
    return true;
  }
  // After a crash; an error is a failure of the test.
  bool Reopen() {
    log_.reset();
    std::string found;
    auto opened =
        PartitionLog::Open(disk_, "d", "t-0", [](const BatchHeader&) {});
    if (!opened.ok()) {
      if (disk_.crashed()) return false;
      // It was never made.
      if (was_made_) ADD_FAILURE() << opened.status();
      return !was_made_ && Create();
    }
    Take(*std::move(opened));
    const std::string problem = Problem();
    if (!problem.empty() && !disk_.crashed()) ADD_FAILURE() << problem;
    return problem.empty();
  }

  // For the tests of Problem().
  PartitionLog& log() { return *log_; }
  void Forge(int64_t durable, int64_t high_watermark) {
    durable_ = durable;
    high_watermark_ = high_watermark;
  }
  void ForgeContent() { held_.back().bytes.back() ^= 1; }
  std::string Judge() { return Problem(); }

 private:
  void Take(std::unique_ptr<PartitionLog> log) {
    log_ = std::move(log);
    log_->SetSegmentBytes(1'500);
    was_made_ = true;
  }

  bool Append() {
    const std::string value(random_.Below(700),
                            static_cast<char>('a' + random_.Below(26)));
    std::string batch = *EncodeBatch(
        {}, std::vector<Record>(1 + random_.Below(3), Record{.value = value}));
    if (random_.Below(8) == 0) ++epoch_;
    const int64_t at = log_->end_offset();
    // It may be there even if it fails.
    std::string stamped = batch;
    StampBatch(&stamped, at, epoch_);
    Forget(at);
    held_.push_back({at, stamped});
    if (!log_->AppendAsLeader(&batch, epoch_).ok()) return false;
    return true;
  }
  bool Sync() {
    const auto point = log_->BeginSync();
    if (!point) return true;
    log_->FinishSync(*point, point->file->SyncData());
    if (!log_->failed().ok()) return false;
    durable_ = std::max(durable_, log_->durable_end());
    return true;
  }
  bool Truncate() {
    const int64_t low = std::max(log_->high_watermark(), log_->start_offset());
    const int64_t to = random_.Between(low, log_->end_offset());
    durable_ = std::min(durable_, to);
    for (const Held& held : held_) {
      // A batch goes whole.
      const int64_t end = ReadBatchHeader(held.bytes)->next_offset();
      if (held.offset < to && end > to)
        durable_ = std::min(durable_, held.offset);
    }
    if (!log_->TruncateTo(to).ok()) return false;
    Forget(log_->end_offset());
    durable_ = log_->durable_end();
    return true;
  }
  bool Checkpoint() {
    int64_t high_watermark = log_->high_watermark();
    for (const Held& held : held_) {
      if (held.offset <= durable_ - 3) {
        high_watermark = std::max(high_watermark, held.offset);
      }
    }
    log_->SetHighWatermark(high_watermark);
    const auto file = log_->BeginCheckpoint();
    if (file == nullptr) return log_->failed().ok();
    const absl::Status synced = file->SyncData();
    log_->FinishCheckpoint(synced);
    if (synced.ok()) high_watermark_ = log_->high_watermark();
    return synced.ok();
  }
  bool RemoveOld() { return log_->RemoveOld(0, 0, 4'000).ok(); }

  void Forget(int64_t from) {
    std::erase_if(held_, [&](const Held& held) { return held.offset >= from; });
  }

  // What is not as it must be; empty: nothing.
  std::string Problem() {
    if (log_->end_offset() < durable_) return "something durable is lost";
    if (log_->durable_end() != log_->end_offset()) return "it is not durable";
    if (log_->high_watermark() < high_watermark_) return "the mark went back";
    int64_t at = log_->start_offset();
    while (at < log_->end_offset()) {
      const auto plan = log_->PlanRead(at, log_->end_offset(), 1);
      std::string bytes;
      if (!plan.ok() || !CarryOut(*plan, disk_, &bytes).ok()) {
        return "it cannot be read";
      }
      const auto found =
          std::find_if(held_.begin(), held_.end(),
                       [&](const Held& held) { return held.offset == at; });
      if (found == held_.end() || found->bytes != bytes) {
        return "something that was never there";
      }
      at = ReadBatchHeader(bytes)->next_offset();
    }
    Forget(log_->end_offset());
    durable_ = log_->durable_end();
    epoch_ = std::max(epoch_, log_->epochs().last_epoch());
    return "";
  }

  struct Held {
    int64_t offset;
    std::string bytes;
  };

  storage::FaultFileSystem& disk_;
  SeededRandom& random_;
  std::unique_ptr<PartitionLog> log_;
  bool was_made_ = false;
  int32_t epoch_ = 1;
  std::vector<Held> held_;
  int64_t durable_ = 0;
  int64_t high_watermark_ = 0;
};

TEST(PartitionLogCrashTest, SurvivesCrashesAnywhere) {
  SeededRandom random(TestSeed());
  int crashes = 0;
  for (int run = 0; run < 1'500 && !testing::Test::HasFailure(); ++run) {
    SCOPED_TRACE(run);
    storage::FaultFileSystem disk(random.Next());
    ASSERT_TRUE(disk.CreateDirectory("d").ok());
    Life life(disk, random);
    disk.CrashAt(disk.calls() + 1 + random.Below(150));
    bool works = life.Create();
    for (int step = 0; step < 200; ++step) {
      if (works) works = life.Step();
      if (works) continue;
      ASSERT_TRUE(disk.crashed());
      ++crashes;
      disk.Crash(kLosses[random.Below(4)]);
      // Recovery may be hit as well.
      if (random.Below(3) == 0)
        disk.CrashAt(disk.calls() + 1 + random.Below(9));
      works = life.Reopen();
      if (disk.crashed()) {
        works = false;
        continue;
      }
      ASSERT_TRUE(works);
      disk.CrashAt(disk.calls() + 1 + random.Below(150));
    }
  }
  EXPECT_GT(crashes, 1'000);
}

TEST(PartitionLogCrashTest, CheckFindsWhatIsWrong) {
  SeededRandom random(TestSeed());
  storage::FaultFileSystem disk(1);
  ASSERT_TRUE(disk.CreateDirectory("d").ok());
  Life life(disk, random);
  ASSERT_TRUE(life.Create());
  while (life.log().end_offset() < 10) ASSERT_TRUE(life.Step());
  ASSERT_TRUE(life.Reopen());
  EXPECT_EQ(life.Judge(), "");
  const int64_t end = life.log().end_offset();
  life.Forge(end + 1, 0);
  EXPECT_EQ(life.Judge(), "something durable is lost");
  life.Forge(end, end + 1);
  EXPECT_EQ(life.Judge(), "the mark went back");
  life.Forge(end, 0);
  life.ForgeContent();
  EXPECT_EQ(life.Judge(), "something that was never there");
}

}  // namespace
}  // namespace quorate::broker
