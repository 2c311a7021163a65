#include "coord/replica/rescue.h"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/options.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/record_codec.h"
#include "coord/replica/recovery.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/inspect.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/storage/testing/whole_steps.h"
#include "coord/tree/acl.h"
#include "coord/tree/snapshot.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/tree.h"
#include "coord/tree/txn.h"
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
using storage::FaultFileSystem;
using storage::MemberStorage;
using tree::StateMachine;

constexpr char kDirectory[] = "member";
constexpr MemberKey kMember = {{2}, {0x22}};
constexpr EnsembleId kOld = {1, 2};
constexpr EnsembleId kFresh = {7, 8};
// What member 2 of {1 2 3} has: a snapshot at 4:2, and the log up to 4:4.
constexpr Zxid kSnapshotAt = Zxid(4, 2);
constexpr Zxid kLast = Zxid(4, 4);

storage::LogOptions SmallLog() { return {.segment_bytes = 4096}; }

std::shared_ptr<const Configuration> Founded() {
  std::vector<consensus::Member> members;
  for (uint64_t id = 1; id <= 3; ++id) {
    consensus::Member member;
    member.id = {id};
    member.incarnation = {0x11 * id};
    member.address = "host:" + std::to_string(id);
    member.voter = true;
    members.push_back(std::move(member));
  }
  return std::make_shared<const Configuration>(
      Configuration::Found(kOld, std::move(members), {}));
}

HardState OldHardState() {
  HardState state;
  state.ensemble = kOld;
  state.member = kMember.id;
  state.incarnation = kMember.incarnation;
  state.manifest_hash = 99;
  state.accepted_epoch = 5;
  state.voted_for = {{1}, {0x11}};
  return state;
}

Record TxnRecord(Zxid zxid) {
  tree::Txn txn;
  txn.body = tree::CreateTxn{"/n" + std::to_string(zxid.counter()), "data",
                             tree::OpenAcl(), 0};
  return {zxid, RecordKind::kTxn, MakeBytes(EncodeTxn(txn)), nullptr};
}

absl::Status WriteSnapshot(MemberStorage& storage,
                           const std::vector<Record>& records) {
  StateMachine state;
  for (const Record& record : records) {
    if (record.zxid > kSnapshotAt) break;
    if (record.kind != RecordKind::kTxn) {
      EXPECT_TRUE(state.Skip(record.zxid).ok());
      continue;
    }
    EXPECT_TRUE(
        state.Apply(record.zxid, *tree::DecodeTxn(*record.payload)).ok());
  }
  auto writer = storage.BeginSnapshot(kSnapshotAt);
  if (!writer.ok()) return writer.status();
  tree::Snapshot snapshot(state);
  std::string bytes;
  while (snapshot.Next(1 << 16, bytes)) {
  }
  if (absl::Status s = (*writer)->Append(bytes); !s.ok()) return s;
  SnapshotMeta meta;
  meta.zxid = kSnapshotAt;
  meta.configuration = Founded();
  meta.configuration_zxid = consensus::kFoundingZxid;
  meta.size_bytes = bytes.size();
  if (absl::Status s = (*writer)->Finish(EncodeSnapshotMeta(meta)); !s.ok()) {
    return s;
  }
  return PublishSnapshot(storage, **writer);
}

// The directory of member 2, stopped.
void MakeMember(FaultFileSystem& files, const HardState& hard_state) {
  ASSERT_TRUE(FormatMember(files, kDirectory, kMember, SmallLog()).ok());
  auto opened = MemberStorage::Open(files, kDirectory, SmallLog());
  ASSERT_TRUE(opened.ok()) << opened.status();
  if (hard_state.ensemble.IsNone()) return;
  std::vector<Record> records = {
      {consensus::kFoundingZxid, RecordKind::kFounding, nullptr, Founded()},
      {Zxid(4, 0), RecordKind::kNewLeader, nullptr, nullptr}};
  for (uint32_t i = 1; i <= kLast.counter(); ++i) {
    records.push_back(TxnRecord(Zxid(4, i)));
  }
  storage::Batch batch;
  batch.hard_state = {.ensemble = hard_state.ensemble,
                      .bytes = EncodeHardState(hard_state)};
  for (const Record& record : records) {
    batch.append.push_back(ToLogRecord(record));
  }
  MemberStorage& storage = *opened->storage;
  ASSERT_TRUE(storage.Write(batch).ok());
  ASSERT_TRUE(storage.Sync().ok());
  ASSERT_TRUE(WriteSnapshot(storage, records).ok());
  ASSERT_TRUE(storage.Settle().ok());
}

absl::Status Rescue(FaultFileSystem& files, EnsembleId fresh) {
  const auto member =
      StoppedMember::Open(files, kDirectory, SmallLog(), nullptr);
  if (!member.ok()) return member.status();
  return (*member)->Rescue(fresh);
}

