#include "coord/storage/member_storage.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/log_record.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/storage/snapshot_writer.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/storage/testing/whole_steps.h"
#include "gtest/gtest.h"

namespace quorate::storage {
namespace {

using consensus::Zxid;

constexpr MemberKey kMember{.id = {3}, .incarnation = {4}};
constexpr EnsembleId kEnsemble{.high = 1, .low = 2};

LogRecord Record(Zxid zxid, size_t bytes = 50) {
  return {
      .zxid = zxid, .kind = 1, .payload = MakeBytes(std::string(bytes, 'r'))};
}

class MemberStorageTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.segment_bytes = 8192;
    ASSERT_TRUE(
        MemberStorage::Format(disk_, "d", kMember, Vote("0"), options_).ok());
    Reopen();
  }
  void Reopen() {
    storage_.reset();
    auto opened = MemberStorage::Open(disk_, "d", options_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    storage_ = std::move(opened->storage);
    state_ = std::move(opened->state);
  }
  static HardState Vote(const std::string& text) {
    return {.ensemble = kEnsemble, .bytes = text};
  }
  absl::Status Append(uint32_t from, uint32_t to, size_t bytes = 50) {
    Batch batch;
    for (uint32_t i = from; i <= to; ++i) {
      batch.append.push_back(Record(Zxid(1, i), bytes));
    }
    absl::Status s = storage_->Write(batch);
    return s.ok() ? storage_->Sync() : s;
  }
  absl::Status Snapshot(Zxid zxid) {
    auto writer = storage_->BeginSnapshot(zxid);
    if (!writer.ok()) return writer.status();
    absl::Status s = (*writer)->Finish("meta");
    return s.ok() ? PublishSnapshot(*storage_, **writer) : s;
  }
  StorageErrorKind KindOfOpen() {
    storage_.reset();
    return StorageErrorOf(MemberStorage::Open(disk_, "d", options_).status())
        .kind;
  }

  FaultFileSystem disk_{1};
  LogOptions options_;
  std::unique_ptr<MemberStorage> storage_;
  RecoveredState state_;
};

TEST_F(MemberStorageTest, StartsEmpty) {
  EXPECT_EQ(state_.member, kMember);
  EXPECT_EQ(state_.hard_state, Vote("0"));
  EXPECT_TRUE(state_.log.empty());
  EXPECT_TRUE(state_.snapshots.empty());
  EXPECT_EQ(state_.log_base, Zxid());
}

TEST_F(MemberStorageTest, ARescuedMemberKeepsItsFiles) {
  ASSERT_TRUE(Append(1, 8, 500).ok());
  ASSERT_TRUE(Snapshot(Zxid(1, 4)).ok());
  Reopen();  // the segments are of the first ensemble
  const EnsembleId second{.high = 3, .low = 4};
  const EnsembleId third{.high = 5, .low = 6};
  Batch batch;
  batch.hard_state = {.ensemble = second, .bytes = "1"};
  EXPECT_EQ(StorageErrorOf(storage_->Write(batch)).kind,
            StorageErrorKind::kMisuse)
      << "only a rescue leads to another ensemble";
  ASSERT_TRUE(storage_->Rescue({.ensemble = second, .bytes = "1"}).ok());
  // Far enough for segments of the second ensemble.
  for (uint32_t i = 9; i <= 40; i += 8) {
    ASSERT_TRUE(Append(i, i + 7, 500).ok());
  }
  Reopen();
  EXPECT_EQ(state_.hard_state.ensemble, second);
  EXPECT_EQ(storage_->parent(), kEnsemble);
  EXPECT_EQ(state_.log.size(), 40u);
  ASSERT_TRUE(Snapshot(Zxid(1, 30)).ok());
  ASSERT_TRUE(storage_->Rescue({.ensemble = third, .bytes = "2"}).ok());
  for (uint32_t i = 41; i <= 80; i += 8) {
    ASSERT_TRUE(Append(i, i + 7, 500).ok());
  }
  Reopen();
  EXPECT_EQ(state_.log.size(), 80u);
  EXPECT_EQ(state_.snapshots.size(), 2u);
  EXPECT_EQ(storage_->parent(), second);
}

TEST_F(MemberStorageTest, SyncsAreAsFewAsAreCorrect) {
  uint64_t before = disk_.syncs();
  const auto syncs = [&] {
    return disk_.syncs() - std::exchange(before, disk_.syncs());
  };
  Batch batch;
  for (uint32_t i = 1; i <= 8; ++i) {
    batch.append = {Record(Zxid(1, i))};
    ASSERT_TRUE(storage_->Write(batch).ok());
  }
  EXPECT_EQ(syncs(), 0u);
  ASSERT_TRUE(storage_->Sync().ok());
  EXPECT_EQ(syncs(), 1u) << "eight batches";
  ASSERT_TRUE(storage_->Sync().ok());
  EXPECT_EQ(syncs(), 0u);
  batch = Batch();
  batch.hard_state = Vote("1");
  ASSERT_TRUE(storage_->Write(batch).ok());
  ASSERT_TRUE(storage_->Sync().ok());
  EXPECT_EQ(syncs(), 1u) << "a vote";
  batch = Batch();
  batch.truncate_after = Zxid(1, 5);
  batch.append = {Record(Zxid(2, 0))};
  ASSERT_TRUE(storage_->Write(batch).ok());
  ASSERT_TRUE(storage_->Sync().ok());
  EXPECT_EQ(syncs(), 1u) << "truncation and append";
  batch = Batch();
  batch.hard_state = Vote("2");
  batch.append = {Record(Zxid(2, 1))};
  ASSERT_TRUE(storage_->Write(batch).ok());
  ASSERT_TRUE(storage_->Sync().ok());
  EXPECT_EQ(syncs(), 2u) << "two files";
}

TEST_F(MemberStorageTest, InstallTakesThePlaceOfTheLog) {
  ASSERT_TRUE(Append(1, 10).ok());
  Batch batch;
  batch.hard_state = Vote("1");
  batch.snapshot_pieces = {{Zxid(5, 3), 0, MakeBytes("abc")},
                           {Zxid(5, 3), 3, MakeBytes("def")}};
  batch.install_snapshot =
      SnapshotInfo{.zxid = Zxid(5, 3), .meta = "m", .size_bytes = 6};
  batch.append = {Record(Zxid(5, 4))};
  ASSERT_TRUE(storage_->Write(batch).ok());
  ASSERT_TRUE(storage_->Sync().ok());
  EXPECT_EQ(storage_->snapshots().size(), 1u);
  disk_.Crash(CrashLoss::kEverything);
  Reopen();
  EXPECT_EQ(state_.log_base, Zxid(5, 3));
  ASSERT_EQ(state_.log.size(), 1u);
  ASSERT_EQ(state_.snapshots.size(), 1u);
  EXPECT_EQ(state_.snapshots[0].meta, "m");
  EXPECT_EQ(*(*storage_->ReadSnapshot(Zxid(5, 3)))->Read(0, 10), "abcdef");
}

TEST_F(MemberStorageTest, MisuseIsRefusedAndDoesNotPoison) {
  ASSERT_TRUE(Append(1, 10).ok());
  ASSERT_TRUE(Snapshot(Zxid(1, 5)).ok());
  const auto refused = [](const absl::Status& status) {
    return StorageErrorOf(status).kind == StorageErrorKind::kMisuse;
  };
  Batch batch;
  batch.truncate_after = Zxid(1, 4);
  EXPECT_TRUE(refused(storage_->Write(batch))) << "below the snapshot";
  batch = Batch();
  batch.append = {Record(Zxid(1, 10))};
  EXPECT_TRUE(refused(storage_->Write(batch))) << "not ascending";
  batch.append = {Record(Zxid(1, 11), 9000)};
  EXPECT_TRUE(refused(storage_->Write(batch))) << "too long";
  batch = Batch();
  batch.hard_state = HardState{.ensemble = {}, .bytes = "x"};
  EXPECT_TRUE(refused(storage_->Write(batch))) << "leaves its ensemble";
  batch = Batch();
  batch.install_snapshot =
      SnapshotInfo{.zxid = Zxid(5, 3), .meta = "m", .size_bytes = 6};
  EXPECT_TRUE(refused(storage_->Write(batch))) << "nothing received";
  EXPECT_TRUE(refused(CompactAndRemove(*storage_, Zxid(1, 6), {})));
  EXPECT_TRUE(refused(Snapshot(Zxid(1, 5)))) << "not newer";
  EXPECT_TRUE(refused(Snapshot(Zxid(1, 11)))) << "ahead of the log";
  EXPECT_TRUE(storage_->status().ok());
  EXPECT_TRUE(Append(11, 12).ok());
}

TEST_F(MemberStorageTest, CompactionKeepsWhatIsAsked) {
  for (uint32_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(Append(1 + 10 * i, 10 + 10 * i, 300).ok());
  }
  ASSERT_TRUE(Snapshot(Zxid(1, 40)).ok());
  ASSERT_TRUE(Snapshot(Zxid(1, 80)).ok());
  ASSERT_TRUE(CompactAndRemove(*storage_, Zxid(1, 60), {}).ok());
  EXPECT_GT(storage_->log_base(), Zxid());
  EXPECT_LE(storage_->log_base(), Zxid(1, 60));
  Reopen();
  ASSERT_EQ(state_.snapshots.size(), 1u);
  EXPECT_EQ(state_.log.back().zxid, Zxid(1, 100));
  EXPECT_LE(state_.log.front().zxid, Zxid(1, 61));
}

// Files that were given up go later, on another thread; a crash may come when
// any number of them is gone, and the log goes on meanwhile.
class CrashWhileRemovingTest : public MemberStorageTest,
                               public testing::WithParamInterface<size_t> {};

TEST_P(CrashWhileRemovingTest, LosesNothing) {
  for (uint32_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(Append(1 + 10 * i, 10 + 10 * i, 300).ok());
  }
  ASSERT_TRUE(Snapshot(Zxid(1, 40)).ok());
  ASSERT_TRUE(Snapshot(Zxid(1, 80)).ok());
  const auto files = storage_->Compact(Zxid(1, 60), {});
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_GE(files->size(), 3u) << "a snapshot and segments";
  ASSERT_TRUE(Append(101, 120, 300).ok());
  const auto removed = absl::MakeConstSpan(*files).subspan(0, GetParam());
  ASSERT_TRUE(storage_->RemoveFiles(removed).ok());
  disk_.Crash(CrashLoss::kEverything);
  Reopen();
  EXPECT_EQ(state_.snapshots.back().zxid, Zxid(1, 80));
  EXPECT_EQ(state_.log.back().zxid, Zxid(1, 120));
  EXPECT_LE(state_.log.front().zxid, Zxid(1, 61));
  ASSERT_TRUE(CompactAndRemove(*storage_, Zxid(1, 60), {}).ok());
  EXPECT_EQ(storage_->snapshots().size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Removed, CrashWhileRemovingTest,
                         testing::Range(size_t{0}, size_t{5}));

TEST_F(MemberStorageTest, AFullDiskRefusesReadsGoOnAndRoomHeals) {
  ASSERT_TRUE(Append(1, 10, 400).ok());
  ASSERT_TRUE(Snapshot(Zxid(1, 5)).ok());
  disk_.SetCapacity(*storage_->FreeBytes() > 0 ? 30'000 : 0);
  uint32_t next = 11;
  absl::Status status;
  while (status.ok()) status = Append(next, next, 400), ++next;
  EXPECT_TRUE(IsDiskFull(status)) << status;
  EXPECT_TRUE(storage_->status().ok());
  EXPECT_TRUE(storage_->ReadSnapshot(Zxid(1, 5)).ok());
  EXPECT_TRUE(IsDiskFull(Append(next - 1, next - 1, 400)));
  disk_.SetCapacity(1'000'000);
  ASSERT_TRUE(Append(next - 1, next - 1, 400).ok());
  Reopen();
  EXPECT_EQ(state_.log.back().zxid, Zxid(1, next - 1));
  EXPECT_EQ(state_.log.size(), next - 1u);
}

TEST_F(MemberStorageTest, DirectoriesThatAreNotOnes) {
  EXPECT_EQ(
      StorageErrorOf(MemberStorage::Open(disk_, "no", options_).status()).kind,
      StorageErrorKind::kUnused);
  EXPECT_EQ(
      StorageErrorOf(MemberStorage::Open(disk_, "d", options_).status()).kind,
      StorageErrorKind::kLocked);
  storage_.reset();
  EXPECT_EQ(StorageErrorOf(
                MemberStorage::Format(disk_, "d", kMember, Vote("0"), options_))
                .kind,
            StorageErrorKind::kUsed);
  disk_.CopyDirectory("d", "copy");
  EXPECT_EQ(
      StorageErrorOf(MemberStorage::Open(disk_, "copy", options_).status())
          .kind,
      StorageErrorKind::kCopied);
}

TEST_F(MemberStorageTest, ALogWithoutHardStateIsDamage) {
  ASSERT_TRUE(Append(1, 3).ok());
  storage_.reset();
  ASSERT_TRUE(disk_.Remove("d/state").ok());
  EXPECT_EQ(KindOfOpen(), StorageErrorKind::kDamaged);
  EXPECT_EQ(StorageErrorOf(
                MemberStorage::Format(disk_, "d", kMember, Vote("0"), options_))
                .kind,
            StorageErrorKind::kDamaged);
}

TEST_F(MemberStorageTest, ASnapshotThatTheLogNeedsIsMissed) {
  for (uint32_t i = 1; i <= 60; ++i) ASSERT_TRUE(Append(i, i, 400).ok());
  ASSERT_TRUE(Snapshot(Zxid(1, 50)).ok());
  ASSERT_TRUE(CompactAndRemove(*storage_, Zxid(1, 50), {}).ok());
  ASSERT_TRUE(disk_.Remove("d/snapshot-0000000100000032").ok());
  EXPECT_EQ(KindOfOpen(), StorageErrorKind::kDamaged);
}

TEST_F(MemberStorageTest, ReportsWhatACrashHadLeftUnderWay) {
  ASSERT_TRUE(Append(1, 1).ok());
  auto writer = storage_->BeginSnapshot(Zxid(1, 1));
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(disk_.SyncDirectory("d").ok());
  disk_.Crash(CrashLoss::kNothing);
  Reopen();
  ASSERT_EQ(state_.removed_files.size(), 1u);
  EXPECT_EQ(state_.removed_files[0], "d/snapshot-0000000100000001.tmp");
}

}  // namespace
}  // namespace quorate::storage
