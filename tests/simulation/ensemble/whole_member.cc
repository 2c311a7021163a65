#include "tests/simulation/ensemble/whole_member.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/replica/output.h"
#include "coord/replica/recovery.h"
#include "coord/replica/replica.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/storage_error.h"
#include "tests/simulation/trace.h"

namespace quorate::simulation {

using storage::CrashLoss;
using storage::StorageErrorKind;

namespace {

constexpr char kDirectory[] = "member";
constexpr int64_t kEpochMs = 1'600'000'000'000;

}  // namespace

WholeMember::WholeMember(EnsembleWorld& world, Ledger& ledger,
                         PeerNetwork& peers, Wire& wire, int index,
                         WholeMemberSpec spec,
                         const MemberDriverOptions& options)
    : world_(world),
      ledger_(ledger),
      peers_(peers),
      wire_(wire),
      index_(index),
      spec_(std::move(spec)),
      options_(options),
      disk_(world.random.Next()),
      wall_offset_ms_(world.random.Between(-1'000, 1'000)) {
  peers_.Register(spec_.address, index_);
}

WholeMember::~WholeMember() = default;

CrashLoss WholeMember::AnyLoss() {
  return static_cast<CrashLoss>(world_.random.Below(4));
}

// --- The process ------------------------------------------------------------

absl::StatusOr<storage::OpenedStorage> WholeMember::OpenDisk() {
  auto opened = storage::MemberStorage::Open(disk_, kDirectory, options_.log);
  if (storage::StorageErrorOf(opened.status()).kind !=
      StorageErrorKind::kUnused) {
    return opened;
  }
  const MemberKey key = {spec_.id, Incarnation{world_.random.Next() | 1}};
  const absl::Status status =
      replica::FormatMember(disk_, kDirectory, key, options_.log);
  if (!status.ok()) return status;
  return storage::MemberStorage::Open(disk_, kDirectory, options_.log);
}

absl::Status WholeMember::Start() {
  auto opened = OpenDisk();
  const auto recover = [&]() -> absl::StatusOr<replica::Recovered> {
    if (!opened.ok()) return opened.status();
    return replica::Recover(*opened->storage, std::move(opened->state),
                            nullptr);
  };
  absl::StatusOr<replica::Recovered> recovered = recover();
  if (disk_.crashed()) {
    disk_.Crash(AnyLoss());
    return absl::UnavailableError("the power went during recovery");
  }
  if (!recovered.ok()) return recovered.status();

  ++life_;
  paused_ = drain_scheduled_ = storage_failed_ = false;
  backlog_.clear();
  steps_to_crash_ = 0;
  clock_rest_ = 0;
  ticked_at_ = world_.now();
  ledger_.Forget(index_);
  replica::Options options = options_.replica;
  options.core.address = spec_.address;
  options.core.manifest = spec_.manifest;
  options.core.seeds = spec_.seeds;
  options.core.fresh_ensemble_id = {world_.random.Next(), world_.random.Next()};
  world_.trace.Line(TraceKind::kDisk, index_, {life_},
                    [] { return std::string("starts"); });
  process_ = std::make_shared<Process>();
  process_->storage = std::move(opened->storage);
  process_->replica = std::make_unique<replica::Replica>(
      options, *std::move(recovered), world_.random.Next());
  process_->worker = std::make_unique<DiskWorker>(
      world_, disk_, *process_->storage, options_.disk,
      static_cast<DiskListener&>(*this));
  ScheduleDrain(0);
  ScheduleTick();
  return absl::OkStatus();
}

void WholeMember::Crash(CrashLoss loss) {
  if (!running()) return;
  world_.trace.Line(
      TraceKind::kFault, index_, {static_cast<uint64_t>(loss)},
      [&] { return absl::StrCat("crash, loss ", static_cast<int>(loss)); });
  CountProcess();
  wire_.MemberDied(index_);
  // The caller may be code of the process itself.
  world_.scheduler.After(0, [process = std::move(process_)] {});
  process_ = nullptr;
  backlog_.clear();
  paused_ = false;
  disk_.Crash(loss);
}

void WholeMember::Destroy() {
  Crash(CrashLoss::kEverything);
  destroyed_ = true;
}

void WholeMember::Resume() {
  if (!paused_) return;
  paused_ = false;
  const uint32_t life = life_;
  std::vector<std::function<void()>> backlog = std::exchange(backlog_, {});
  for (std::function<void()>& action : backlog) {
    if (!running() || life_ != life) return;
    Run(std::move(action));
  }
}

void WholeMember::Run(std::function<void()> action) {
  if (paused_) {
    backlog_.push_back(std::move(action));
  } else {
    action();
  }
}

void WholeMember::Later(Micros delay, std::function<void()> action) {
  world_.scheduler.After(delay,
                         [this, life = life_, action = std::move(action)] {
                           if (running() && life_ == life) Run(action);
                         });
}

void WholeMember::ScheduleTick() {
  Later(world_.random.Between(options_.min_tick, options_.max_tick),
        [this] { OnTick(); });
}

void WholeMember::OnTick() {
  const Micros passed = world_.now() - ticked_at_;
  ticked_at_ = world_.now();
  clock_rest_ += passed * (1'000'000 + drift_ppm_);
  constexpr int64_t kUnit = int64_t{1'000'000} * kMillisecond;
  const int64_t elapsed_ms = clock_rest_ / kUnit;
  clock_rest_ -= elapsed_ms * kUnit;
  const int64_t wall_ms =
      kEpochMs + wall_offset_ms_ + world_.now() / kMillisecond;
  ScheduleTick();
  NoteSync();
  Feed([&](replica::Replica& replica) { replica.Tick(elapsed_ms, wall_ms); });
}

void WholeMember::NoteSync() {
  const Micros slowest = options_.disk.max_sync * options_.disk.slowness;
  process_->replica->ReportFsync(slowest / kMillisecond + 1);
}

// --- Inputs -----------------------------------------------------------------

void WholeMember::Receive(const PeerPayload& payload) {
  if (!running()) return;
  Run([this, payload] {
    world_.trace.Add(static_cast<uint64_t>(index_) << 8 | payload.index());
    Feed([&](replica::Replica& replica) {
      std::visit([&](const auto& envelope) { replica.Step(envelope); },
                 payload);
    });
  });
}

void WholeMember::Receive(replica::ConnectionId connection,
                          const UpMessage& message) {
  if (!running()) return;
  Run([this, connection, message] {
    Feed([&](replica::Replica& replica) {
      if (const auto* hello = std::get_if<replica::Hello>(&message)) {
        replica.Connect(connection, *hello);
      } else if (const auto* request =
                     std::get_if<replica::ClientRequest>(&message)) {
        replica.Submit(connection, *request);
      } else if (const auto* call = std::get_if<LoneCall>(&message)) {
        replica.SubmitCall(connection, call->pin, {}, call->request);
      } else {
        replica.Disconnect(connection);
      }
    });
  });
}

void WholeMember::Feed(absl::FunctionRef<void(replica::Replica&)> input) {
  replica::Replica& replica = *process_->replica;
  input(replica);
  Observe();
  if (world_.random.Chance(options_.late_output_per_million)) {
    ScheduleDrain(world_.random.Between(0, 3 * kMillisecond));
  } else {
    Drain();
  }
}

void WholeMember::Observe() {
  const replica::Replica& replica = *process_->replica;
  const consensus::Core& core = replica.core();
  ledger_.Observe(index_, core.commit(), core.log(), replica.state());
}

void WholeMember::Written(uint64_t id) {
  if (!running()) return;
  Feed([&](replica::Replica& replica) { replica.Written(id); });
}
void WholeMember::DiskFull(bool full) {
  if (!running()) return;
  ++world_.statistics.outcomes[full ? "disk full noticed" : "disk full over"];
  Feed([&](replica::Replica& replica) { replica.SetDiskFull(full); });
}
void WholeMember::StorageFailed(const absl::Status& status) {
  if (!running()) return;
  ++world_.statistics.outcomes["stopped by bad storage"];
  storage_failed_ = true;
  world_.trace.Line(TraceKind::kDisk, index_, {},
                    [&] { return status.ToString(); });
  Feed([&](replica::Replica& replica) { replica.StorageFailed(status); });
  if (running() && process_->replica->stop_reason().ok()) {
    world_.Report(
        "stop_on_bad_storage",
        absl::StrCat("member ", index_, " goes on after ", status.ToString()));
  }
}
void WholeMember::SnapshotPieceWritten() {
  if (!running()) return;
  Feed([](replica::Replica& replica) { replica.SnapshotPieceWritten(); });
}
void WholeMember::SnapshotPublished(consensus::Zxid zxid, uint64_t size) {
  if (!running()) return;
  Feed([&](replica::Replica& replica) {
    replica.SnapshotPublished(zxid, size);
  });
}
void WholeMember::SnapshotFailed(const absl::Status& status) {
  if (!running()) return;
  Feed([&](replica::Replica& replica) { replica.SnapshotFailed(status); });
}
void WholeMember::SnapshotLoaded(
    absl::StatusOr<std::unique_ptr<tree::StateMachine>> state) {
  if (!running()) return;
  if (state.ok()) {
    world_.history.installs.push_back({index_, (*state)->applied()});
  }
  Feed([&](replica::Replica& replica) {
    replica.SnapshotLoaded(std::move(state));
  });
}
void WholeMember::PowerLost() { Crash(AnyLoss()); }

}  // namespace quorate::simulation
