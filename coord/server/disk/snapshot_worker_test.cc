#include "coord/server/disk/snapshot_worker.h"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/output.h"
#include "coord/server/disk/housekeeping_thread.h"
#include "coord/server/disk/log_worker.h"
#include "coord/server/disk/snapshot_source.h"
#include "coord/server/disk/test_storage.h"
#include "coord/server/timings.h"
#include "coord/storage/member_storage.h"
#include "coord/tree/state_machine.h"
#include "gtest/gtest.h"

namespace quorate::server {
namespace {

using consensus::Zxid;
using Lines = std::vector<std::string>;

class NotedSnapshots final : public SnapshotReport {
 public:
  void PieceWritten(uint64_t turn) override {
    lines.push_back(absl::StrCat("piece ", turn));
  }
  void Published(uint64_t turn, Zxid zxid, uint64_t size_bytes) override {
    lines.push_back(
        absl::StrCat("published ", turn, " ", ToString(zxid), " ", size_bytes));
  }
  void Failed(uint64_t turn, const absl::Status&) override {
    lines.push_back(absl::StrCat("failed ", turn));
  }
  void Loaded(
      absl::StatusOr<std::unique_ptr<tree::StateMachine>> state) override {
    lines.push_back(state.ok() ? "loaded" : "not loaded");
  }
  Lines Take() { return std::exchange(lines, {}); }

  Lines lines;
};

class SnapshotWorkerTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(on_disk_.storage->Write(MakeBatch(1, 1, 10).batch).ok());
    ASSERT_TRUE(on_disk_.storage->Sync().ok());
  }
  // What the log's thread and housekeeping would do.
  void RunLogWork() {
    for (const LogWork& work : std::exchange(log_works_, {})) {
      work(*on_disk_.storage);
    }
  }
  void RunHousekeeping() {
    for (const auto& work : std::exchange(housekeeping_works_, {})) {
      housekeeping_ = work(*on_disk_.storage);
    }
  }
  void RunOthers() {
    while (!log_works_.empty() || !housekeeping_works_.empty()) {
      RunLogWork();
      RunHousekeeping();
    }
  }
  void Take(uint64_t turn, Zxid zxid) {
    worker_.Do({turn, replica::SnapshotBegin{zxid}});
    worker_.Do({turn, replica::SnapshotPiece{zxid, "some "}});
    worker_.Do({turn, replica::SnapshotPiece{zxid, "content"}});
    worker_.Do({turn, replica::SnapshotFinish{zxid, "meta"}});
    RunOthers();
  }

  TestStorage on_disk_;
  NotedSnapshots report_;
  Timings timings_;
  std::vector<LogWork> log_works_;
  std::vector<HousekeepingThread::Work> housekeeping_works_;
  absl::Status housekeeping_;
  SnapshotWorker worker_{
      *on_disk_.storage, report_, timings_, [] { return int64_t{0}; },
      SnapshotWorker::Threads{
          [this](LogWork work) { log_works_.push_back(std::move(work)); },
          [this](HousekeepingThread::Work work) {
            housekeeping_works_.push_back(std::move(work));
          }}};
};

