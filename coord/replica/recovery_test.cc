#include "coord/replica/recovery.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/bytes.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/record.h"
#include "coord/replica/record_codec.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/storage/testing/whole_steps.h"
#include "coord/tree/snapshot.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/txn_codec.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using consensus::Configuration;
using consensus::HardState;
using consensus::Record;
using consensus::RecordKind;
using consensus::SnapshotMeta;
using consensus::Zxid;
using storage::MemberStorage;
using tree::StateMachine;

constexpr char kDirectory[] = "member";
constexpr MemberKey kMember = {{3}, {77}};
constexpr EnsembleId kEnsemble = {1, 2};

storage::LogOptions SmallLog() { return {.segment_bytes = 64 << 10}; }

std::shared_ptr<const Configuration> SomeConfiguration() {
  consensus::Member member;
  member.id = kMember.id;
  member.incarnation = kMember.incarnation;
  member.address = "host:1";
  return std::make_shared<const Configuration>(
      Configuration::Found(kEnsemble, {member}, {}));
}

HardState SomeHardState() {
  HardState state;
  state.ensemble = kEnsemble;
  state.member = kMember.id;
  state.incarnation = kMember.incarnation;
  state.accepted_epoch = 1;
  state.voted_for = kMember;
  return state;
}

tree::Txn MakeTxn(uint32_t number) {
  tree::Txn txn;
  txn.time_ms = number;
  txn.body = tree::CreateTxn{"/n" + std::to_string(number),
                             std::string(100, 'x'), tree::OpenAcl(), 0};
  return txn;
}

std::string SnapshotBytes(StateMachine& state) {
  tree::Snapshot snapshot(state);
  std::string bytes;
  while (snapshot.Next(1 << 16, bytes)) {
  }
  return bytes;
}

class RecoveryTest : public testing::Test {
 protected:
  void Format() {
    ASSERT_TRUE(FormatMember(files_, kDirectory, kMember, SmallLog()).ok());
  }

  absl::StatusOr<Recovered> Reopen(const LoadProgress& progress = nullptr) {
    opened_ = {};
    absl::StatusOr<storage::OpenedStorage> opened =
        MemberStorage::Open(files_, kDirectory, SmallLog());
    if (!opened.ok()) return opened.status();
    opened_ = *std::move(opened);
    return Recover(*opened_.storage, std::move(opened_.state), progress);
  }

  MemberStorage& storage() { return *opened_.storage; }

  void Write(storage::Batch batch) {
    const absl::Status written = storage().Write(batch);
    ASSERT_TRUE(written.ok()) << written;
    const absl::Status synced = storage().Sync();
    ASSERT_TRUE(synced.ok()) << synced;
  }

  // The founding, NEWLEADER, and txns up to 1:`last`.
  void WriteHistory(uint32_t last) {
    storage::Batch batch;
    batch.hard_state = {.ensemble = kEnsemble,
                        .bytes = EncodeHardState(SomeHardState())};
    Append(batch, {consensus::kFoundingZxid, RecordKind::kFounding, nullptr,
                   SomeConfiguration()});
    Append(batch, {Zxid(1, 0), RecordKind::kNewLeader, nullptr, nullptr});
    for (uint32_t i = 1; i <= last; ++i) {
      Append(batch, {Zxid(1, i), RecordKind::kTxn,
                     MakeBytes(EncodeTxn(MakeTxn(i))), nullptr});
    }
    Write(std::move(batch));
  }

  void Append(storage::Batch& batch, Record record) {
    batch.append.push_back(ToLogRecord(record));
    records_.push_back(std::move(record));
  }

  // Applies what is written up to `zxid`.
  void ApplyTo(StateMachine& state, Zxid zxid) const {
    for (const Record& record : records_) {
      if (record.zxid <= state.applied() || record.zxid > zxid) continue;
      if (record.kind == RecordKind::kTxn) {
        const auto txn = tree::DecodeTxn(*record.payload);
        ASSERT_TRUE(txn.ok());
        ASSERT_TRUE(state.Apply(record.zxid, *txn).ok());
      } else {
        ASSERT_TRUE(state.Skip(record.zxid).ok());
      }
    }
  }

  void TakeSnapshot(Zxid zxid, const std::string& content,
                    const std::string& meta) {
    auto writer = storage().BeginSnapshot(zxid);
    ASSERT_TRUE(writer.ok()) << writer.status();
    ASSERT_TRUE((*writer)->Append(content).ok());
    ASSERT_TRUE((*writer)->Finish(meta).ok());
    ASSERT_TRUE(PublishSnapshot(storage(), **writer).ok());
  }

  // A member with a short history, and `spoil`, cannot be recovered.
  void ExpectRefused(absl::StatusCode code, const std::string& message,
                     const std::function<void()>& spoil) {
    SCOPED_TRACE(message);
    opened_ = {};
    records_.clear();
    const auto names = files_.List(kDirectory);
    for (const std::string& name :
         names.ok() ? *names : std::vector<std::string>()) {
      ASSERT_TRUE(files_.Remove(storage::JoinPath(kDirectory, name)).ok());
    }
    Format();
    ASSERT_TRUE(Reopen().ok());
    WriteHistory(5);
    spoil();
    const absl::Status status = Reopen().status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_NE(status.message().find(message), std::string::npos) << status;
  }

  std::string MetaAt(Zxid zxid) const {
    SnapshotMeta meta;
    meta.zxid = zxid;
    meta.configuration = SomeConfiguration();
    meta.configuration_zxid = consensus::kFoundingZxid;
    return EncodeSnapshotMeta(meta);
  }

