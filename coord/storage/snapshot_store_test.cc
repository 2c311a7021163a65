#include "coord/storage/snapshot_store.h"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/bytes.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/owner.h"
#include "coord/storage/snapshot_format.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/storage/snapshot_writer.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "gtest/gtest.h"

namespace quorate::storage {
namespace {

using consensus::Zxid;

constexpr Owner kOwner{.ensemble = {.high = 1, .low = 2},
                       .member = {.id = {3}, .incarnation = {4}}};

class SnapshotStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(disk_.CreateDirectory("d").ok());
    Open(std::nullopt);
  }
  void Open(std::optional<Zxid> log_reset) {
    auto opened = SnapshotStore::Open(disk_, "d", kOwner, log_reset);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }
  absl::Status Publish(const SnapshotWriter& writer) {
    absl::Status s = store_->CheckFinished(writer);
    if (s.ok()) s = store_->Name(writer);
    if (s.ok()) store_->Add(writer.info());
    return s;
  }
  absl::Status Take(Zxid zxid, const std::string& content) {
    auto writer = store_->Begin(zxid);
    if (!writer.ok()) return writer.status();
    absl::Status s = (*writer)->Append(content);
    if (s.ok()) s = (*writer)->Finish("meta");
    return s.ok() ? Publish(**writer) : s;
  }
  static std::string RandomText(uint64_t seed, size_t size) {
    SeededRandom random(seed);
    std::string text(size, '\0');
    for (char& byte : text) byte = static_cast<char>(random.Next());
    return text;
  }

  FaultFileSystem disk_{1};
  std::unique_ptr<SnapshotStore> store_;
};

