#include "coord/storage/testing/fault_file_system.h"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "coord/storage/file_system.h"
#include "coord/storage/storage_error.h"
#include "gtest/gtest.h"

namespace quorate::storage {
namespace {

const std::string kOne(kSectorBytes, '1');
const std::string kTwo(kSectorBytes, '2');

class FaultFileSystemTest : public testing::Test {
 protected:
  static std::unique_ptr<File> Make(FaultFileSystem& disk,
                                    const std::string& path) {
    return *disk.Open(path, OpenMode::kCreate);
  }
  // A durable file of two sectors of zeros.
  static std::unique_ptr<File> Prepare(FaultFileSystem& disk) {
    EXPECT_TRUE(disk.CreateDirectory("d").ok());
    auto file = Make(disk, "d/f");
    EXPECT_TRUE(file->Preallocate(2 * kSectorBytes).ok());
    EXPECT_TRUE(file->SyncData().ok());
    EXPECT_TRUE(disk.SyncDirectory("d").ok());
    return file;
  }
};

TEST_F(FaultFileSystemTest, ACrashLosesWhatWasNotSynced) {
  FaultFileSystem disk(1);
  auto file = Prepare(disk);
  ASSERT_TRUE(file->Write(0, kOne).ok());
  ASSERT_TRUE(file->SyncData().ok());
  ASSERT_TRUE(file->Write(0, kTwo).ok());
  EXPECT_EQ(disk.Content("d/f").substr(0, kSectorBytes), kTwo);
  disk.Crash(CrashLoss::kEverything);
  EXPECT_EQ(disk.Content("d/f").substr(0, kSectorBytes), kOne);
  EXPECT_FALSE(file->Write(0, kTwo).ok()) << "the file was of the old process";
}

TEST_F(FaultFileSystemTest, ADeadProcessLosesNothingUntilThePowerGoes) {
  FaultFileSystem disk(1);
  auto file = Prepare(disk);
  ASSERT_TRUE(file->Write(0, kOne).ok());
  disk.Crash(CrashLoss::kNothing);
  EXPECT_EQ(disk.Content("d/f").substr(0, kSectorBytes), kOne);
  disk.Crash(CrashLoss::kEverything);
  EXPECT_EQ(disk.Content("d/f"), std::string(2 * kSectorBytes, '\0'));
}

TEST_F(FaultFileSystemTest, ACrashTearsBetweenSectorsOnly) {
  std::set<std::string> prefixes, any;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    for (const CrashLoss loss : {CrashLoss::kPrefix, CrashLoss::kAnySectors}) {
      FaultFileSystem disk(seed);
      ASSERT_TRUE(Prepare(disk)->Write(0, kOne + kTwo).ok());
      disk.Crash(loss);
      (loss == CrashLoss::kPrefix ? prefixes : any).insert(disk.Content("d/f"));
    }
  }
  const std::string zero(kSectorBytes, '\0');
  EXPECT_EQ(prefixes,
            (std::set<std::string>{zero + zero, kOne + zero, kOne + kTwo}));
  EXPECT_EQ(any, (std::set<std::string>{zero + zero, kOne + zero, zero + kTwo,
                                        kOne + kTwo}));
}

TEST_F(FaultFileSystemTest, NamesNeedASyncOfTheirDirectory) {
  FaultFileSystem disk(1);
  Prepare(disk);
  Make(disk, "d/g");
  ASSERT_TRUE(disk.Rename("d/f", "d/h").ok());
  EXPECT_EQ(*disk.List("d"), (std::vector<std::string>{"g", "h"}));
  disk.Crash(CrashLoss::kEverything);
  EXPECT_EQ(*disk.List("d"), (std::vector<std::string>{"f"}));
  ASSERT_TRUE(disk.Rename("d/f", "d/h").ok());
  ASSERT_TRUE(disk.SyncDirectory("d").ok());
  disk.Crash(CrashLoss::kEverything);
  EXPECT_EQ(*disk.List("d"), (std::vector<std::string>{"h"}));
}

TEST_F(FaultFileSystemTest, AFailedSyncIsNotMadeGoodByALaterOne) {
  int lost = 0;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    FaultFileSystem disk(seed);
    auto file = Prepare(disk);
    ASSERT_TRUE(file->Write(0, kOne).ok());
    disk.FailAt(disk.calls() + 1, disk.calls() + 1, EIO);
    EXPECT_FALSE(file->SyncData().ok());
    EXPECT_TRUE(file->SyncData().ok());
    EXPECT_EQ(disk.Content("d/f").substr(0, kSectorBytes), kOne);
    disk.Crash(CrashLoss::kEverything);
    if (disk.Content("d/f").substr(0, kSectorBytes) != kOne) ++lost;
  }
  EXPECT_GT(lost, 10);
}

TEST_F(FaultFileSystemTest, AFullDiskRefusesWithAPartWritten) {
  FaultFileSystem disk(1);
  auto file = Prepare(disk);
  disk.SetCapacity(2 * kSectorBytes);
  EXPECT_TRUE(file->Write(0, kOne).ok()) << "no growth, no need of room";
  EXPECT_TRUE(IsDiskFull(file->Write(kSectorBytes, kOne + kTwo)));
  EXPECT_EQ(*disk.FreeBytes("d"), 0u);
  disk.SetCapacity(4 * kSectorBytes);
  EXPECT_TRUE(file->Write(kSectorBytes, kOne + kTwo).ok());
}

TEST_F(FaultFileSystemTest, EveryCallAfterTheCrashFails) {
  FaultFileSystem disk(1);
  auto file = Prepare(disk);
  disk.CrashAt(disk.calls() + 1);
  EXPECT_FALSE(file->SyncData().ok());
  EXPECT_TRUE(disk.crashed());
  EXPECT_FALSE(file->Write(0, kOne).ok());
  EXPECT_FALSE(disk.List("d").ok());
  disk.Crash(CrashLoss::kEverything);
  EXPECT_TRUE(disk.List("d").ok());
}

TEST_F(FaultFileSystemTest, TheSameSeedGivesTheSameDisk) {
  const auto content = [](uint64_t seed) {
    FaultFileSystem disk(seed);
    auto file = Prepare(disk);
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(file->Write(0, kOne + kTwo).ok());
    disk.Crash(CrashLoss::kAnySectors);
    return disk.Content("d/f");
  };
  EXPECT_EQ(content(7), content(7));
}

TEST_F(FaultFileSystemTest, LocksCopiesAndFlippedBits) {
  FaultFileSystem disk(1);
  Prepare(disk);
  auto lock = disk.Lock("d/lock");
  ASSERT_TRUE(lock.ok());
  EXPECT_FALSE(disk.Lock("d/lock").ok());
  lock->reset();
  EXPECT_TRUE(disk.Lock("d/lock").ok());
  disk.FlipBit("d/f", 3, 1);
  EXPECT_EQ(disk.Content("d/f")[3], 2);
  disk.CopyDirectory("d", "e");
  EXPECT_EQ(disk.Content("e/f"), disk.Content("d/f"));
  EXPECT_NE(*disk.DirectoryIdentity("d"), *disk.DirectoryIdentity("e"));
}

}  // namespace
}  // namespace quorate::storage