  storage::FaultFileSystem files_{1};
  storage::OpenedStorage opened_;
  std::vector<Record> records_;
};

TEST_F(RecoveryTest, AFreshMemberKnowsOnlyItself) {
  Format();
  const absl::StatusOr<Recovered> recovered = Reopen();
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  HardState expected;
  expected.member = kMember.id;
  expected.incarnation = kMember.incarnation;
  EXPECT_EQ(recovered->durable.hard_state, expected);
  EXPECT_FALSE(recovered->durable.snapshot.has_value());
  EXPECT_TRUE(recovered->durable.log.empty());
  EXPECT_EQ(recovered->durable.log_base, Zxid());
  EXPECT_EQ(recovered->state->applied(), Zxid());
  EXPECT_EQ(FormatMember(files_, kDirectory, kMember, SmallLog()).code(),
            absl::StatusCode::kUnavailable);  // it is open
}

TEST_F(RecoveryTest, FindsHistoryAndSnapshotAgain) {
  Format();
  ASSERT_TRUE(Reopen().ok());
  WriteHistory(40);
  StateMachine state;
  ApplyTo(state, Zxid(1, 30));
  TakeSnapshot(Zxid(1, 30), SnapshotBytes(state), MetaAt(Zxid(1, 30)));
  uint64_t done = 0;
  uint64_t all = 0;
  files_.Crash(storage::CrashLoss::kEverything);
  const absl::StatusOr<Recovered> recovered =
      Reopen([&](uint64_t so_far, uint64_t in_all) {
        EXPECT_GT(so_far, done);
        done = so_far;
        all = in_all;
      });
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ(done, all);
  EXPECT_EQ(all, recovered->durable.snapshot->size_bytes);
  EXPECT_EQ(recovered->durable.hard_state, SomeHardState());
  EXPECT_EQ(recovered->durable.snapshot->zxid, Zxid(1, 30));
  EXPECT_EQ(recovered->durable.snapshot->configuration_zxid,
            consensus::kFoundingZxid);
  EXPECT_EQ(*recovered->durable.snapshot->configuration, *SomeConfiguration());
  ASSERT_EQ(recovered->durable.log.size(), records_.size());
  for (size_t i = 0; i < records_.size(); ++i) {
    EXPECT_EQ(recovered->durable.log[i].zxid, records_[i].zxid);
    EXPECT_EQ(recovered->durable.log[i].kind, records_[i].kind);
    EXPECT_EQ(SizeOf(recovered->durable.log[i].payload),
              SizeOf(records_[i].payload));
  }
  EXPECT_EQ(recovered->state->applied(), Zxid(1, 30));
  EXPECT_EQ(recovered->state->digest(), state.digest());
  ApplyTo(state, Zxid(1, 40));
  ApplyTo(*recovered->state, Zxid(1, 40));
  EXPECT_EQ(recovered->state->digest(), state.digest());
}

TEST_F(RecoveryTest, TellsWhatDoesNotFit) {
  StateMachine nothing;
  const std::string empty_state = SnapshotBytes(nothing);
  const std::string meta = MetaAt(Zxid(1, 4));
  constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
  constexpr auto kUnimplemented = absl::StatusCode::kUnimplemented;
  const auto hard_state = [this](std::string bytes) {
    storage::Batch batch;
    batch.hard_state = {.ensemble = kEnsemble, .bytes = std::move(bytes)};
    Write(std::move(batch));
  };
  const auto record = [this](uint8_t kind, std::string payload) {
    storage::Batch batch;
    batch.append = {{Zxid(1, 9), kind, MakeBytes(std::move(payload))}};
    Write(std::move(batch));
  };
  const auto snapshot = [this](const std::string& content,
                               const std::string& its_meta) {
    TakeSnapshot(Zxid(1, 4), content, its_meta);
  };
  ExpectRefused(kDataLoss, "hard state", [&] { hard_state("\x01"); });
  ExpectRefused(kUnimplemented, "hard state", [&] { hard_state("\x02"); });
  ExpectRefused(kDataLoss, "member 3/",
                [&] { hard_state(EncodeHardState(HardState())); });
  ExpectRefused(kDataLoss, "record 1:9", [&] { record(3, "\x01"); });
  ExpectRefused(kDataLoss, "record 1:9", [&] { record(2, "x"); });
  ExpectRefused(kUnimplemented, "record 1:9", [&] { record(9, ""); });
  ExpectRefused(kDataLoss, "meta of the snapshot at 1:4",
                [&] { snapshot(empty_state, "\x01"); });
  ExpectRefused(kDataLoss, "malformed snapshot",
                [&] { snapshot("no snapshot", meta); });
  ExpectRefused(kDataLoss, "snapshot-", [&] { snapshot("", meta); });
  ExpectRefused(kDataLoss, "holds the state at 0:0",
                [&] { snapshot(empty_state, meta); });
}

TEST_F(RecoveryTest, PassesOnDamageThatStorageFinds) {
  Format();
  ASSERT_TRUE(Reopen().ok());
  WriteHistory(5);
  StateMachine state;
  ApplyTo(state, Zxid(1, 5));
  TakeSnapshot(Zxid(1, 5), SnapshotBytes(state), MetaAt(Zxid(1, 5)));
  files_.FlipBit("member/snapshot-0000000100000005", 200, 3);
  const absl::Status status = Reopen().status();
  EXPECT_EQ(storage::StorageErrorOf(status).kind,
            storage::StorageErrorKind::kDamaged)
      << status;
}

}  // namespace
}  // namespace quorate::replica
