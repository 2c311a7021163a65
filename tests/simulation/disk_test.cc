#include "tests/simulation/disk.h"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quorate::simulation {
namespace {

using consensus::Zxid;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

consensus::Record At(Zxid zxid) {
  consensus::Record record;
  record.zxid = zxid;
  return record;
}

class DiskTest : public ::testing::Test {
 protected:
  DiskTest() { disk_.Format(MemberId{1}, Incarnation{7}); }

  // Writes records 1:FIRST to 1:LAST.
  void Append(uint32_t first, uint32_t last) {
    consensus::Output output;
    for (uint32_t counter = first; counter <= last; ++counter) {
      output.append.push_back(At(Zxid(1, counter)));
    }
    disk_.Write(output);
  }

  void Truncate(uint32_t after) {
    consensus::Output output;
    output.truncate_after = Zxid(1, after);
    disk_.Write(output);
  }

  void SyncAll() { disk_.Sync(disk_.written()); }

  static std::vector<uint32_t> Counters(const consensus::DurableState& state) {
    std::vector<uint32_t> counters;
    for (const consensus::Record& record : state.log) {
      counters.push_back(record.zxid.counter());
    }
    return counters;
  }
  std::vector<uint32_t> Log() const { return Counters(disk_.durable()); }

  consensus::SnapshotChunk Chunk(uint64_t offset, const std::string& data) {
    consensus::SnapshotChunk chunk;
    chunk.offset = offset;
    chunk.data = MakeBytes(data);
    return chunk;
  }

