#include "tests/simulation/member.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {
namespace {

using consensus::AdmissionDecision;
using consensus::Core;
using consensus::Zxid;

// What a paused process's sockets hold; more is lost.
constexpr size_t kBacklogMessages = 1000;
// Answers kept for those who ask late.
constexpr size_t kAnswersKept = 256;
// A clock that runs true counts so many ppm of a microsecond a millisecond.
constexpr int64_t kPpmOfMillisecond = kMillisecond * 1'000'000;

// In-flight messages of a crashed process that had not really left it.
constexpr uint32_t kUnsentPerMillion = 300'000;

}  // namespace

SimMember::SimMember(World& world, int index, MemberSpec spec,
                     const consensus::Options& core, const DiskOptions& disk,
                     const DriverOptions& driver)
    : world_(world),
      index_(index),
      spec_(std::move(spec)),
      options_(core),
      disk_options_(disk),
      driver_(driver) {}

MemberView SimMember::View() const {
  return {index_, world_.queue.now(), core_.get()};
}

EnsembleId SimMember::ensemble() const {
  return running() ? core_->hard_state().ensemble
                   : disk_.durable().hard_state.ensemble;
}

std::optional<ReadAnswer> SimMember::answer(uint64_t token) const {
  const auto found = answers_.find(token);
  if (found == answers_.end()) return std::nullopt;
  return found->second;
}

// --- The process -------------------------------------------------------------

absl::Status SimMember::Start() {
  QUORATE_CHECK(!running());
  const int other = world_.network.Listener(spec_.address);
  if (other >= 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "member ", other, " listens at ", spec_.address, " already"));
  }
  if (disk_.IsEmpty()) {
    disk_.Format(spec_.id, Incarnation{world_.random.Next() | 1});
  }
  const std::optional<consensus::DurableState> recovered = disk_.Recover();
  ++world_.statistics.recoveries;
  if (!recovered.has_value()) {
    return absl::DataLossError(
        "damage in what was acknowledged (rule 21): repair or replace");
  }
  world_.network.Listen(spec_.address, index_);
  options_.address = spec_.address;
  options_.manifest = spec_.manifest;
  options_.seeds = spec_.seeds;
  options_.fresh_ensemble_id = {world_.random.Next() | 1, world_.random.Next()};

  ++life_;
  ticked_at_ = period_began_ = world_.queue.now();
  applied_ = AppliedState();
  if (const Bytes content = disk_.NewestSnapshot(); content != nullptr) {
    applied_ = DecodeSnapshot(*content).value_or(AppliedState());
  }
  snapshot_count_ = applied_.count;
  core_ = std::make_unique<Core>(options_, *recovered, world_.random.Next());
  world_.AskChecks(index_,
                   [&](Check& check) { check.OnStart(View(), *recovered); });
  Drain();
  ScheduleTick();
  return absl::OkStatus();
}

void SimMember::Stop() {
  if (!running()) return;
  if (disk_full_) return Crash();
  disk_.Sync(disk_.written());
  NoteDurable();
  ForgetProcess();
}

