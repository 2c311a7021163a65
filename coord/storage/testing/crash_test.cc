// Crashes at every call to the file system of a member's random life, and in
// the recovery after it, with every kind of loss; then fails every call.

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "coord/base/seeded_random.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/storage/testing/storage_workload.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::storage {
namespace {

constexpr int kOperations = 130;
constexpr int kLives = 3;
constexpr CrashLoss kLosses[] = {CrashLoss::kNothing, CrashLoss::kEverything,
                                 CrashLoss::kPrefix, CrashLoss::kAnySectors};

uint64_t CallsOfALife(uint64_t seed) {
  FaultFileSystem disk(seed);
  StorageWorkload life(disk, seed);
  const absl::Status status = life.Run(kOperations);
  EXPECT_TRUE(status.ok()) << status;
  return disk.calls();
}

// Starts again and again, crashing now and then, until it serves; what it
// serves must survive an immediate loss of power.
void ExpectRecovers(FaultFileSystem& disk, StorageWorkload& life,
                    SeededRandom& random) {
  for (int attempt = 0; attempt < 3 && random.Below(2) == 0; ++attempt) {
    disk.CrashAt(disk.calls() + 1 + random.Below(30));
    const absl::Status status = life.Restart();
    if (disk.crashed()) {
      life.Close();
      disk.Crash(kLosses[random.Below(4)]);
    } else {
      ASSERT_TRUE(status.ok()) << status;
      disk.CrashAt(0);
    }
  }
  absl::Status status = life.Restart();
  ASSERT_TRUE(status.ok()) << status;
  life.Close();
  disk.Crash(CrashLoss::kEverything);
  status = life.Restart();
  ASSERT_TRUE(status.ok()) << "not durable after recovery: " << status;
  // And it goes on from there.
  status = life.Run(6);
  ASSERT_TRUE(status.ok()) << status;
  life.Close();
  disk.Crash(kLosses[random.Below(4)]);
  status = life.Restart();
  ASSERT_TRUE(status.ok()) << status;
}

TEST(CrashTest, AtEveryCallNothingAcknowledgedIsLost) {
  const uint64_t first_seed = TestSeed();
  for (uint64_t seed = first_seed; seed < first_seed + kLives; ++seed) {
    const uint64_t calls = CallsOfALife(seed);
    ASSERT_GT(calls, 200u);
    for (uint64_t call = 1; call <= calls; ++call) {
      for (const CrashLoss loss : kLosses) {
        SCOPED_TRACE(testing::Message() << "seed " << seed << " call " << call
                                        << " loss " << static_cast<int>(loss));
        SeededRandom random(seed * 1'000'003 + call);
        FaultFileSystem disk(random.Next());
        StorageWorkload life(disk, seed);
        disk.CrashAt(call);
        const absl::Status status = life.Run(kOperations);
        ASSERT_TRUE(disk.crashed()) << status;
        life.Close();
        disk.Crash(loss);
        ExpectRecovers(disk, life, random);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(CrashTest, AnErrorAtAnyCallPoisonsAndARestartRecovers) {
  const uint64_t seed = TestSeed();
  const uint64_t calls = CallsOfALife(seed);
  for (uint64_t call = 1; call <= calls; ++call) {
    for (const CrashLoss loss : kLosses) {
      SCOPED_TRACE(testing::Message()
                   << "call " << call << " loss " << static_cast<int>(loss));
      SeededRandom random(seed * 1'000'003 + call);
      FaultFileSystem disk(random.Next());
      StorageWorkload life(disk, seed);
      disk.FailAt(call, call, EIO);
      const absl::Status status = life.Run(kOperations);
      ASSERT_EQ(disk.failed(), 1u);
      ASSERT_FALSE(status.ok());
      ASSERT_EQ(StorageErrorOf(status).kind, StorageErrorKind::kIo) << status;
      if (life.IsOpen() && !life.storage().status().ok()) {
        life.ExpectPoisoned(status);
      }
      life.Close();
      disk.Crash(loss);
      ExpectRecovers(disk, life, random);
      if (HasFatalFailure()) return;
    }
  }
}

// Room comes back after a while; every call is made again until it is there.
TEST(CrashTest, AFullDiskAtAnyCallRefusesAndGoesOn) {
  const uint64_t seed = TestSeed();
  const uint64_t calls = CallsOfALife(seed);
  uint64_t refused = 0;
  for (uint64_t call = 1; call <= calls; ++call) {
    SCOPED_TRACE(testing::Message() << "call " << call);
    SeededRandom random(seed * 1'000'003 + call);
    FaultFileSystem disk(random.Next());
    StorageWorkload life(disk, seed);
    disk.FailAt(call, call + random.Below(12), ENOSPC);
    const absl::Status status = life.Run(kOperations);
    refused += life.refusals();
    // Only a sync that failed for want of room is final.
    if (!status.ok()) {
      ASSERT_EQ(StorageErrorOf(status).kind, StorageErrorKind::kIo) << status;
      if (life.IsOpen() && !life.storage().status().ok()) {
        life.ExpectPoisoned(status);
      }
    }
    life.Close();
    disk.Crash(kLosses[random.Below(4)]);
    ExpectRecovers(disk, life, random);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(refused, calls / 4);
}

// Long lives of any length, with a crash anywhere.
TEST(CrashTest, LongRandomLives) {
  SeededRandom random(TestSeed());
  for (int i = 0; i < 60; ++i) {
    const uint64_t seed = random.Next();
    SCOPED_TRACE(testing::Message() << "life " << i << " seed " << seed);
    FaultFileSystem disk(seed);
    StorageWorkload life(disk, seed);
    for (int crash = 0; crash < 8; ++crash) {
      disk.CrashAt(disk.calls() + 1 + random.Below(600));
      const absl::Status status = life.Run(100);
      ASSERT_TRUE(status.ok() || disk.crashed()) << status;
      life.Close();
      disk.Crash(kLosses[random.Below(4)]);
    }
    const absl::Status status = life.Restart();
    ASSERT_TRUE(status.ok()) << status;
  }
}

}  // namespace
}  // namespace quorate::storage
