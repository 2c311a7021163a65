#include "coord/storage/hard_state_file.h"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "gtest/gtest.h"

namespace quorate::storage {
namespace {

constexpr MemberKey kMember{.id = {3}, .incarnation = {4}};

HardState Vote(uint64_t number) {
  return {.ensemble = {}, .bytes = absl::StrCat("vote ", number)};
}

class HardStateFileTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(disk_.CreateDirectory("d").ok());
    ASSERT_TRUE(HardStateFile::Create(disk_, "d", kMember, Vote(0)).ok());
    Open();
  }
  void Open() {
    auto opened = HardStateFile::Open(disk_, "d");
    ASSERT_TRUE(opened.ok()) << opened.status();
    file_ = *std::move(opened);
  }
  StorageErrorKind KindOfOpen(const std::string& directory = "d") {
    return StorageErrorOf(HardStateFile::Open(disk_, directory).status()).kind;
  }

  FaultFileSystem disk_{1};
  std::unique_ptr<HardStateFile> file_;
};

TEST_F(HardStateFileTest, AVoteIsOneSync) {
  for (uint64_t i = 1; i < 6; ++i) {
    const uint64_t syncs = disk_.syncs();
    const uint64_t calls = disk_.calls();
    ASSERT_TRUE(file_->Write(Vote(i)).ok());
    EXPECT_EQ(disk_.syncs(), syncs + 1);
    EXPECT_EQ(disk_.calls(), calls + 2) << "a write and a sync";
    disk_.Crash(CrashLoss::kEverything);
    Open();
    EXPECT_EQ(file_->state(), Vote(i));
    EXPECT_EQ(file_->member(), kMember);
  }
}

TEST_F(HardStateFileTest, ACrashLeavesTheOldOrTheNew) {
  uint64_t before = 0;
  for (uint64_t i = 1; i < 60; ++i) {
    disk_.CrashAt(disk_.calls() + 1 + i % 2);
    EXPECT_FALSE(file_->Write(Vote(i)).ok());
    disk_.Crash(CrashLoss::kAnySectors);
    Open();
    if (file_->state() == Vote(i)) before = i;
    EXPECT_EQ(file_->state(), Vote(before));
  }
  EXPECT_GT(before, 0u);
}

TEST_F(HardStateFileTest, DamageToEitherSlotIsFound) {
  ASSERT_TRUE(file_->Write(Vote(1)).ok());
  for (const uint64_t offset : {uint64_t{0}, uint64_t{4096}}) {
    for (uint64_t i = 0; i < kSectorBytes; ++i) {
      disk_.FlipBit("d/state", offset + i, 3);
      const absl::Status status = HardStateFile::Open(disk_, "d").status();
      EXPECT_EQ(StorageErrorOf(status).kind, StorageErrorKind::kDamaged);
      EXPECT_EQ(StorageErrorOf(status).offset, offset);
      disk_.FlipBit("d/state", offset + i, 3);
    }
  }
  std::string content = disk_.Content("d/state");
  const std::string old = content.substr(0, kSectorBytes);
  ASSERT_TRUE(file_->Write(Vote(2)).ok());
  ASSERT_TRUE(file_->Write(Vote(3)).ok());
  content = disk_.Content("d/state");
  content.replace(0, kSectorBytes, old);
  disk_.SetContent("d/state", content);
  EXPECT_EQ(KindOfOpen(), StorageErrorKind::kDamaged) << "a slot went back";
}

TEST_F(HardStateFileTest, ACopyIsRefused) {
  disk_.CopyDirectory("d", "copy");
  EXPECT_EQ(KindOfOpen("copy"), StorageErrorKind::kCopied);
  // Copied back over a directory that is the same one.
  const std::string content = disk_.Content("d/state");
  ASSERT_TRUE(disk_.Remove("d/state").ok());
  disk_.SetContent("d/state", content);
  EXPECT_EQ(KindOfOpen(), StorageErrorKind::kCopied);
  EXPECT_TRUE(ReadHardState(disk_, "d").ok()) << "inspection may";
}

TEST_F(HardStateFileTest, MisuseIsRefused) {
  const EnsembleId ensemble{.high = 1, .low = 1};
  const EnsembleId other{.high = 2, .low = 2};
  EXPECT_EQ(StorageErrorOf(file_->Write({{}, std::string(401, 'x')})).kind,
            StorageErrorKind::kMisuse);
  ASSERT_TRUE(file_->Write({ensemble, std::string(400, 'x')}).ok());
  EXPECT_EQ(StorageErrorOf(file_->Write({other, "x"})).kind,
            StorageErrorKind::kMisuse);
  EXPECT_EQ(StorageErrorOf(file_->Write({{}, "x"})).kind,
            StorageErrorKind::kMisuse);
  Open();
  EXPECT_EQ(file_->state().bytes.size(), 400u);
}

TEST_F(HardStateFileTest, ARescueIsOneWriteAndNamesTheParent) {
  const EnsembleId first{.high = 1, .low = 1};
  const EnsembleId second{.high = 2, .low = 2};
  EXPECT_EQ(StorageErrorOf(file_->Rescue({first, "x"})).kind,
            StorageErrorKind::kMisuse)
      << "it belonged to no ensemble";
  ASSERT_TRUE(file_->Write({first, "x"}).ok());
  EXPECT_EQ(StorageErrorOf(file_->Rescue({first, "y"})).kind,
            StorageErrorKind::kMisuse);
  EXPECT_EQ(StorageErrorOf(file_->Rescue({{}, "y"})).kind,
            StorageErrorKind::kMisuse);
  EXPECT_TRUE(file_->parent().IsNone());
  ASSERT_TRUE(file_->Rescue({second, std::string(400, 'y')}).ok());
  ASSERT_TRUE(file_->Write({second, "z"}).ok());
  Open();
  EXPECT_EQ(file_->state(), (HardState{second, "z"}));
  EXPECT_EQ(file_->parent(), first) << "later writes keep it";
  EXPECT_TRUE(file_->owner().MayHave({first, file_->member()}));
  EXPECT_FALSE(file_->owner().MayHave({first, {{9}, {9}}}));
  EXPECT_EQ(StorageErrorOf(file_->Write({first, "x"})).kind,
            StorageErrorKind::kMisuse)
      << "there is no way back";
}

TEST_F(HardStateFileTest, AFullDiskMayBeTriedAgainAFailedSyncNot) {
  disk_.FailAt(disk_.calls() + 1, disk_.calls() + 1, ENOSPC);
  EXPECT_TRUE(IsDiskFull(file_->Write(Vote(1))));
  EXPECT_EQ(file_->state(), Vote(0));
  EXPECT_TRUE(file_->Write(Vote(1)).ok());
  disk_.FailAt(disk_.calls() + 2, disk_.calls() + 2, EIO);
  const absl::Status status = file_->Write(Vote(2));
  EXPECT_EQ(StorageErrorOf(status).kind, StorageErrorKind::kIo);
  EXPECT_EQ(file_->Write(Vote(2)), status);
}

TEST_F(HardStateFileTest, NoFileIsNoState) {
  ASSERT_TRUE(disk_.CreateDirectory("e").ok());
  EXPECT_EQ(KindOfOpen("e"), StorageErrorKind::kUnused);
}

}  // namespace
}  // namespace quorate::storage
