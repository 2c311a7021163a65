#include "coord/replica/restore.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/bytes.h"
#include "coord/consensus/core.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/tree/snapshot.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/txn_codec.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using consensus::Zxid;
using storage::FaultFileSystem;
using storage::MemberStorage;
using tree::StateMachine;

constexpr char kDirectory[] = "member";

tree::Txn Create(const std::string& path) {
  tree::Txn txn;
  txn.body = tree::CreateTxn{path, "data", tree::OpenAcl(), 0};
  return txn;
}

// The state that is saved, at 7:3.
std::unique_ptr<StateMachine> SavedState() {
  auto state = std::make_unique<StateMachine>();
  uint32_t counter = 0;
  for (const char* path : {"/a", "/a/b", "/c"}) {
    EXPECT_TRUE(state->Apply(Zxid(7, ++counter), Create(path)).ok());
  }
  return state;
}

std::string SavedContent() {
  const auto state = SavedState();
  tree::Snapshot snapshot(*state);
  std::string content;
  while (snapshot.Next(1 << 16, content)) {
  }
  return content;
}

RestorePlan Plan() {
  RestorePlan plan;
  plan.member = {{5}, {0x55}};
  plan.address = "host:2181";
  plan.ensemble = {10, 11};
  plan.parent = {1, 2};
  plan.zxid = Zxid(7, 3);
  plan.size_bytes = SavedContent().size();
  plan.limits.min_voters = 3;
  plan.log.segment_bytes = 4096;
  return plan;
}

ContentSource From(std::string content) {
  auto rest = std::make_shared<std::string>(std::move(content));
  return [rest](size_t max_bytes) -> absl::StatusOr<std::string> {
    const size_t size = std::min({max_bytes, rest->size(), size_t{50}});
    std::string piece = rest->substr(0, size);
    rest->erase(0, size);
    return piece;
  };
}

absl::Status Restore(FaultFileSystem& files, const RestorePlan& plan) {
  return RestoreMember(files, kDirectory, plan, From(SavedContent()), nullptr);
}

// What a program that is started in the directory finds.
absl::StatusOr<Recovered> Start(FaultFileSystem& files) {
  absl::StatusOr<storage::OpenedStorage> opened =
      MemberStorage::Open(files, kDirectory, Plan().log);
  if (!opened.ok()) return opened.status();
  return Recover(*opened->storage, std::move(opened->state), nullptr);
}

void ExpectRestored(const Recovered& recovered) {
  EXPECT_EQ(recovered.state->applied(), Zxid(7, 3));
  EXPECT_EQ(recovered.state->digest(), SavedState()->digest());
  const consensus::DurableState& durable = recovered.durable;
  EXPECT_EQ(durable.hard_state.ensemble, Plan().ensemble);
  EXPECT_EQ(durable.hard_state.accepted_epoch, 7u);
  EXPECT_TRUE(durable.hard_state.voted_for.IsNone());
  EXPECT_TRUE(durable.log.empty());
  EXPECT_EQ(durable.log_base, Zxid(7, 3));
  const consensus::Configuration& configuration =
      *durable.snapshot->configuration;
  EXPECT_EQ(configuration.version(), 1u);
  EXPECT_EQ(configuration.ensemble(), Plan().ensemble);
  EXPECT_EQ(configuration.parent(), Plan().parent);
  ASSERT_EQ(configuration.members().size(), 1u);
  EXPECT_TRUE(configuration.IsVoter(Plan().member));
  EXPECT_EQ(configuration.members()[0].address, "host:2181");
  EXPECT_EQ(configuration.limits().min_voters, 1u);
}

TEST(RestoreTest, TheMemberLeadsAndGoesOn) {
  FaultFileSystem files(1);
  uint64_t done = 0;
  ASSERT_TRUE(RestoreMember(files, kDirectory, Plan(), From(SavedContent()),
                            [&done](uint64_t so_far, uint64_t all) {
                              EXPECT_LE(so_far, all);
                              done = so_far;
                            })
                  .ok());
  EXPECT_EQ(done, Plan().size_bytes);
  files.Crash(storage::CrashLoss::kEverything);
  absl::StatusOr<Recovered> recovered = Start(files);
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  ExpectRestored(*recovered);

  consensus::Options options;
  options.address = "host:2181";
  consensus::Core core(options, std::move(recovered->durable), 1);
  ASSERT_EQ(core.stop_reason(), nullptr) << core.stop_reason()->reason;
  StateMachine& state = *recovered->state;
  const auto pump = [&] {
    core.Tick(50);
    const consensus::Output output = core.TakeOutput();
    core.Persisted(output.persist_id);
    for (const consensus::Record& record : output.committed) {
      if (record.kind == consensus::RecordKind::kTxn) {
        const auto txn = tree::DecodeTxn(*record.payload);
        ASSERT_TRUE(txn.ok());
        ASSERT_TRUE(state.Apply(record.zxid, *txn).ok());
      } else {
        ASSERT_TRUE(state.Skip(record.zxid).ok());
      }
    }
  };
  bool proposed = false;
  for (int i = 0; i < 200; ++i) {
    pump();
    if (!proposed && core.IsLeader() && core.CanPropose(100).ok()) {
      const absl::StatusOr<Zxid> zxid =
          core.Propose(MakeBytes(EncodeTxn(Create("/a/new"))));
      ASSERT_TRUE(zxid.ok()) << zxid.status();
      EXPECT_EQ(zxid->epoch(), 8u);
      proposed = true;
    }
  }
  EXPECT_TRUE(core.IsLeader());
  EXPECT_NE(state.tree().Find("/a/new"), nullptr);
  EXPECT_NE(state.tree().Find("/a/b"), nullptr);
}