TEST_F(SnapshotWorkerTest, TakesASnapshot) {
  Take(4, Zxid(1, 5));
  EXPECT_EQ(report_.Take(),
            (Lines{"piece 4", "piece 4", "published 4 1:5 12"}));
  ASSERT_EQ(on_disk_.storage->snapshots().size(), 1u);
  EXPECT_EQ(on_disk_.storage->snapshots()[0].meta, "meta");

  DiskSnapshotSource source(*on_disk_.storage, [](const absl::Status&) {});
  const absl::StatusOr<Bytes> piece = source.ReadSnapshot(Zxid(1, 5), 5, 7);
  ASSERT_TRUE(piece.ok()) << piece.status();
  EXPECT_EQ(**piece, "content");
  EXPECT_EQ(source.ReadSnapshot(Zxid(1, 5), 6, 7).status().code(),
            absl::StatusCode::kOutOfRange);
  EXPECT_EQ(source.ReadSnapshot(Zxid(1, 4), 0, 1).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(SnapshotWorkerTest, ASnapshotThatFailsIsSaidOnceAndLeavesNothing) {
  worker_.Do({1, replica::SnapshotBegin{Zxid(1, 5)}});
  const uint64_t calls = on_disk_.disk.calls();
  on_disk_.disk.FailAt(calls + 1, calls + 1, EIO);
  worker_.Do(
      {1, replica::SnapshotPiece{Zxid(1, 5), std::string(1 << 20, 's')}});
  on_disk_.disk.FailAt(0, 0, EIO);
  worker_.Do({1, replica::SnapshotPiece{Zxid(1, 5), "more"}});
  worker_.Do({1, replica::SnapshotFinish{Zxid(1, 5), "meta"}});
  RunOthers();
  EXPECT_EQ(report_.Take(), (Lines{"failed 1"}));
  EXPECT_TRUE(on_disk_.storage->snapshots().empty());
  // The next one is none the worse for it.
  Take(2, Zxid(1, 6));
  EXPECT_EQ(report_.Take().back(), "published 2 1:6 12");
}

TEST_F(SnapshotWorkerTest, OneThatWasAbandonedIsNotPublished) {
  worker_.Do({1, replica::SnapshotBegin{Zxid(1, 5)}});
  worker_.Do({1, replica::SnapshotAbandon{Zxid(1, 5)}});
  worker_.Do({1, replica::SnapshotFinish{Zxid(1, 5), "meta"}});
  RunOthers();
  EXPECT_TRUE(report_.Take().empty());
  EXPECT_TRUE(on_disk_.storage->snapshots().empty());
}

TEST_F(SnapshotWorkerTest, ACrashBeforeItsNameIsDurableLeavesNone) {
  worker_.Do({1, replica::SnapshotBegin{Zxid(1, 5)}});
  worker_.Do({1, replica::SnapshotFinish{Zxid(1, 5), "meta"}});
  RunLogWork();
  EXPECT_TRUE(on_disk_.storage->snapshots().empty()) << "it has no name yet";
  on_disk_.disk.Crash(storage::CrashLoss::kNothing);
  EXPECT_TRUE(on_disk_.Reopen().snapshots.empty());
}

TEST_F(SnapshotWorkerTest, OneThatHasANameIsFoundAfterACrash) {
  worker_.Do({1, replica::SnapshotBegin{Zxid(1, 5)}});
  worker_.Do({1, replica::SnapshotFinish{Zxid(1, 5), "meta"}});
  RunLogWork();
  RunHousekeeping();
  EXPECT_TRUE(report_.Take().empty()) << "it does not count yet";
  on_disk_.disk.Crash(storage::CrashLoss::kEverything);
  EXPECT_EQ(on_disk_.Reopen().snapshots.size(), 1u);
}

TEST_F(SnapshotWorkerTest, ANameThatCannotBeMadeDurableIsFinal) {
  worker_.Do({1, replica::SnapshotBegin{Zxid(1, 5)}});
  worker_.Do({1, replica::SnapshotFinish{Zxid(1, 5), "meta"}});
  RunLogWork();
  const uint64_t calls = on_disk_.disk.calls();
  on_disk_.disk.FailAt(calls + 2, calls + 2, EIO);  // behind the rename
  RunOthers();
  EXPECT_EQ(report_.Take(), (Lines{"failed 1"}));
  EXPECT_FALSE(housekeeping_.ok());
  EXPECT_EQ(on_disk_.storage->status(), housekeeping_);
}

TEST_F(SnapshotWorkerTest, OneOfTheFutureIsRefused) {
  Take(1, Zxid(1, 99));
  EXPECT_EQ(report_.Take().back(), "failed 1");
  EXPECT_TRUE(on_disk_.storage->snapshots().empty());
  EXPECT_TRUE(on_disk_.storage->status().ok());
}

TEST_F(SnapshotWorkerTest, WhatIsNoStateIsNotLoaded) {
  Take(1, Zxid(1, 5));
  report_.Take();
  worker_.Do({0, replica::LoadSnapshot{Zxid(1, 5)}});
  worker_.Do({0, replica::LoadSnapshot{Zxid(1, 6)}});
  EXPECT_EQ(report_.Take(), (Lines{"not loaded", "not loaded"}));
}

TEST_F(SnapshotWorkerTest, DamageIsReported) {
  Take(1, Zxid(1, 5));
  std::string path;
  const std::vector<std::string> names = on_disk_.disk.List("d").value();
  for (const std::string& name : names) {
    if (name.rfind("snapshot-", 0) == 0) path = "d/" + name;
  }
  const std::string whole = on_disk_.disk.Content(path);
  on_disk_.disk.FlipBit(path, whole.find("some content"), 3);
  absl::Status damage;
  DiskSnapshotSource source(*on_disk_.storage,
                            [&](const absl::Status& s) { damage = s; });
  EXPECT_EQ(source.ReadSnapshot(Zxid(1, 5), 0, 12).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(damage.code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace quorate::server