void SimMember::Crash() {
  if (!running()) return;
  if (disk_.Crash(world_.random)) {
    world_.statistics.CountFault(FaultKind::kTornTail);
  }
  if (world_.random.Chance(500'000)) {
    world_.network.LoseInFlight(index_, kUnsentPerMillion);
  }
  ForgetProcess();
}

void SimMember::ForgetProcess() {
  world_.network.StopListening(spec_.address, index_);
  core_.reset();
  paused_ = false;
  backlog_.clear();
  backlog_messages_.clear();
  backlog_reads_.clear();
  clock_rest_ = 0;
  unsynced_.clear();
  snapshot_unreadable_ = storage_failed_ = false;
  syncing_ = false;
  fail_sync_ = false;
  slowest_sync_ = slowest_before_ = 0;
  applied_ = AppliedState();
  to_apply_.clear();
  apply_scheduled_ = false;
  own_snapshot_.reset();
  proposals_.clear();
  reads_.clear();
  waiting_reads_.clear();
}

void SimMember::Pause() {
  if (running()) paused_ = true;
}

void SimMember::Resume() {
  if (!paused_) return;
  paused_ = false;
  const std::vector<QueuedEvent> events = std::exchange(backlog_, {});
  const std::vector<consensus::Envelope> messages =
      std::exchange(backlog_messages_, {});
  const std::vector<uint64_t> reads = std::exchange(backlog_reads_, {});
  // A process that wakes up may look at its clock first, or at its sockets,
  // those of its clients or those of its peers.
  const bool reads_first = world_.random.Chance(500'000);
  if (reads_first) RequestReads(reads);
  const bool messages_first = world_.random.Chance(500'000);
  if (messages_first) {
    for (const consensus::Envelope& message : messages) Deliver(message);
  }
  for (const QueuedEvent& event : events) Handle(event);
  if (!messages_first) {
    for (const consensus::Envelope& message : messages) Deliver(message);
  }
  if (!reads_first) RequestReads(reads);
}

void SimMember::RequestReads(const std::vector<uint64_t>& tokens) {
  for (const uint64_t token : tokens) core_->RequestRead(token);
  if (!tokens.empty()) Drain();
}

void SimMember::Schedule(Micros delay, EventType type) {
  world_.queue.Schedule(delay, {.member = index_, .life = life_, .type = type});
}

void SimMember::Handle(const QueuedEvent& event) {
  if (!running() || event.life != life_) return;
  if (paused_) {
    backlog_.push_back(event);
    return;
  }
  switch (event.type) {
    case EventType::kTick:
      return OnTick();
    case EventType::kSynced:
      return OnSynced();
    case EventType::kApply:
      return ApplyDue();
    case EventType::kSnapshot:
      return OnSnapshotStored();
    case EventType::kDeliver:
      break;
  }
  QUORATE_CHECK(false);
}

void SimMember::Deliver(const consensus::Envelope& envelope) {
  if (!running()) return;
  if (paused_) {
    if (backlog_messages_.size() < kBacklogMessages) {
      backlog_messages_.push_back(envelope);
    }
    return;
  }
  const MemberView view = View();
  world_.AskChecks(index_,
                   [&](Check& check) { check.OnMessage(view, envelope); });
  core_->Step(envelope);
  world_.AskChecks(index_,
                   [&](Check& check) { check.OnMessageDone(view, envelope); });
  MaybeDrain();
}

void SimMember::ScheduleTick() {
  Schedule(world_.random.Between(driver_.min_tick, driver_.max_tick),
           EventType::kTick);
}

void SimMember::OnTick() {
  const Micros now = world_.queue.now();
  clock_rest_ += (now - ticked_at_) * (1'000'000 + drift_ppm_);
  ticked_at_ = now;
  const int64_t elapsed_ms = clock_rest_ / kPpmOfMillisecond;
  clock_rest_ %= kPpmOfMillisecond;
  ReportSyncTime();
  core_->Tick(elapsed_ms);
  Drain();
  MaybeStartSnapshot();
  ScheduleTick();
}

void SimMember::Elapse(int64_t ms) {
  if (!running()) return;
  core_->Tick(ms);
  Drain();
}

// --- Requests ----------------------------------------------------------------

absl::StatusOr<Zxid> SimMember::Propose(Bytes payload) {
  absl::StatusOr<Zxid> zxid = core_->Propose(payload);
  if (zxid.ok()) {
    ++world_.statistics.proposals;
    proposals_[*zxid] = std::move(payload);
    world_.trace.Line(TraceKind::kClient, index_, {zxid->value()}, [&] {
      return absl::StrCat("proposes ", ToString(*zxid));
    });
  }
  MaybeDrain();
  return zxid;
}

uint64_t SimMember::Read() {
  const uint64_t token = next_token_++;
  const Zxid began = world_.ledger.Acknowledged(ensemble());
  ++world_.statistics.reads;
  world_.trace.Line(TraceKind::kClient, index_, {token, began.value()}, [&] {
    return absl::StrCat("reads, after ", ToString(began));
  });
  reads_[token] = began;
  if (paused_) {
    backlog_reads_.push_back(token);
    return token;
  }
  core_->RequestRead(token);
  MaybeDrain();
  if (answers_.size() > kAnswersKept) answers_.erase(answers_.begin());
  return token;
}

AdmissionDecision SimMember::Change(const consensus::MembershipChange& change) {
  AdmissionDecision decision = core_->ChangeMembership(change);
  world_.AskChecks(
      index_, [&](Check& check) { check.OnChange(View(), change, decision); });
  Statistics& statistics = world_.statistics;
  ++statistics.changes_offered;
  const char* outcome = "";
  switch (decision.outcome) {
    case AdmissionDecision::Outcome::kAccepted:
      ++statistics.changes_accepted;
      outcome = "accepted: ";
      break;
    case AdmissionDecision::Outcome::kAlreadyMade:
      ++statistics.changes_repeated;
      outcome = "already made";
      break;
    case AdmissionDecision::Outcome::kRefused:
      ++statistics.changes_refused[static_cast<size_t>(decision.refusal.rule)];
      outcome = "refused: ";
      break;
    case AdmissionDecision::Outcome::kInvalid:
      ++statistics.changes_invalid;
      outcome = "invalid: ";
      break;
  }
  const auto why = [&]() -> std::string {
    if (decision.outcome == AdmissionDecision::Outcome::kAccepted) {
      return decision.next.Describe();
    }
    if (decision.outcome == AdmissionDecision::Outcome::kRefused) {
      return Describe(decision.refusal);
    }
    return std::string(decision.error.message());
  };
  world_.trace.Line(TraceKind::kOperator, index_,
                    {change.change_id, static_cast<uint64_t>(decision.outcome),
                     static_cast<uint64_t>(decision.refusal.rule)},
                    [&] {
                      return absl::StrCat("change ", change.change_id, " ",
                                          outcome, why());
                    });
  Drain();
  return decision;
}

absl::Status SimMember::Transfer(MemberId target) {
  const absl::Status status = core_->TransferLeadership(target);
  world_.trace.Line(TraceKind::kOperator, index_,
                    {target.value, static_cast<uint64_t>(status.code())}, [&] {
                      return absl::StrCat("transfer to ", target.value, ": ",
                                          status.ToString());
                    });
  Drain();
  return status;
}

void SimMember::SetDiskFull(bool full) {
  disk_full_ = full;
  if (running()) StartSync();
}

}  // namespace quorate::simulation