TEST(RestoreTest, RefusesPlansThatMakeNoSense) {
  const RestorePlan good = Plan();
  RestorePlan plans[9];
  for (RestorePlan& plan : plans) plan = good;
  plans[0].member.id = {};
  plans[1].member.incarnation = {};
  plans[2].address.clear();
  plans[3].ensemble = {};
  plans[4].parent = {};
  plans[5].ensemble = good.parent;
  plans[6].zxid = Zxid();
  plans[7].zxid = Zxid(std::numeric_limits<uint32_t>::max(), 1);
  plans[8].limits.contact_ms = 0;
  for (const RestorePlan& plan : plans) {
    FaultFileSystem files(1);
    EXPECT_EQ(Restore(files, plan).code(), absl::StatusCode::kInvalidArgument)
        << &plan - plans;
    EXPECT_EQ(files.calls(), 0u);
  }
}

TEST(RestoreTest, RefusesOtherContentAndLeavesNothing) {
  const std::string content = SavedContent();
  std::string altered = content;
  altered[altered.find("data")] = 'D';
  RestorePlan of_another_zxid = Plan();
  of_another_zxid.zxid = Zxid(7, 4);
  RestorePlan longer = Plan();
  ++longer.size_bytes;
  const struct {
    RestorePlan plan;
    ContentSource source;
    absl::StatusCode code;
  } cases[] = {
      {Plan(), From(""), absl::StatusCode::kInvalidArgument},
      {Plan(), From("nonsense"), absl::StatusCode::kInvalidArgument},
      {Plan(), From(content.substr(0, content.size() / 2)),
       absl::StatusCode::kInvalidArgument},
      {Plan(), From(content + "x"), absl::StatusCode::kInvalidArgument},
      {Plan(), From(altered), absl::StatusCode::kDataLoss},
      {of_another_zxid, From(content), absl::StatusCode::kDataLoss},
      {longer, From(content), absl::StatusCode::kDataLoss},
      {Plan(),
       [](size_t) -> absl::StatusOr<std::string> {
         return absl::CancelledError("enough");
       },
       absl::StatusCode::kCancelled},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(&each - cases);
    FaultFileSystem files(1);
    const absl::Status status =
        RestoreMember(files, kDirectory, each.plan, each.source, nullptr);
    EXPECT_EQ(status.code(), each.code) << status;
    EXPECT_EQ(storage::StorageErrorOf(Start(files).status()).kind,
              storage::StorageErrorKind::kUnused);
    EXPECT_EQ(*files.List(kDirectory),
              std::vector<std::string>{std::string("lock")});
    EXPECT_TRUE(Restore(files, Plan()).ok());
    EXPECT_TRUE(Start(files).ok());
  }
}

TEST(RestoreTest, NeverTouchesADirectoryInUse) {
  FaultFileSystem files(1);
  ASSERT_TRUE(FormatMember(files, kDirectory, Plan().member, Plan().log).ok());
  const auto before = *files.List(kDirectory);
  EXPECT_EQ(Restore(files, Plan()).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(*files.List(kDirectory), before);
  FaultFileSystem other(1);
  ASSERT_TRUE(other.CreateDirectory(kDirectory).ok());
  other.SetContent("member/notes", "mine");
  EXPECT_EQ(Restore(other, Plan()).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(other.Content("member/notes"), "mine");
  // Restored once, it is in use.
  FaultFileSystem third(1);
  ASSERT_TRUE(Restore(third, Plan()).ok());
  EXPECT_EQ(Restore(third, Plan()).code(),
            absl::StatusCode::kFailedPrecondition);
  ExpectRestored(*Start(third));
}

// At whichever call it fails or the power goes: the member is restored, or
// cannot be started; and restoring it again works.
TEST(RestoreTest, IsDoneWhollyOrCannotBeStarted) {
  FaultFileSystem clean(1);
  ASSERT_TRUE(Restore(clean, Plan()).ok());
  const uint64_t calls = clean.calls();
  int unfinished = 0;
  for (uint64_t call = 1; call <= calls; ++call) {
    for (const int error_number : {0, EIO, ENOSPC}) {
      SCOPED_TRACE(testing::Message() << call << " " << error_number);
      FaultFileSystem files(call);
      if (error_number == 0) {
        files.CrashAt(call);
      } else {
        files.FailAt(call, call, error_number);
      }
      const absl::Status status = Restore(files, Plan());
      files.Crash(error_number == 0 ? storage::CrashLoss::kAnySectors
                                    : storage::CrashLoss::kEverything);
      absl::StatusOr<Recovered> started = Start(files);
      if (started.ok()) {
        ExpectRestored(*started);
        continue;
      }
      EXPECT_FALSE(status.ok()) << started.status();
      if (absl::IsFailedPrecondition(started.status())) ++unfinished;
      const absl::Status again = Restore(files, Plan());
      ASSERT_TRUE(again.ok()) << again;
      started = Start(files);
      ASSERT_TRUE(started.ok()) << started.status();
      ExpectRestored(*started);
    }
  }
  EXPECT_GT(unfinished, 5);
}

}  // namespace
}  // namespace quorate::replica