struct Started {
  std::unique_ptr<MemberStorage> storage;
  Recovered recovered;
};

// What a program that is started in the directory finds.
absl::StatusOr<Started> Start(FaultFileSystem& files) {
  auto opened = MemberStorage::Open(files, kDirectory, SmallLog());
  if (!opened.ok()) return opened.status();
  auto recovered = Recover(*opened->storage, std::move(opened->state), nullptr);
  if (!recovered.ok()) return recovered.status();
  return Started{std::move(opened->storage), *std::move(recovered)};
}

void ExpectOld(const Started& started) {
  const consensus::DurableState& durable = started.recovered.durable;
  EXPECT_EQ(durable.hard_state, OldHardState());
  EXPECT_EQ(durable.log.back().zxid, kLast);
  EXPECT_EQ(started.storage->log_last(), kLast);
}

void ExpectRescued(const Started& started, EnsembleId fresh, EnsembleId parent,
                   Zxid last) {
  const consensus::DurableState& durable = started.recovered.durable;
  HardState expected = OldHardState();
  expected.ensemble = fresh;
  expected.voted_for = MemberKey();
  EXPECT_EQ(durable.hard_state, expected);
  EXPECT_EQ(started.storage->parent(), parent);
  EXPECT_EQ(started.storage->log_last(), last) << "not stored";
  ASSERT_EQ(durable.log.back().zxid, last);
  const Configuration& configuration = *durable.log.back().configuration;
  EXPECT_EQ(configuration.ensemble(), fresh);
  EXPECT_EQ(configuration.parent(), parent);
  ASSERT_EQ(configuration.members().size(), 1u);
  EXPECT_TRUE(configuration.IsVoter(kMember));
  EXPECT_TRUE(configuration.WasRemoved({1}));
  EXPECT_TRUE(configuration.WasRemoved({3}));
}

// Lets the member run until it has committed all of its log.
void ExpectLeads(Started started) {
  consensus::Options options;
  options.address = "host:2";
  consensus::Core core(options, std::move(started.recovered.durable), 1);
  ASSERT_EQ(core.stop_reason(), nullptr) << core.stop_reason()->reason;
  StateMachine& state = *started.recovered.state;
  for (int i = 0; i < 100; ++i) {
    core.Tick(50);
    const consensus::Output output = core.TakeOutput();
    for (const consensus::Envelope& envelope : output.messages) {
      EXPECT_TRUE(std::holds_alternative<consensus::Refused>(envelope.message))
          << "there is nobody to ask; the removed are told";
    }
    core.Persisted(output.persist_id);
    for (const Record& record : output.committed) {
      if (record.kind != RecordKind::kTxn) {
        ASSERT_TRUE(state.Skip(record.zxid).ok());
        continue;
      }
      ASSERT_TRUE(
          state.Apply(record.zxid, *tree::DecodeTxn(*record.payload)).ok());
    }
  }
  EXPECT_TRUE(core.IsLeader());
  EXPECT_GT(core.log().last().epoch(), 5u) << "an epoch is used once";
  for (uint32_t i = 1; i <= kLast.counter(); ++i) {
    EXPECT_NE(state.tree().Find("/n" + std::to_string(i)), nullptr);
  }
}

TEST(RescueMemberTest, TheMemberLeadsANewEnsembleWithItsData) {
  FaultFileSystem files(1);
  MakeMember(files, OldHardState());
  ASSERT_TRUE(Rescue(files, kFresh).ok());
  files.Crash(storage::CrashLoss::kEverything);
  absl::StatusOr<Started> started = Start(files);
  ASSERT_TRUE(started.ok()) << started.status();
  ExpectRescued(*started, kFresh, kOld, kLast.Next());
  ExpectLeads(*std::move(started));
}

TEST(RescueMemberTest, FindsWhatTheOperatorJudgesBy) {
  FaultFileSystem files(1);
  MakeMember(files, OldHardState());
  const auto member =
      StoppedMember::Open(files, kDirectory, SmallLog(), nullptr);
  ASSERT_TRUE(member.ok()) << member.status();
  const RescueFindings& findings = (*member)->findings();
  EXPECT_EQ(findings.member, kMember);
  EXPECT_EQ(findings.ensemble, kOld);
  EXPECT_FALSE(findings.removed);
  EXPECT_EQ(findings.configuration->Describe(), "v1 {1 2 3}");
  ASSERT_NE(findings.Self(), nullptr);
  EXPECT_EQ(findings.Self()->address, "host:2");
  EXPECT_EQ(findings.snapshot, kSnapshotAt);
  EXPECT_EQ(findings.last, kLast);
  EXPECT_EQ(findings.accepted_epoch, 5u);
  EXPECT_TRUE(findings.MaySurelyLack());
  EXPECT_TRUE((*member)->Check(kFresh).ok());
  EXPECT_EQ((*member)->Check(kOld).code(), absl::StatusCode::kInvalidArgument);
  // Looking is no rescue; and while it is looked at, nobody else has it.
  EXPECT_EQ(storage::StorageErrorOf(Start(files).status()).kind,
            storage::StorageErrorKind::kLocked);
}