TEST_F(SnapshotStoreTest, ReadsAnyRangeOfAnySize) {
  uint32_t counter = 0;
  for (const size_t size :
       {size_t{0}, size_t{1}, kBlockPayloadBytes - 1, kBlockPayloadBytes,
        kBlockPayloadBytes + 1, 3 * kBlockPayloadBytes + 77}) {
    const Zxid zxid(1, ++counter);
    const std::string content = RandomText(size, size);
    ASSERT_TRUE(Take(zxid, content).ok());
    auto reader = store_->Read(zxid);
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_EQ((*reader)->info().size_bytes, size);
    EXPECT_EQ((*reader)->info().meta, "meta");
    EXPECT_EQ(*(*reader)->Read(0, size + 10), content);
    for (uint64_t offset = 0; offset <= size; offset += 50'021) {
      EXPECT_EQ(*(*reader)->Read(offset, 30'000),
                content.substr(offset, 30'000));
    }
    EXPECT_EQ(StorageErrorOf((*reader)->Read(size + 1, 1).status()).kind,
              StorageErrorKind::kMisuse);
    EXPECT_TRUE((*reader)->Verify().ok());
  }
}

TEST_F(SnapshotStoreTest, OlderOnesStayUntilRemoved) {
  for (uint32_t i = 1; i <= 4; ++i) ASSERT_TRUE(Take(Zxid(1, i), "x").ok());
  EXPECT_EQ(store_->list().size(), 4u);
  EXPECT_EQ(store_->newest(), Zxid(1, 4));
  for (const std::string& file : store_->GiveUpOlder({Zxid(1, 2)})) {
    ASSERT_TRUE(disk_.Remove(file).ok());
  }
  ASSERT_TRUE(disk_.SyncDirectory("d").ok());
  disk_.Crash(CrashLoss::kEverything);
  Open(std::nullopt);
  ASSERT_EQ(store_->list().size(), 2u);
  EXPECT_EQ(store_->list()[0].zxid, Zxid(1, 2));
  EXPECT_EQ(StorageErrorOf(Take(Zxid(1, 3), "x")).kind,
            StorageErrorKind::kMisuse);
  EXPECT_TRUE(absl::IsNotFound(store_->Read(Zxid(1, 1)).status()));
}

TEST_F(SnapshotStoreTest, WhatIsWrittenBackWrongIsNotPublished) {
  const std::string content = RandomText(1, 100'000);
  auto writer = store_->Begin(Zxid(1, 1));
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->Append(content).ok());
  disk_.FlipBit((*writer)->path(), 5000, 2);
  const absl::Status status = (*writer)->Finish("meta");
  EXPECT_EQ(StorageErrorOf(status).kind, StorageErrorKind::kDamaged);
  EXPECT_EQ(StorageErrorOf(status).offset, kSnapshotHeaderBytes);
  EXPECT_EQ(StorageErrorOf(Publish(**writer)).kind, StorageErrorKind::kMisuse);
}

TEST_F(SnapshotStoreTest, DamageIsFoundInTheBlockThatHasIt) {
  ASSERT_TRUE(Take(Zxid(1, 1), RandomText(1, 200'000)).ok());
  const std::string path = "d/snapshot-0000000100000001";
  disk_.FlipBit(path, BlockOffset(2) + 9, 0);
  auto reader = store_->Read(Zxid(1, 1));
  ASSERT_TRUE(reader.ok());
  EXPECT_TRUE((*reader)->Read(0, 2 * kBlockPayloadBytes).ok());
  const absl::Status status =
      (*reader)->Read(2 * kBlockPayloadBytes, 1).status();
  EXPECT_EQ(StorageErrorOf(status).kind, StorageErrorKind::kDamaged);
  EXPECT_EQ(StorageErrorOf(status).file, path);
  EXPECT_EQ(StorageErrorOf(status).offset, BlockOffset(2));
  EXPECT_FALSE((*reader)->Verify().ok());
}

TEST_F(SnapshotStoreTest, ADamagedNewestIsReportedNotPassedOver) {
  ASSERT_TRUE(Take(Zxid(1, 1), "old").ok());
  ASSERT_TRUE(Take(Zxid(1, 2), "new").ok());
  const std::string path = "d/snapshot-0000000100000002";
  disk_.FlipBit(path, disk_.Content(path).size() - 20, 1);
  const auto opened = SnapshotStore::Open(disk_, "d", kOwner, std::nullopt);
  EXPECT_EQ(StorageErrorOf(opened.status()).kind, StorageErrorKind::kDamaged);
  EXPECT_EQ(StorageErrorOf(opened.status()).file, path);
}

TEST_F(SnapshotStoreTest, ReceivesResumesAndStartsAnew) {
  const auto piece = [](uint32_t counter, uint64_t offset, std::string data) {
    return SnapshotPiece{Zxid(1, counter), offset, MakeBytes(std::move(data))};
  };
  EXPECT_EQ(StorageErrorOf(store_->Receive(piece(1, 3, "x"))).kind,
            StorageErrorKind::kMisuse);
  ASSERT_TRUE(store_->Receive(piece(1, 0, "abc")).ok());
  ASSERT_TRUE(store_->Receive(piece(1, 3, "def")).ok());
  EXPECT_TRUE(store_->Receive(piece(1, 3, "def")).ok()) << "again";
  EXPECT_FALSE(store_->Receive(piece(1, 7, "x")).ok()) << "a gap";
  EXPECT_FALSE(store_->Receive(piece(2, 6, "x")).ok()) << "another one";
  EXPECT_EQ(store_->received_bytes(), 6u);
  ASSERT_TRUE(store_->Receive(piece(2, 0, "wxyz")).ok());
  EXPECT_EQ(store_->received_bytes(), 4u);
  const SnapshotInfo wrong{.zxid = Zxid(1, 2), .meta = "m", .size_bytes = 5};
  EXPECT_EQ(StorageErrorOf(store_->PrepareInstall(wrong)).kind,
            StorageErrorKind::kMisuse);
  const SnapshotInfo info{.zxid = Zxid(1, 2), .meta = "m", .size_bytes = 4};
  ASSERT_TRUE(store_->PrepareInstall(info).ok());
  EXPECT_TRUE(store_->list().empty()) << "it does not count yet";
  ASSERT_TRUE(store_->CompleteInstall().ok());
  EXPECT_EQ(store_->newest(), Zxid(1, 2));
  EXPECT_EQ(*(*store_->Read(Zxid(1, 2)))->Read(0, 9), "wxyz");
  ASSERT_TRUE(store_->Receive(piece(3, 0, "abc")).ok());
  ASSERT_TRUE(store_->DropIncoming().ok());
  EXPECT_EQ(store_->received_bytes(), 0u);
}

TEST_F(SnapshotStoreTest, TheLogDecidesWhetherAReceivedOneCounts) {
  for (const bool counts : {false, true}) {
    const Zxid zxid(1, counts ? 2 : 1);
    ASSERT_TRUE(store_->Receive({zxid, 0, MakeBytes("abc")}).ok());
    ASSERT_TRUE(
        store_->PrepareInstall({.zxid = zxid, .meta = "", .size_bytes = 3})
            .ok());
    disk_.Crash(CrashLoss::kEverything);
    Open(counts ? std::optional<Zxid>(zxid) : std::nullopt);
    EXPECT_EQ(store_->newest(), counts ? zxid : Zxid());
    EXPECT_EQ(disk_.List("d")->size(), counts ? 1u : 0u);
  }
}

TEST_F(SnapshotStoreTest, AFullDiskTakesNothingAndMayBeTriedAgain) {
  auto writer = store_->Begin(Zxid(1, 1));
  ASSERT_TRUE(writer.ok());
  const std::string content = RandomText(1, 150'000);
  disk_.SetCapacity(70'000);
  EXPECT_TRUE(IsDiskFull((*writer)->Append(content)));
  EXPECT_EQ((*writer)->size_bytes(), 0u);
  disk_.SetCapacity(1'000'000);
  ASSERT_TRUE((*writer)->Append(content).ok());
  ASSERT_TRUE((*writer)->Finish("meta").ok());
  ASSERT_TRUE(Publish(**writer).ok());
  EXPECT_EQ(*(*store_->Read(Zxid(1, 1)))->Read(0, 150'000), content);
}

TEST_F(SnapshotStoreTest, AnotherMembersSnapshotIsForeign) {
  ASSERT_TRUE(Take(Zxid(1, 1), "x").ok());
  Owner other = kOwner;
  other.member.incarnation = {9};
  const auto opened = SnapshotStore::Open(disk_, "d", other, std::nullopt);
  EXPECT_EQ(StorageErrorOf(opened.status()).kind, StorageErrorKind::kForeign);
}

}  // namespace
}  // namespace quorate::storage
