#include "coord/storage/testing/storage_workload.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/log_record.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/snapshot_writer.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/storage/testing/storage_model.h"
#include "coord/storage/testing/whole_steps.h"
#include "gtest/gtest.h"

namespace quorate::storage {
namespace {

using consensus::Zxid;

constexpr MemberKey kMember{.id = {3}, .incarnation = {0xa7}};
constexpr EnsembleId kEnsemble{.high = 1, .low = 2};
constexpr uint64_t kBigSnapshotBytes = 70'000;  // more than one block

}  // namespace

StorageWorkload::StorageWorkload(FaultFileSystem& disk, uint64_t seed)
    : disk_(disk), random_(seed), model_(HardState()) {}

LogOptions StorageWorkload::Options() {
  LogOptions options;
  options.segment_bytes = 8192;
  options.max_frame_bytes = 4096;
  return options;
}

absl::Status StorageWorkload::Run(int operations) {
  if (absl::Status s = Repeat([&] { return Restart(); }); !s.ok()) return s;
  for (int i = 0; i < operations; ++i) {
    if (absl::Status s = Step(); !s.ok()) return s;
  }
  return Sync();
}

absl::Status StorageWorkload::Repeat(absl::FunctionRef<absl::Status()> call) {
  while (true) {
    absl::Status status = call();
    if (!IsDiskFull(status)) return status;
    ++refusals_;
    if (storage_ != nullptr) {
      EXPECT_TRUE(storage_->status().ok());
    }
  }
}

absl::Status StorageWorkload::Restart() {
  storage_.reset();
  absl::StatusOr<OpenedStorage> opened =
      MemberStorage::Open(disk_, kDirectory, Options());
  const StorageErrorKind kind = StorageErrorOf(opened.status()).kind;
  if (kind == StorageErrorKind::kUnused && !formatted_) {
    absl::Status s = MemberStorage::Format(disk_, kDirectory, kMember,
                                           HardState(), Options());
    if (!s.ok()) return s;
    formatted_ = true;
    opened = MemberStorage::Open(disk_, kDirectory, Options());
  }
  if (!opened.ok()) return opened.status();
  formatted_ = true;
  if (absl::Status s = model_.Recover(*opened); !s.ok()) return s;
  EXPECT_EQ(opened->state.member, kMember);
  storage_ = std::move(opened->storage);
  return absl::OkStatus();
}

absl::Status StorageWorkload::Step() {
  switch (random_.Below(16)) {
    case 0:
      return Vote();
    case 1:
      return Truncate();
    case 2:
      return Snapshot();
    case 3:
      return random_.Below(2) == 0 ? Install() : Compact();
    case 4:
      return Repeat(
          [&] { return storage_->Prepare(1024 * random_.Below(12)); });
    case 5:
      return random_.Below(2) == 0 ? Settle()
                                   : Repeat([&] { return Restart(); });
    case 6:
    case 7:
    case 8:
    case 9:
      return Sync();
    default:
      return Append();
  }
}

std::string StorageWorkload::RandomText(size_t max_bytes) {
  std::string text(random_.Below(max_bytes + 1), '\0');
  // Long runs of zeros are what a disk leaves, too.
  if (random_.Below(4) == 0) return text;
  for (char& byte : text) byte = static_cast<char>(random_.Next());
  return text;
}

void StorageWorkload::FillWithRecords(Batch* batch) {
  Zxid last = model_.now().last();
  const uint64_t count = random_.Below(5);
  for (uint64_t i = 0; i < count; ++i) {
    const bool is_new_epoch = random_.Below(10) == 0;
    last = is_new_epoch ? Zxid(last.epoch() + 1, 0) : last.Next();
    LogRecord record{.zxid = last,
                     .kind = static_cast<uint8_t>(random_.Below(5)),
                     .payload = nullptr};
    const size_t max_bytes = random_.Below(20) == 0 ? 1500 : 300;
    record.payload = MakeBytes(RandomText(max_bytes));
    batch->append.push_back(record);
    model_.Begin(record);
  }
}

absl::Status StorageWorkload::Write(const Batch& batch) {
  return Repeat([&] { return storage_->Write(batch); });
}

absl::Status StorageWorkload::Append() {
  Batch batch;
  FillWithRecords(&batch);
  return Write(batch);
}

absl::Status StorageWorkload::Sync() {
  absl::Status s = Repeat([&] { return storage_->Sync(); });
  if (s.ok()) model_.Acknowledge();
  return s;
}

absl::Status StorageWorkload::Settle() {
  absl::Status s = Repeat([&] { return storage_->Settle(); });
  if (s.ok()) model_.Acknowledge();
  return s;
}

HardState StorageWorkload::NextHardState() {
  HardState state{.ensemble = model_.now().hard_state.ensemble,
                  .bytes = absl::StrCat("vote ", ++votes_)};
  if (votes_ > 2) state.ensemble = kEnsemble;
  return state;
}

absl::Status StorageWorkload::Vote() {
  Batch batch;
  batch.hard_state = NextHardState();
  model_.Begin(*batch.hard_state);
  if (random_.Below(2) == 0) FillWithRecords(&batch);
  if (absl::Status s = Write(batch); !s.ok()) return s;
  return Sync();
}

absl::Status StorageWorkload::Truncate() {
  const ModelState& now = model_.now();
  if (now.records.empty()) return absl::OkStatus();
  Zxid to = now.records[random_.Below(now.records.size())].zxid;
  to = std::max({to, now.newest_snapshot(), storage_->log_base()});
  Batch batch;
  batch.truncate_after = to;
  model_.Begin(ModelTruncate{to});
  FillWithRecords(&batch);
  return Write(batch);
}

absl::Status StorageWorkload::WriteSnapshot(Zxid zxid,
                                            const ModelSnapshot& snapshot) {
  absl::StatusOr<std::unique_ptr<SnapshotWriter>> writer =
      storage_->BeginSnapshot(zxid);
  if (!writer.ok()) return writer.status();
  const size_t half = snapshot.content.size() / 2;
  absl::Status s = (*writer)->Append(snapshot.content.substr(0, half));
  if (s.ok()) s = (*writer)->Append(snapshot.content.substr(half));
  if (s.ok()) s = (*writer)->Finish(snapshot.meta);
  return s.ok() ? PublishSnapshot(*storage_, **writer) : s;
}

absl::Status StorageWorkload::Snapshot() {
  // Only what is durable is ever applied.
  if (absl::Status s = Sync(); !s.ok()) return s;
  const ModelState& now = model_.now();
  if (now.records.empty()) return absl::OkStatus();
  const Zxid zxid = now.records[random_.Below(now.records.size())].zxid;
  if (zxid <= now.newest_snapshot()) return absl::OkStatus();
  const bool is_big = random_.Below(8) == 0;
  const ModelSnapshot snapshot{
      .meta = RandomText(100),
      .content = RandomText(is_big ? kBigSnapshotBytes : 400)};
  model_.Begin(ModelPublish{zxid, snapshot});
  absl::Status s = Repeat([&] { return WriteSnapshot(zxid, snapshot); });
  if (s.ok()) model_.Acknowledge();
  return s;
}

absl::Status StorageWorkload::Install() {
  const ModelState& now = model_.now();
  const Zxid newest = now.newest_snapshot();
  // Behind the log's end or within it: what it holds may conflict.
  Zxid zxid(now.last().epoch() + 1, 7);
  if (random_.Below(3) == 0 && newest < now.last()) zxid = newest.Next();
  const ModelSnapshot snapshot{.meta = RandomText(50),
                               .content = RandomText(1500)};
  Batch batch;
  size_t sent = 0;
  do {
    const size_t size = std::min<size_t>(snapshot.content.size() - sent, 600);
    batch.snapshot_pieces.push_back(
        {zxid, sent, MakeBytes(snapshot.content.substr(sent, size))});
    sent += size;
    if (random_.Below(3) == 0) {
      if (absl::Status s = Write(batch); !s.ok()) return s;
      batch.snapshot_pieces.clear();
    }
  } while (sent < snapshot.content.size());
  batch.hard_state = NextHardState();
  model_.Begin(*batch.hard_state);
  batch.install_snapshot = SnapshotInfo{.zxid = zxid,
                                        .meta = snapshot.meta,
                                        .size_bytes = snapshot.content.size()};
  model_.Begin(ModelInstall{zxid, snapshot});
  FillWithRecords(&batch);
  return Write(batch);
}

absl::Status StorageWorkload::Compact() {
  if (absl::Status s = Sync(); !s.ok()) return s;
  const Zxid newest = model_.now().newest_snapshot();
  model_.Begin(ModelCompact{newest});
  std::vector<Zxid> in_use;
  if (random_.Below(2) == 0 && !model_.now().snapshots.empty()) {
    in_use.push_back(model_.now().snapshots.begin()->first);
  }
  absl::Status s =
      Repeat([&] { return CompactAndRemove(*storage_, newest, in_use); });
  if (s.ok()) model_.Acknowledge();
  return s;
}

absl::Status StorageWorkload::Grow(int batches) {
  for (int i = 0; i < batches; ++i) {
    if (absl::Status s = Append(); !s.ok()) return s;
    if (absl::Status s = Sync(); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status StorageWorkload::Finish() {
  model_.Begin(ModelCompact{model_.now().newest_snapshot()});
  return Settle();
}

void StorageWorkload::ExpectPoisoned(const absl::Status& error) {
  const uint64_t calls = disk_.calls();
  Batch batch;
  batch.append.push_back({.zxid = Zxid(99, 0), .kind = 0, .payload = nullptr});
  EXPECT_EQ(storage_->Write(batch), error);
  EXPECT_EQ(storage_->Sync(), error);
  EXPECT_EQ(storage_->Prepare(1), error);
  EXPECT_EQ(storage_->Settle(), error);
  EXPECT_EQ(storage_->Compact(Zxid(), {}).status(), error);
  EXPECT_EQ(storage_->RemoveFiles({"x"}), error);
  EXPECT_EQ(storage_->status(), error);
  EXPECT_EQ(disk_.calls(), calls) << "it touched the disk again";
}

}  // namespace quorate::storage