TEST(RescueMemberTest, LookingChangesNothing) {
  FaultFileSystem files(1);
  MakeMember(files, OldHardState());
  {
    const auto member =
        StoppedMember::Open(files, kDirectory, SmallLog(), nullptr);
    ASSERT_TRUE(member.ok() && (*member)->Check(kFresh).ok());
  }
  ExpectOld(*Start(files));
}

TEST(RescueMemberTest, CanBeRescuedAgainWithFilesOfAllThree) {
  FaultFileSystem files(1);
  MakeMember(files, OldHardState());
  ASSERT_TRUE(Rescue(files, kFresh).ok());
  ASSERT_TRUE(Rescue(files, {9, 9}).ok());
  absl::StatusOr<Started> started = Start(files);
  ASSERT_TRUE(started.ok()) << started.status();
  const consensus::DurableState& durable = started->recovered.durable;
  EXPECT_EQ(durable.hard_state.ensemble, (EnsembleId{9, 9}));
  EXPECT_EQ(durable.log.back().configuration->parent(), kFresh);
  EXPECT_EQ(started->storage->parent(), kFresh);
}

TEST(RescueMemberTest, RefusesWhoHasNothingToRescue) {
  HardState removed = OldHardState();
  removed.removed = true;
  for (const HardState& hard_state : {HardState(), removed}) {
    FaultFileSystem files(1);
    MakeMember(files, hard_state);
    const uint64_t sequence =
        storage::ReadHardState(files, kDirectory)->sequence;
    EXPECT_EQ(Rescue(files, kFresh).code(),
              absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(storage::ReadHardState(files, kDirectory)->sequence, sequence);
  }
  FaultFileSystem files(1);
  EXPECT_EQ(storage::StorageErrorOf(Rescue(files, kFresh)).kind,
            storage::StorageErrorKind::kUnused);
  MakeMember(files, OldHardState());
  files.FlipBit("member/log-0000000000000001", 700, 3);
  EXPECT_EQ(storage::StorageErrorOf(Rescue(files, kFresh)).kind,
            storage::StorageErrorKind::kDamaged);
}

// At whichever call it fails or the power goes: the member is as it was, or
// rescued; and rescuing one that is as it was works.
TEST(RescueMemberTest, IsDoneWhollyOrNotAtAll) {
  FaultFileSystem clean(1);
  MakeMember(clean, OldHardState());
  const uint64_t first = clean.calls() + 1;
  ASSERT_TRUE(Rescue(clean, kFresh).ok());
  const uint64_t last = clean.calls();
  ASSERT_GT(last, first + 10);
  int old = 0;
  int rescued = 0;
  int completed = 0;
  for (uint64_t call = first; call <= last; ++call) {
    for (const int error_number : {0, EIO, ENOSPC}) {
      SCOPED_TRACE(testing::Message() << call << " " << error_number);
      FaultFileSystem files(call);
      MakeMember(files, OldHardState());
      ASSERT_EQ(files.calls() + 1, first);
      if (error_number == 0) {
        files.CrashAt(call);
      } else {
        files.FailAt(call, call, error_number);
      }
      const absl::Status status = Rescue(files, kFresh);
      files.Crash(error_number == 0 ? storage::CrashLoss::kAnySectors
                                    : storage::CrashLoss::kEverything);
      const bool record_was_there =
          storage::VerifyLog(files, kDirectory)->last == kLast.Next();
      absl::StatusOr<Started> started = Start(files);
      ASSERT_TRUE(started.ok()) << started.status();
      if (started->recovered.durable.hard_state.ensemble == kOld) {
        EXPECT_FALSE(status.ok());
        ++old;
        ExpectOld(*started);
        started->storage.reset();
        ASSERT_TRUE(Rescue(files, kFresh).ok());
        started = Start(files);
        ASSERT_TRUE(started.ok()) << started.status();
      } else {
        ++rescued;
        completed += record_was_there ? 0 : 1;
      }
      ExpectRescued(*started, kFresh, kOld, kLast.Next());
      ExpectLeads(*std::move(started));
    }
  }
  EXPECT_GT(old, 5);
  EXPECT_GT(rescued, 5);
  EXPECT_GT(completed, 1) << "no crash came between hard state and record";
}

}  // namespace
}  // namespace quorate::replica