  Disk disk_;
  SeededRandom random_{1};
};

TEST_F(DiskTest, AFreshDiskIsEmptyUntilFormatted) {
  EXPECT_TRUE(Disk().IsEmpty());
  EXPECT_FALSE(disk_.IsEmpty());
  EXPECT_EQ(disk_.Recover()->hard_state.incarnation, Incarnation{7});
}

TEST_F(DiskTest, OnlyASyncMakesDurable) {
  Append(1, 3);
  EXPECT_THAT(Log(), IsEmpty());
  disk_.Sync(2);
  EXPECT_THAT(Log(), ElementsAre(1, 2));
  EXPECT_EQ(disk_.synced(), 2u);
  EXPECT_EQ(disk_.written(), 3u);
}

TEST_F(DiskTest, ACrashKeepsSomePrefix) {
  std::set<size_t> lengths;
  int torn = 0;
  for (int i = 0; i < 200; ++i) {
    Disk disk = disk_;
    consensus::Output output;
    for (uint32_t counter = 1; counter <= 3; ++counter) {
      output.append.push_back(At(Zxid(1, counter)));
    }
    disk.Write(output);
    disk.Sync(1);
    torn += disk.Crash(random_) ? 1 : 0;
    const std::optional<consensus::DurableState> recovered = disk.Recover();
    ASSERT_TRUE(recovered.has_value());  // a torn tail is no damage
    const std::vector<uint32_t> all = {1, 2, 3};
    const size_t length = recovered->log.size();
    ASSERT_EQ(Counters(*recovered),
              std::vector<uint32_t>(all.begin(), all.begin() + length));
    lengths.insert(length);
  }
  EXPECT_THAT(lengths, ElementsAre(1, 2, 3));  // never less than was synced
  EXPECT_GT(torn, 0);
}

TEST_F(DiskTest, TruncatesBeforeItAppends) {
  Append(1, 3);
  SyncAll();
  consensus::Output output;
  output.truncate_after = Zxid(1, 1);
  output.append.push_back(At(Zxid(2, 0)));
  disk_.Write(output);
  SyncAll();
  EXPECT_THAT(Log(), ElementsAre(1, 0));
}

TEST_F(DiskTest, AnInstalledSnapshotReplacesTheLog) {
  Append(1, 3);
  SyncAll();
  consensus::Output output;
  output.snapshot_chunks = {Chunk(0, "snap"), Chunk(4, "shot")};
  output.install_snapshot = consensus::SnapshotMeta{};
  output.install_snapshot->zxid = Zxid(1, 9);
  output.append.push_back(At(Zxid(1, 10)));
  disk_.Write(output);
  // The process reads its own writes; a crash may still take them away.
  EXPECT_EQ(*disk_.ReadSnapshot(Zxid(1, 9)), "snapshot");
  EXPECT_THAT(Log(), ElementsAre(1, 2, 3));
  SyncAll();
  EXPECT_THAT(Log(), ElementsAre(10));
  EXPECT_EQ(disk_.durable().log_base, Zxid(1, 9));
  EXPECT_EQ(*disk_.NewestSnapshot(), "snapshot");
}

TEST_F(DiskTest, APieceAtOffsetZeroStartsAnew) {
  consensus::Output output;
  output.snapshot_chunks = {Chunk(0, "old rest"), Chunk(0, "new")};
  disk_.Write(output);
  EXPECT_EQ(disk_.incoming(), "new");
}

TEST_F(DiskTest, KeepsSnapshotsInUse) {
  for (uint32_t counter : {1, 2, 3}) {
    consensus::SnapshotMeta meta;
    meta.zxid = Zxid(1, counter);
    disk_.StoreSnapshot(meta, MakeBytes("s"));
  }
  disk_.DropSnapshots({Zxid(1, 1)});
  EXPECT_NE(disk_.ReadSnapshot(Zxid(1, 1)), nullptr);
  EXPECT_EQ(disk_.ReadSnapshot(Zxid(1, 2)), nullptr);
  EXPECT_NE(disk_.ReadSnapshot(Zxid(1, 3)), nullptr);
}

TEST_F(DiskTest, DropsTheLogBehindASnapshot) {
  Append(1, 4);
  SyncAll();
  disk_.DropLogUpTo(Zxid(1, 2));
  EXPECT_THAT(Log(), ElementsAre(3, 4));
  EXPECT_EQ(disk_.durable().log_base, Zxid(1, 2));
}

TEST_F(DiskTest, DamageIsFoundAtRecovery) {
  Append(1, 3);
  SyncAll();
  EXPECT_FALSE(disk_.RotRecord(Zxid(1, 4)));
  EXPECT_FALSE(disk_.RotSnapshot());
  EXPECT_TRUE(disk_.RotRecord(Zxid(1, 2)));
  EXPECT_TRUE(disk_.IsDamaged());
  EXPECT_FALSE(disk_.Recover().has_value());
}

TEST_F(DiskTest, DamageGoesWithWhatItDamaged) {
  Append(1, 3);
  SyncAll();
  disk_.RotRecord(Zxid(1, 3));
  Truncate(2);
  SyncAll();
  EXPECT_TRUE(disk_.Recover().has_value());
}

TEST_F(DiskTest, AMisdirectedWriteDamagesTwoRecords) {
  Append(1, 4);
  SyncAll();
  disk_.MisdirectNextWrite();
  Append(5, 5);
  EXPECT_FALSE(disk_.IsDamaged());  // not before it is written
  SyncAll();
  EXPECT_TRUE(disk_.IsDamaged());
  Truncate(4);  // the other victim is still there
  SyncAll();
  EXPECT_TRUE(disk_.IsDamaged());
}

TEST_F(DiskTest, ADamagedSnapshotCannotBeRead) {
  consensus::SnapshotMeta meta;
  meta.zxid = Zxid(1, 1);
  disk_.StoreSnapshot(meta, MakeBytes("s"));
  EXPECT_TRUE(disk_.RotSnapshot());
  EXPECT_EQ(disk_.ReadSnapshot(Zxid(1, 1)), nullptr);
  EXPECT_FALSE(disk_.Recover().has_value());
}

TEST_F(DiskTest, ABackupHoldsWhatIsDurable) {
  Append(1, 2);
  SyncAll();
  Append(3, 3);
  Disk backup = disk_;
  backup.DropUnsynced();
  SyncAll();
  EXPECT_THAT(Counters(backup.durable()), ElementsAre(1, 2));
  disk_ = backup;
  EXPECT_THAT(Log(), ElementsAre(1, 2));
}

}  // namespace
}  // namespace quorate::simulation
